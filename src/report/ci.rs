//! The logs of GitHub Actions and GitLab CI: lines fold away by phase, errors stand in the summary.
//!
//! GitHub cannot nest groups and neither can interleave them, but a fleet has its phases together: what all hosts print
//! up to the switch is one group, what follows another. What went wrong stands outside of both.

use super::paint::Paint;
use super::say::{Failure, Say};
use super::words::harmless;
use jiff::{SignedDuration, Timestamp};
use std::io::{self, Write};
use std::time::Duration;

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    GitHub,
    GitLab,
}

impl Ci {
    /// What an error that concerns no host looks like.
    pub fn error(self, text: &str) -> String {
        match self {
            Self::GitHub => annotation("error", &[("title", "deployer")], text),
            Self::GitLab => inert(&format!("error: {text}")),
        }
    }

    /// Marks a place of a file, where the log can; line 0 is the file as a whole.
    pub fn error_at(self, file: &str, line: usize, column: usize, text: &str) -> Option<String> {
        let (line, column) = (line.to_string(), column.to_string());
        let mut place = vec![("title", "deployer"), ("file", file)];
        if line != "0" {
            place.extend([("line", line.as_str()), ("col", column.as_str())]);
        }
        (self == Self::GitHub).then(|| annotation("error", &place, text))
    }
}

/// A log that folds.
#[derive(Debug)]
pub struct Folded<W: Write> {
    out: W,
    ci: Ci,
    began: Timestamp,
    /// The group that is open: its title, and its name in the log.
    open: Option<(String, String)>,
}

impl<W: Write> Folded<W> {
    pub(super) fn new(out: W, ci: Ci, began: Timestamp) -> Self {
        Self {
            out,
            ci,
            began,
            open: None,
        }
    }

    /// What follows belongs to the group of this title.
    pub(super) fn open(&mut self, phase: &str, title: &str, at: Duration) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|(open, _)| open == title) {
            return Ok(());
        }
        self.close(at)?;
        let time = self.time(at);
        // A job may call deployer more than once.
        let name = format!("deployer_{phase}_{time}");
        match self.ci {
            Ci::GitHub => writeln!(self.out, "::group::{}", data(title))?,
            Ci::GitLab => {
                let title = inert(title);
                writeln!(
                    self.out,
                    "\x1b[0Ksection_start:{time}:{name}\r\x1b[0K{title}"
                )?;
            }
        }
        self.open = Some((title.to_owned(), name));
        Ok(())
    }

    pub(super) fn close(&mut self, at: Duration) -> io::Result<()> {
        let Some((_, name)) = self.open.take() else {
            return Ok(());
        };
        match self.ci {
            Ci::GitHub => writeln!(self.out, "::endgroup::"),
            Ci::GitLab => {
                let time = self.time(at);
                writeln!(self.out, "\x1b[0Ksection_end:{time}:{name}\r\x1b[0K")
            }
        }
    }

    /// `about` is the command that is at work.
    pub(super) fn say(&mut self, say: &Say, about: &str, paint: Paint) -> io::Result<()> {
        if self.ci == Ci::GitHub {
            match say {
                Say::Failure(failure) => return self.failure(failure, about, paint),
                Say::Warning(warning) => {
                    let title = titled(about, Some(&warning.host));
                    let line = annotation("warning", &[("title", &title)], &warning.text);
                    return writeln!(self.out, "{line}");
                }
                Say::Line(_) => {}
            }
        }
        for line in say.lines(paint) {
            writeln!(self.out, "{}", inert(&line))?;
        }
        Ok(())
    }

    /// The hint goes into the annotation, which is all that a summary shows.
    fn failure(&mut self, failure: &Failure, about: &str, paint: Paint) -> io::Result<()> {
        let title = titled(about, failure.host.as_deref());
        let text = match &failure.hint {
            Some(hint) => format!("{}\nhint: {hint}", failure.what),
            None => failure.what.clone(),
        };
        writeln!(
            self.out,
            "{}",
            annotation("error", &[("title", &title)], &text)
        )?;
        for line in failure.body(paint) {
            writeln!(self.out, "{}", inert(&line))?;
        }
        Ok(())
    }

    fn time(&self, at: Duration) -> i64 {
        let at = SignedDuration::try_from(at).unwrap_or_default();
        self.began.checked_add(at).unwrap_or(self.began).as_second()
    }
}

fn titled(about: &str, host: Option<&str>) -> String {
    match host {
        Some(host) => format!("{about} on {host}"),
        None => about.to_owned(),
    }
}

/// `::error title=...::text`
fn annotation(command: &str, properties: &[(&str, &str)], text: &str) -> String {
    let properties: Vec<_> = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", property(value)))
        .collect();
    format!("::{command} {}::{}", properties.join(","), data(text))
}

/// The runner undoes these, the percent sign last.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25");
    harmless(&text.replace('\r', "%0D").replace('\n', "%0A"))
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line that no log takes for a command, wherever it came from.
pub(super) fn inert(line: &str) -> String {
    let line = harmless(line);
    let body = line.trim_start();
    match body.strip_prefix("::") {
        Some(rest) => format!("{}: :{rest}", &line[..line.len() - body.len()]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{Ci, annotation, inert};

    #[test]
    fn text_stays_text() {
        let hostile = "50% a,b:c\r\n::set-output name=x::y ##[error]z";
        assert_eq!(
            annotation("error", &[("title", hostile)], hostile),
            "::error title=50%25 a%2Cb%3Ac%0D%0A%3A%3Aset-output name=x%3A%3Ay ## [error]z\
             ::50%25 a,b:c%0D%0A::set-output name=x::y ## [error]z"
        );
        assert_eq!(
            Ci::GitHub.error_at("a,b.yaml", 3, 5, "no\nsuch"),
            Some("::error title=deployer,file=a%2Cb.yaml,line=3,col=5::no%0Asuch".to_owned())
        );
        assert_eq!(Ci::GitLab.error_at("a", 1, 1, "x"), None);
    }

    #[test]
    fn no_line_is_a_command() {
        for (line, shown) in [
            ("::add-mask::a", ": :add-mask::a"),
            ("\t ::error::x", "\t : :error::x"),
            ("\u{a0}::error::x", "\u{a0}: :error::x"),
            ("a ##[group]b", "a ## [group]b"),
            ("a :: b", "a :: b"),
            ("section_start:1:x", "section_start :1:x"),
            ("section_end:1:x", "section_end :1:x"),
        ] {
            assert_eq!(inert(line), shown);
        }
    }
}
