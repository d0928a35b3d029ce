//! Everything wrong with a file, in the order of its lines and in the one form users see.

use std::cell::RefCell;
use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::mask::mask;
use super::node::Span;

/// One thing wrong at one place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    at: (usize, usize),
    title: String,
    /// Stands beside the carets: what to do.
    label: String,
    secret: bool,
}

impl Problem {
    pub(super) fn new(span: Span, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            at: (span.start, span.end),
            title: title.into(),
            label: label.into(),
            secret: false,
        }
    }

    /// The line's value is not shown, whatever its key is called.
    pub(super) fn secret(self, secret: bool) -> Self {
        Self { secret, ..self }
    }
}

/// Collects what the stages of reading find; they go on after each.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(super) fn into_errors(self, file: &str, source: &str) -> ConfigErrors {
        let mut problems = self.0.into_inner();
        problems.sort();
        problems.dedup();
        ConfigErrors {
            file: file.to_owned(),
            source: source.to_owned(),
            problems,
        }
    }
}

/// All that is wrong with a configuration file; shown as rustc shows its errors.
#[derive(Clone)]
pub struct ConfigErrors {
    file: String,
    source: String,
    problems: Vec<Problem>,
}

impl ConfigErrors {
    /// An error about the file as a whole.
    pub(super) fn whole(file: &str, title: String, label: &str) -> Self {
        let problems = vec![Problem::new(0..0, title, label)];
        Self {
            file: file.to_owned(),
            source: String::new(),
            problems,
        }
    }

    pub fn count(&self) -> usize {
        self.problems.len()
    }

    /// The text for a terminal that shows colours, or for any other reader.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let shown: Vec<String> = self
            .problems
            .iter()
            .map(|one| self.show(one, &renderer))
            .collect();
        shown.join("\n\n")
    }

    fn show(&self, problem: &Problem, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(&problem.title);
        if self.source.is_empty() {
            return renderer.render(&[title.element(Level::HELP.message(&problem.label))]);
        }
        let (line_start, line) = self.line(problem.at.0);
        let number = self.source[..line_start].matches('\n').count() + 1;
        let start = (problem.at.0 - line_start).min(line.len());
        let end = (problem.at.1.max(problem.at.0) - line_start)
            .clamp(start, line.trim_end().len().max(start));
        let (line, span) = mask(&self.source, line_start, start..end, problem.secret);
        let annotation = AnnotationKind::Primary.span(span);
        let annotation = if problem.label.is_empty() {
            annotation
        } else {
            annotation.label(&problem.label)
        };
        let snippet = Snippet::source(line)
            .line_start(number)
            .path(&self.file)
            .annotation(annotation);
        renderer.render(&[title.element(snippet)])
    }

    /// The line that holds a byte, and where it starts.
    fn line(&self, at: usize) -> (usize, &str) {
        let at = at.min(self.source.len());
        let start = self.source[..at]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        (
            start,
            self.source[start..].lines().next().unwrap_or_default(),
        )
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

/// As for people: the source may hold secrets.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl std::error::Error for ConfigErrors {}

/// A key of the file in a message: in backticks, bounded, control characters visible.
pub(super) fn quoted(key: &str) -> String {
    const LONGEST: usize = 60;
    let shown: String = key.chars().take(LONGEST).collect();
    let more = if key.chars().nth(LONGEST).is_some() {
        "..."
    } else {
        ""
    };
    format!("`{}{more}`", shown.escape_debug())
}

/// The one of `among` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    among
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| *distance <= 1.max(known.len() / 3))
        .min()
        .map(|(_, known)| known)
}

/// `a`, `b` or `c`
pub(super) fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
