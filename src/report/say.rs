//! What there is to say, before a screen gives it its form.

use super::mask::Mask;
use super::paint::Paint;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Say {
    /// A line as it is.
    Line(String),
    Warning(Warning),
    Failure(Failure),
}

/// Worth saying, changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Warning {
    pub(super) host: String,
    pub(super) text: String,
    /// The same as a line of the run.
    pub(super) line: String,
}

/// What went wrong, on one host or on all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) host: Option<String>,
    pub(super) what: String,
    /// The words of ssh and of the programs that failed.
    pub(super) said: Vec<String>,
    pub(super) hint: Option<String>,
}

impl Say {
    pub(super) fn masked(self, mask: &Mask) -> Self {
        match self {
            Self::Line(line) => Self::Line(mask.apply(&line)),
            Self::Warning(Warning { host, text, line }) => Self::Warning(Warning {
                host,
                text: mask.apply(&text),
                line: mask.apply(&line),
            }),
            Self::Failure(failure) => Self::Failure(Failure {
                host: failure.host,
                what: mask.apply(&failure.what),
                said: failure.said.iter().map(|line| mask.apply(line)).collect(),
                hint: failure.hint.map(|hint| mask.apply(&hint)),
            }),
        }
    }

    pub(super) fn lines(&self, paint: Paint) -> Vec<String> {
        match self {
            Self::Line(line) => vec![line.clone()],
            Self::Warning(warning) => vec![warning.line.clone()],
            Self::Failure(failure) => {
                let mut lines = vec![format!("{} {}", paint.error("error:"), failure.what)];
                lines.extend(failure.body(paint));
                let hint = failure.hint.as_ref();
                lines.extend(hint.map(|hint| format!("{} {hint}", paint.hint("hint:"))));
                lines
            }
        }
    }
}

impl Failure {
    /// Never at the start of a line: a CI runner would take some words for commands.
    pub(super) fn body(&self, paint: Paint) -> impl Iterator<Item = String> {
        let line = move |line: &String| format!("{} {line}", paint.faint("  |"));
        self.said.iter().map(line)
    }
}
