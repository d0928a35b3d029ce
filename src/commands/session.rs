use std::io::{IsTerminal as _, Stderr, stderr, stdout};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::context::{Context, coloured};
use crate::cli::{CiChoice, Global};
use crate::event::{Event, Fields, Outcome};
use crate::plan::{Question, read};
use crate::report::{
    Answer, Ci, Detail, ExitCode, Paint, Report, Screen, Stream, Subject, Verdict,
};
use crate::run::{Ending, Fleet, Job, Mode, News, Policy};
use crate::script::compile;
use crate::secret::Secret;
use crate::target::ReleaseId;

/// The report of a run that changes something.
pub(super) fn report(global: &Global, context: &Context, command: &str) -> Report<Stderr> {
    report_of(global, context, command, names(context))
}

/// The same, of hosts by these names.
pub(super) fn report_of(
    global: &Global,
    context: &Context,
    command: &str,
    hosts: Vec<String>,
) -> Report<Stderr> {
    detailed(global, context, (command, hosts), detail(global))
}

fn names(context: &Context) -> Vec<String> {
    let hosts = context.hosts.iter();
    hosts.map(|host| host.host.name.clone()).collect()
}

fn detail(global: &Global) -> Detail {
    match global {
        Global { quiet: true, .. } => Detail::Quiet,
        Global { verbose: true, .. } => Detail::Verbose,
        _ => Detail::Normal,
    }
}

fn detailed(
    global: &Global,
    context: &Context,
    (command, hosts): (&str, Vec<String>),
    words: Detail,
) -> Report<Stderr> {
    let subject = Subject {
        command: command.to_owned(),
        environment: context.config.environment.to_string(),
        hosts,
    };
    let paint = Paint::new(coloured(global));
    let words = if global.json { Detail::Quiet } else { words };
    let screen = match ci(global) {
        Some(ci) => Screen::folded(stderr(), ci, jiff::Timestamp::now()),
        None if stderr().is_terminal() && words != Detail::Quiet => Screen::live(stderr()),
        None => Screen::plain(stderr()),
    };
    let report = Report::new(subject, words, paint, screen).masking(context.mask());
    match stream(global) {
        Some(stream) => report.streaming(stream, detail(global)),
        None => report,
    }
}

/// The CI whose log standard error is.
pub(super) fn ci(global: &Global) -> Option<Ci> {
    match global.ci {
        CiChoice::Github => Some(Ci::GitHub),
        CiChoice::Gitlab => Some(Ci::GitLab),
        CiChoice::None => None,
        CiChoice::Auto if global.github_actions == "true" => Some(Ci::GitHub),
        CiChoice::Auto => (global.gitlab_ci == "true").then_some(Ci::GitLab),
    }
}

/// The objects of `--json`.
pub(super) fn stream(global: &Global) -> Option<Stream> {
    global
        .json
        .then(|| Stream::new(stdout(), jiff::Timestamp::now()))
}

/// Every host's facts, in the order of the hosts; `None` for a host that could not answer.
pub(super) type Facts = Vec<Option<Vec<(String, Fields)>>>;

/// Asks all hosts a question in read-only sessions; a host that cannot answer is reported and makes the exit code.
pub(super) fn ask(
    global: &Global,
    context: &Context,
    command: &str,
    question: &Question,
) -> Result<(Facts, Verdict)> {
    let id = run_id("read");
    let jobs = questions(context, question, Mode::Read, &id)?;
    let fleet = Fleet::connect(&context.fleet_hosts(), &context.ssh).context("failed to start")?;
    // An answer needs no story of how it was got.
    let detail = if global.verbose {
        Detail::Verbose
    } else {
        Detail::Quiet
    };
    let mut report = detailed(global, context, (command, names(context)), detail);
    report.run(id.as_str());
    let mut facts = vec![Vec::new(); context.hosts.len()];
    let endings = fleet.run(jobs, Policy::Apart, &mut |update| {
        if let News::Event(Event::Fact { what, fields }) = &update.news {
            facts[update.host].push((what.clone(), fields.clone()));
        }
        let _ = report.update(&update);
    });
    let answered = |ending: &Ending| {
        matches!(
            ending,
            Ending::End {
                outcome: Outcome::Done,
                ..
            }
        )
    };
    let facts = facts.into_iter().zip(&endings);
    let facts = facts.map(|(facts, ending)| answered(ending).then_some(facts));
    Ok((facts.collect(), report.close()?))
}

