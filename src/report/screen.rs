//! Where lines appear: a log that only grows or that folds, or a terminal with one moving line per host below it.

use super::ci::{Ci, Folded};
use super::paint::Paint;
use super::progress::Progress;
use super::say::Say;
use super::story::Story;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

// What indicatif draws of a host.
const STEP: &str = "{prefix}  {msg:12}  {clock}";
const UPLOAD: &str = "{prefix}  {msg}  [{bar:12}]  {clock}";

#[derive(Debug)]
pub enum Screen<W: Write> {
    Plain(W),
    Live(Live<W>),
    Folded(Folded<W>),
}

/// A terminal on standard error, which is what indicatif draws on.
#[derive(Debug)]
pub struct Live<W: Write> {
    out: W,
    board: MultiProgress,
    bars: Vec<(ProgressBar, String)>,
}

impl<W: Write> Screen<W> {
    pub fn plain(out: W) -> Self {
        Self::Plain(out)
    }

    /// `out` must be standard error too.
    pub fn live(out: W) -> Self {
        Self::Live(Live {
            out,
            board: MultiProgress::new(),
            bars: Vec::new(),
        })
    }

    /// The log of a CI job that began at that time.
    pub fn folded(out: W, ci: Ci, began: jiff::Timestamp) -> Self {
        Self::Folded(Folded::new(out, ci, began))
    }

    /// Whether it shows by itself how long a step has run.
    pub(super) fn moves(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    pub(super) fn start(&mut self, hosts: &[String]) {
        let Self::Live(live) = self else { return };
        // A board higher than the terminal scrolls at every tick; the other hosts have their step lines.
        let rows = usize::from(console::Term::stderr().size().0)
            .saturating_sub(3)
            .max(1);
        let width = hosts
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        for name in hosts.iter().take(rows) {
            let bar = live.board.add(ProgressBar::new_spinner());
            draw(&bar, STEP);
            bar.set_prefix(format!("{name:width$}"));
            bar.set_message("connecting");
            bar.enable_steady_tick(Duration::from_millis(250));
            live.bars.push((bar, String::new()));
        }
    }

    /// What is said next belongs to this phase.
    pub(super) fn phase(&mut self, phase: &str, title: &str, at: Duration) -> io::Result<()> {
        match self {
            Self::Folded(log) => log.open(phase, title, at),
            Self::Plain(_) | Self::Live(_) => Ok(()),
        }
    }

    /// `about` is the command that is at work.
    pub(super) fn say(&mut self, say: &Say, about: &str, paint: Paint) -> io::Result<()> {
        match self {
            Self::Folded(log) => log.say(say, about, paint),
            Self::Plain(out) => write(out, &say.lines(paint)),
            // `println` of indicatif loses the line when the terminal goes away.
            Self::Live(Live { out, board, .. }) => board.suspend(|| write(out, &say.lines(paint))),
        }
    }

    pub(super) fn status(&mut self, host: usize, story: &Story) {
        let Self::Live(live) = self else { return };
        let Some((bar, shown)) = live.bars.get_mut(host) else {
            return;
        };
        if story.ending.is_some() {
            return bar.finish_and_clear();
        }
        let status = match &story.step {
            Some((step, _)) => step.as_str(),
            None if story.connected => "waiting",
            None => "connecting",
        };
        let progress = story.progress.as_ref().filter(|_| story.step.is_some());
        let message = match progress {
            Some(progress) => format!("{status} {progress}"),
            None => status.to_owned(),
        };
        if bar.message() != message {
            bar.set_message(message);
        }
        let share = progress.and_then(Progress::share);
        if bar.length().is_some() != share.is_some() {
            draw(bar, if share.is_some() { UPLOAD } else { STEP });
        }
        match share {
            Some((done, all)) => {
                bar.set_length(all);
                bar.set_position(done);
            }
            None => bar.unset_length(),
        }
        if shown != status {
            status.clone_into(shown);
            bar.reset_elapsed();
        }
    }

    /// The run is over; what is said next is about all of it.
    pub(super) fn end(&mut self, at: Duration) -> io::Result<()> {
        match self {
            Self::Plain(_) => {}
            Self::Live(live) => {
                for (bar, _) in live.bars.drain(..) {
                    bar.finish_and_clear();
                }
            }
            Self::Folded(log) => log.close(at)?,
        }
        Ok(())
    }
}

fn write(out: &mut impl Write, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn draw(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("clock", clock).progress_chars("=> "));
    }
}

/// `00:04`, how long the step has run.
fn clock(state: &ProgressState, out: &mut dyn fmt::Write) {
    let seconds = state.elapsed().as_secs();
    // Nothing can be done about a line that cannot be formatted.
    let _ = write!(out, "{:02}:{:02}", seconds / 60, seconds % 60);
}
