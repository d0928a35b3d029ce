//! Updates -> words for people and an exit code: the only place that makes sentences.
//!
//! Everything goes to standard error; what a command answers on standard output is not made here. `story` folds what
//! is known of a host, `words`, `reasons`, `lost`, `failure` and `closing` make each text once, and `screen` decides
//! only where it appears.

mod answers;
mod check;
mod closing;
mod exit;
mod failure;
mod lost;
mod mask;
mod paint;
mod reasons;
mod screen;
mod story;
mod words;

pub use answers::{plan_lines, release_lines, state_lines};
pub use check::{Examined, Finding, Level, check_code, check_lines, check_summary, findings};
pub use exit::ExitCode;
pub use mask::Mask;
pub use paint::Paint;
pub use screen::Screen;

use crate::event::Event;
use crate::run::{News, Update};
use crate::target::Revision;
use std::io::{self, Write};
use std::time::Duration;
use story::Story;

/// What a report is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// As typed: `push`, `rollback`, `setup`.
    pub command: String,
    pub environment: String,
    /// The names of the hosts, in the order of the fleet.
    pub hosts: Vec<String>,
}

impl Subject {
    /// Whether the command only asks the hosts something.
    fn asks(&self) -> bool {
        matches!(
            self.command.as_str(),
            "check" | "plan" | "releases" | "status" | "login"
        )
    }

    /// Whether the command has a `go`, before which nothing is changed.
    fn switches(&self) -> bool {
        matches!(self.command.as_str(), "push" | "rollback")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Errors and the closing line.
    Quiet,
    Normal,
    /// Every line of output too.
    Verbose,
}

/// Folds the updates of a fleet.
#[derive(Debug)]
pub struct Report<W: Write> {
    subject: Subject,
    detail: Detail,
    paint: Paint,
    mask: Mask,
    screen: Screen<W>,
    stories: Vec<Story>,
    /// When the last update came.
    at: Duration,
    interrupted: Option<crate::run::Signal>,
}

impl<W: Write> Report<W> {
    pub fn new(subject: Subject, detail: Detail, paint: Paint, mut screen: Screen<W>) -> Self {
        let stories = subject.hosts.iter().map(|name| Story::new(name)).collect();
        if detail != Detail::Quiet {
            screen.start(&subject.hosts);
        }
        Self {
            subject,
            detail,
            paint,
            mask: Mask::default(),
            screen,
            stories,
            at: Duration::ZERO,
            interrupted: None,
        }
    }

    /// Hides these values from here on.
    #[must_use]
    pub fn masking(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// Says what is about to be deployed, and what of the working copy is not.
    pub fn revision(
        &mut self,
        revision: &Revision,
        unpushed: usize,
        uncommitted: usize,
    ) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        let (short, name) = (revision.short(), &revision.name);
        self.screen.line(&format!("revision {short} ({name})"))?;
        for (count, what) in [(unpushed, "commit"), (uncommitted, "changed file")] {
            if count > 0 {
                let line = format!(
                    "{} of the working copy not in it",
                    words::count(count, what)
                );
                self.screen.line(&self.paint.hint(&line))?;
            }
        }
        Ok(())
    }

    /// Names the scripts that are about to run, as `render` and `plan` name theirs.
    pub fn scripts(&mut self, digests: &[String]) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        // Hosts of one login share one script.
        if digests.windows(2).all(|pair| pair[0] == pair[1]) {
            return digests.first().map_or(Ok(()), |digest| {
                self.screen.line(&format!("script sha256 {digest}"))
            });
        }
        for (host, digest) in digests.iter().enumerate() {
            let text = format!("script sha256 {digest}");
            let line = words::prefixed(&self.subject.hosts, host, &text, self.paint);
            self.screen.line(&line)?;
        }
        Ok(())
    }

    /// Shows what happened to one host.
    pub fn update(&mut self, update: &Update) -> io::Result<()> {
        self.at = self.at.max(update.at);
        if let News::Interrupted(signal) = update.news {
            return self.interrupt(update.host, signal);
        }
        let Some(story) = self.stories.get_mut(update.host) else {
            return Ok(());
        };
        // The line that ends a step needs what was known while it ran.
        let text = words::line(story, update, self.subject.hosts.len() > 1);
        story.fold(update);
        if let Some(text) = text.filter(|_| self.shows(&update.news)) {
            let line = words::prefixed(&self.subject.hosts, update.host, &text, self.paint);
            self.screen.line(&self.mask.apply(&line))?;
        }
        self.screen.status(update.host, &self.stories[update.host]);
        Ok(())
    }

    /// Says how it all ended.
    pub fn close(mut self) -> io::Result<ExitCode> {
        self.screen.end();
        let code = exit::fold(&self.stories, self.interrupted);
        let whole = closing::Whole {
            subject: &self.subject,
            stories: &self.stories,
            paint: self.paint,
            verbose: self.detail == Detail::Verbose,
            took: self.at,
            code,
        };
        for line in closing::lines(&whole) {
            self.screen.line(&self.mask.apply(&line))?;
        }
        Ok(code)
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
        let first = self.interrupted.is_none();
        self.interrupted = Some(signal);
        if first && host == 0 && self.detail != Detail::Quiet {
            let went = self.stories.iter().any(|story| story.went);
            self.screen.line(words::interrupted(went))?;
        }
        Ok(())
    }
}