/// Shows what each host answered, on standard output.
pub(super) fn show(
    context: &Context,
    (facts, mut verdict): (Facts, Verdict),
    answer: fn(&str, &[(String, Fields)]) -> Answer,
) -> Result<ExitCode> {
    let mut stdout = stdout().lock();
    for (host, facts) in context.hosts.iter().zip(&facts) {
        let Some(facts) = facts else { continue };
        verdict.answer(&mut stdout, answer(&host.host.name, facts))?;
    }
    drop(stdout);
    Ok(verdict.end())
}

/// The repository's answer as the first host gets it, with the deploy key that setup gave it.
///
/// An error when the host cannot tell either.
pub(super) fn remote_head_from_host(context: &Context, reference: &str) -> Result<Option<String>> {
    let question = Question::RemoteHead {
        repo: context.config.repo.to_string(),
        reference: reference.to_owned(),
    };
    let job = questions(context, &question, Mode::Read, &run_id("read"))?
        .into_iter()
        .next()
        .context("no host to ask")?;
    let fleet = Fleet::connect(&context.fleet_hosts()[..1], &context.ssh_for_fetching())?;
    let mut head = None;
    let endings = fleet.run(vec![job], Policy::Apart, &mut |update| {
        if let News::Event(Event::Fact { what, fields }) = &update.news
            && what == "head"
        {
            head = fields
                .get("revision")
                .filter(|sha| !sha.is_empty())
                .cloned();
        }
    });
    match &endings[..] {
        [
            Ending::End {
                outcome: Outcome::Done,
                ..
            },
        ] => Ok(head),
        _ => bail!("the host cannot ask it either"),
    }
}

pub(super) fn questions(
    context: &Context,
    question: &Question,
    mode: Mode,
    id: &ReleaseId,
) -> Result<Vec<Job>> {
    let job = |host| {
        let plan = read(
            &context.config,
            host,
            question.clone(),
            context.files(host)?,
        );
        Ok(Job {
            env: match question {
                Question::Foresee { .. } => context.environment_file(host)?,
                Question::State
                | Question::Releases
                | Question::History { .. }
                | Question::RemoteHead { .. } => Secret::default(),
            },
            token: match question {
                Question::RemoteHead { .. } => context.token.clone(),
                _ => Secret::default(),
            },
            ..Job::new(compile(&plan), mode, id.as_str())
        })
    };
    context.hosts.iter().map(job).collect()
}

pub(super) fn digests(jobs: &[Job]) -> Vec<String> {
    jobs.iter().map(|job| job.script.digest()).collect()
}

/// Who deploys and from where, as one plain word: `anna@laptop`.
pub(super) fn by(global: &Global) -> String {
    let plain = |text: &str| -> String {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '-');
        text.chars().filter(plain).take(64).collect()
    };
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| {
        let uname = Command::new("uname").arg("-n").output()?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&uname.stdout).into_owned())
    });
    let machine = machine.unwrap_or_default();
    // The domain says nothing that the name does not.
    match plain(machine.split('.').next().unwrap_or_default()).as_str() {
        "" => plain(&global.by),
        machine => format!("{}@{machine}", plain(&global.by)),
    }
}

/// The id of a run that makes no release: two of them may begin in the same second.
pub(super) fn run_id(kind: &str) -> ReleaseId {
    let suffix = format!("{kind}{}", std::process::id());
    ReleaseId::new(jiff::Timestamp::now(), &suffix)
}
