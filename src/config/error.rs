//! Everything wrong with a file, in the order of its lines and in the one form users see.

use std::cell::RefCell;
use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::mask::mask;
use super::node::Span;

/// A file with more errors than this is not the file that was meant.
const MOST_SHOWN: usize = 100;

/// One thing wrong at one place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    at: (usize, usize),
    /// Of the key it is about, such as `nginx.listen`; empty for the file.
    path: String,
    says: String,
    /// Stands beside the carets: what to do.
    label: String,
    secret: bool,
}

impl Problem {
    pub(super) fn new(span: Span, says: impl Into<String>, label: impl Into<String>) -> Self {
        let at = (span.start, span.end);
        Self {
            at,
            path: String::new(),
            says: says.into(),
            label: label.into(),
            secret: false,
        }
    }

    /// Puts a key in front of its path.
    pub(super) fn below(self, key: &str) -> Self {
        let path = match (key, self.path.as_str()) {
            ("", path) => path.to_owned(),
            (key, "") => key.to_owned(),
            (key, path) => format!("{key}.{path}"),
        };
        Self { path, ..self }
    }

    fn title(&self) -> String {
        if self.path.is_empty() {
            self.says.clone()
        } else {
            format!("{}: {}", self.path, self.says)
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

    /// Takes over what was found in one environment; what stands in its own part of the file is named so.
    pub(super) fn absorb(&self, found: Self, environment: &str, part: &Span) {
        for problem in found.0.into_inner() {
            let own = part.contains(&problem.at.0);
            self.add(if own {
                problem.below(&format!("environments.{environment}"))
            } else {
                problem
            });
        }
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
    pub(super) fn whole(file: &str, says: String) -> Self {
        Self {
            file: file.to_owned(),
            source: String::new(),
            problems: vec![Problem::new(0..0, says, "")],
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
        let shown = self
            .problems
            .iter()
            .take(MOST_SHOWN)
            .map(|one| self.show(one, &renderer));
        let mut shown: Vec<String> = shown.collect();
        if let Some(more) = self
            .count()
            .checked_sub(MOST_SHOWN)
            .filter(|&more| more > 0)
        {
            let title = format!("{more} more errors in {}", quoted(&self.file));
            shown.push(renderer.render(&[Group::with_title(Level::ERROR.primary_title(title))]));
        }
        shown.join("\n\n")
    }

    fn show(&self, problem: &Problem, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(problem.title());
        if self.source.is_empty() {
            return renderer.render(&[Group::with_title(title)]);
        }
        let (line_start, line) = self.line(problem.at.0);
        let number = self.source[..line_start].matches('\n').count() + 1;
        let start = (problem.at.0 - line_start).min(line.len());
        let end = problem
            .at
            .1
            .saturating_sub(line_start)
            .min(line.trim_end().len())
            .max(start);
        let (line, span) = mask(&self.source, line_start, start..end, problem.secret);
        let label = Some(problem.label.as_str()).filter(|label| !label.is_empty());
        let annotation = AnnotationKind::Primary.span(span).label(label);
        let snippet = Snippet::source(line).line_start(number).path(&self.file);
        renderer.render(&[title.element(snippet.annotation(annotation))])
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

/// A key of the file in a message: bounded, control characters visible.
pub(super) fn shortened(key: &str) -> String {
    const LONGEST: usize = 60;
    let shown: String = key.chars().take(LONGEST).collect();
    let more = if key.chars().nth(LONGEST).is_some() {
        "..."
    } else {
        ""
    };
    format!("{}{more}", shown.escape_debug())
}

pub(super) fn quoted(key: &str) -> String {
    format!("`{}`", shortened(key))
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
    joined(words, "or")
}

/// `a`, `b` and `c`
pub(super) fn enumerated<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words, "and")
}

fn joined<'a>(words: impl IntoIterator<Item = &'a str>, last_by: &str) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {last_by} {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
