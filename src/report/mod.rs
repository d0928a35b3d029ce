//! Updates -> words for people and an exit code: the only place that makes sentences.
//!
//! The story of a run goes to standard error, and with `--json` to standard output as objects. `story` folds what is
//! known of a host, `words`, `reasons`, `lost`, `failure`, `table` and `closing` make each text once, and `screen`
//! decides only where it appears and in which form. `objects` has the facts for `stream`, and `answers` what a command
//! was asked for, in both forms.

mod answers;
mod check;
mod ci;
mod closing;
mod environment;
mod exit;
mod failure;
mod holder;
mod lost;
mod mask;
mod objects;
mod packages;
mod paint;
mod progress;
mod reasons;
mod say;
mod screen;
mod secrets;
mod site;
mod sources;
mod statics;
mod storage;
mod story;
mod stream;
mod streaming;
mod subject;
mod swept;
mod table;
mod uploads;
mod verdict;
mod words;
mod workers;

pub use answers::{deploy_key, history, plan, releases, state};
pub use check::{Examined, Finding, Level, check_code, check_lines, check_summary, findings};
pub use ci::Ci;
pub use exit::ExitCode;
pub use mask::Mask;
pub use paint::Paint;
pub use screen::Screen;
pub use secrets::secrets_missing;
pub use storage::{storage_finding, storage_unusable};
pub use stream::{Problem, Stream};
pub use subject::{Detail, Subject};
pub use swept::{not_swept, swept};
pub use uploads::uploads_failed;
pub use verdict::{Answer, Verdict};

use crate::event::{Event, Outcome};
use crate::run::{News, Update, Verb};
use crate::target::Revision;
use say::{Say, Warning};
use serde_json::json;
use std::io::{self, Write};
use std::time::Duration;
use story::Story;

/// A step of which nothing was said for so long is worth a line.
const SILENCE: Duration = Duration::from_secs(30);

/// Folds the updates of a fleet.
#[derive(Debug)]
pub struct Report<W: Write> {
    subject: Subject,
    detail: Detail,
    paint: Paint,
    mask: Mask,
    screen: Screen<W>,
    /// The objects of `--json`, and how many of them.
    stream: Option<(Stream, Detail)>,
    stories: Vec<Story>,
    /// When the last update came.
    at: Duration,
    /// When something was last said of each host.
    spoke: Vec<Duration>,
    /// Some host was told to switch.
    went: bool,
    interrupted: Option<crate::run::Signal>,
}

impl<W: Write> Report<W> {
    pub fn new(subject: Subject, detail: Detail, paint: Paint, mut screen: Screen<W>) -> Self {
        let stories: Vec<_> = subject.hosts.iter().map(|name| Story::new(name)).collect();
        if detail != Detail::Quiet {
            screen.start(&subject.hosts);
        }
        Self {
            subject,
            detail,
            paint,
            mask: Mask::default(),
            screen,
            stream: None,
            spoke: vec![Duration::ZERO; stories.len()],
            stories,
            at: Duration::ZERO,
            went: false,
            interrupted: None,
        }
    }

    /// Says what is about to be deployed, and what of the working copy is not.
    pub fn revision(
        &mut self,
        revision: &Revision,
        unpushed: usize,
        uncommitted: usize,
    ) -> io::Result<()> {
        let body = vec![
            ("sha", json!(revision.sha)),
            ("name", json!(revision.name)),
            ("unpushed_commits", json!(unpushed)),
            ("uncommitted_files", json!(uncommitted)),
        ];
        self.put("revision", None, body);
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        let (short, name) = (revision.short(), &revision.name);
        self.line(format!("revision {short} ({name})"))?;
        for (count, what) in [(unpushed, "commit"), (uncommitted, "changed file")] {
            if count > 0 {
                let line = format!(
                    "{} of the working copy not in it",
                    words::count(count, what)
                );
                self.line(self.paint.hint(&line))?;
            }
        }
        Ok(())
    }

    /// Names the scripts that are about to run, as `render` and `plan` name theirs.
    pub fn scripts(&mut self, digests: &[String]) -> io::Result<()> {
        for (host, digest) in digests.iter().enumerate() {
            self.put("script", Some(host), vec![("sha256", json!(digest))]);
        }
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        // Hosts of one login share one script.
        if digests.windows(2).all(|pair| pair[0] == pair[1]) {
            return match digests.first() {
                Some(digest) => self.line(format!("script sha256 {digest}")),
                None => Ok(()),
            };
        }
        for (host, digest) in digests.iter().enumerate() {
            self.line(self.prefixed(host, &format!("script sha256 {digest}")))?;
        }
        Ok(())
    }

