use deployer::config::{Host, Reach};
use deployer::event::Event;
use deployer::run::{Ending, Fleet, Job, Mode, News, Policy, Rules, Ssh, Update};
use deployer::script::Script;
use deployer::secret::Secret;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tempfile::TempDir;

/// Scripts whose records live in one directory.
pub(crate) struct Fake {
    dir: TempDir,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn record(&self, id: &str) -> PathBuf {
        self.dir.path().join(id)
    }

    pub(crate) fn job(&self, id: &str, behave: &str) -> Job {
        let record = self.record(id);
        let text = format!(
            "record='{}' behave={behave}\n{}",
            record.display(),
            include_str!("fake.sh")
        );
        Job {
            by: "tester".to_owned(),
            env: Secret::new("A='b'\n"),
            ..Job::new(Script { text }, Mode::Run, id)
        }
    }
}

pub(crate) fn local(name: &str) -> Host {
    Host {
        name: name.to_owned(),
        env: BTreeMap::new(),
        reach: Reach::Local,
    }
}

/// All jobs on this machine, and what was heard, as `0 ready`.
pub(crate) fn run(jobs: Vec<Job>) -> (Vec<Ending>, Vec<String>) {
    let hosts: Vec<Host> = jobs.iter().map(|_| local("here")).collect();
    run_on(&hosts, &Ssh::default(), jobs, |_| {})
}

pub(crate) fn run_on(
    hosts: &[Host],
    ssh: &Ssh,
    jobs: Vec<Job>,
    mut also: impl FnMut(&Update),
) -> (Vec<Ending>, Vec<String>) {
    let mut heard = Vec::new();
    let fleet = Fleet::connect(hosts, ssh).unwrap();
    let endings = fleet.run(jobs, Policy::Together(Rules::default()), &mut |update| {
        also(&update);
        heard.push(format!("{} {}", update.host, word(&update.news)));
    });
    (endings, heard)
}

fn word(news: &News) -> String {
    match news {
        News::Connecting => "connecting".to_owned(),
        News::Connected => "connected".to_owned(),
        News::Event(Event::Hello { .. }) => "hello".to_owned(),
        News::Event(Event::StepStarted { step }) => format!("step {step}"),
        News::Event(Event::StepFinished { step, rc, .. }) => format!("done {step} {rc}"),
        News::Event(Event::Output(line)) => format!("| {line}"),
        News::Event(Event::Ready) => "ready".to_owned(),
        News::Event(Event::Live { release, .. }) => format!("live {release}"),
        News::Event(event) => format!("{event:?}"),
        News::Sent(verb) => format!("> {}", verb.as_str()),
        News::Asking => "asking".to_owned(),
        News::Interrupted(_) => "interrupted".to_owned(),
        News::Tick => "tick".to_owned(),
        News::Ended(Ending::End { outcome, .. }) => format!("end {}", outcome.as_str()),
        News::Ended(Ending::Lost(lost)) => format!("lost {:?}", lost.kind),
    }
}
