//! Where lines appear: a log that only grows, or a terminal with one moving line per host below it.

use super::story::Story;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

#[derive(Debug)]
pub enum Screen<W: Write> {
    Plain(W),
    Live(Live<W>),
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
            if let Ok(style) = ProgressStyle::with_template("{prefix}  {msg:12}  {clock}") {
                bar.set_style(style.with_key("clock", clock));
            }
            bar.set_prefix(format!("{name:width$}"));
            bar.set_message("connecting");
            bar.enable_steady_tick(Duration::from_millis(250));
            live.bars.push((bar, String::new()));
        }
    }

    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::Plain(out) => writeln!(out, "{line}"),
            // `println` of indicatif loses the line when the terminal goes away.
            Self::Live(Live { out, board, .. }) => board.suspend(|| writeln!(out, "{line}")),
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
        if shown != status {
            status.clone_into(shown);
            bar.set_message(status.to_owned());
            bar.reset_elapsed();
        }
    }

    pub(super) fn end(&mut self) {
        if let Self::Live(live) = self {
            for (bar, _) in live.bars.drain(..) {
                bar.finish_and_clear();
            }
        }
    }
}

/// `00:04`, how long the step has run.
fn clock(state: &ProgressState, out: &mut dyn fmt::Write) {
    let seconds = state.elapsed().as_secs();
    // Nothing can be done about a line that cannot be formatted.
    let _ = write!(out, "{:02}:{:02}", seconds / 60, seconds % 60);
}