    /// Shows what happened to one host.
    pub fn update(&mut self, update: &Update) -> io::Result<()> {
        self.at = self.at.max(update.at);
        match &update.news {
            News::Interrupted(signal) => return self.interrupt(update.host, *signal),
            News::Tick => return self.tick(update.host),
            News::Sent(Verb::Go) => self.went = true,
            _ => {}
        }
        let Some(story) = self.stories.get_mut(update.host) else {
            return Ok(());
        };
        // The line that ends a step needs what was known while it ran.
        let text = words::line(story, update, self.subject.hosts.len() > 1);
        story.fold(update);
        self.put_news(update.host, &update.news);
        if let Some(text) = text.filter(|_| self.shows(&update.news)) {
            let line = self.prefixed(update.host, &text);
            let say = match &update.news {
                News::Event(Event::Warned { reason, fields }) => Say::Warning(Warning {
                    host: self.subject.hosts[update.host].clone(),
                    text: reasons::warned(reason, fields),
                    line,
                }),
                _ => Say::Line(line),
            };
            self.said(update.host, say)?;
        }
        self.screen.status(update.host, &self.stories[update.host]);
        Ok(())
    }

    /// Says how it all ended.
    pub fn close(mut self) -> io::Result<Verdict> {
        self.screen.end(self.at)?;
        let interrupted = self.interrupted.or_else(|| self.followed_interrupt());
        let code = exit::fold(&self.stories, interrupted);
        let whole = closing::Whole {
            subject: &self.subject,
            stories: &self.stories,
            paint: self.paint,
            verbose: self.detail == Detail::Verbose,
            took: self.at,
            code,
        };
        let (all, result) = (closing::all(&whole), objects::result(&whole));
        let streams = self.stream.is_some();
        if let Some(differ) = packages::differences(&self.stories)
            && self.detail != Detail::Quiet
        {
            self.line(format!(
                "{} the hosts have different packages: {differ}",
                self.paint.hint("warning:")
            ))?;
        }
        for say in all {
            if !streams || matches!(say, Say::Failure(_)) {
                self.say(say)?;
            }
        }
        Ok(Verdict {
            code,
            stream: self.stream.map(|(stream, _)| stream),
            mask: self.mask,
            result,
        })
    }

    /// The run that was followed ended as one does whose client was interrupted.
    fn followed_interrupt(&self) -> Option<crate::run::Signal> {
        let left = |story: &Story| {
            story.outcome() == Some(Outcome::Aborted) && story.last("reason") == Some("client")
        };
        (self.subject.follows() && self.stories.iter().any(left))
            .then_some(crate::run::Signal::Interrupt)
    }

    fn shows(&self, news: &News) -> bool {
        match self.detail {
            Detail::Quiet => false,
            Detail::Normal => !matches!(news, News::Event(Event::Output(_))),
            Detail::Verbose => true,
        }
    }

    /// Every host is told of a signal; the user pressed once.
    fn interrupt(&mut self, host: usize, signal: crate::run::Signal) -> io::Result<()> {
        if host == 0 {
            self.put_news(host, &News::Interrupted(signal));
        }
        let first = self.interrupted.is_none();
        self.interrupted = Some(signal);
        if first && host == 0 && self.detail != Detail::Quiet {
            self.line(words::interrupted(&self.subject, &self.stories).to_owned())?;
        }
        Ok(())
    }

    /// A log that stands still looks like a job that hangs.
    fn tick(&mut self, host: usize) -> io::Result<()> {
        let Some((step, since)) = self.stories.get(host).and_then(|story| story.step.as_ref())
        else {
            return Ok(());
        };
        let silent_since = self.spoke[host].max(*since);
        if self.at.saturating_sub(silent_since) < SILENCE {
            return Ok(());
        }
        let age = self.at.saturating_sub(*since);
        let progress = self.stories[host].progress.as_ref();
        let text = words::still_running(step, progress, age);
        let body = vec![("step", json!(step)), ("seconds", stream::seconds(age))];
        self.put("running", Some(host), body);
        self.spoke[host] = self.at;
        if self.detail == Detail::Quiet || self.screen.moves() {
            return Ok(());
        }
        self.said(host, Say::Line(self.prefixed(host, &text)))
    }

    fn prefixed(&self, host: usize, text: &str) -> String {
        words::prefixed(&self.subject.hosts, host, text, self.paint)
    }

    /// Something of the run itself, which a log folds away by phase.
    fn said(&mut self, host: usize, say: Say) -> io::Result<()> {
        self.spoke[host] = self.at;
        let (phase, title) = words::phase(&self.subject, self.went);
        self.screen.phase(phase, &title, self.at)?;
        self.say(say)
    }

    fn line(&mut self, line: String) -> io::Result<()> {
        self.say(Say::Line(line))
    }

    fn say(&mut self, say: Say) -> io::Result<()> {
        let Subject {
            command,
            environment,
            ..
        } = &self.subject;
        let about = format!("deployer {command} {environment}");
        self.screen.say(&say.masked(&self.mask), &about, self.paint)
    }
}
