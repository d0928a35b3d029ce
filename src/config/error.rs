//! Everything wrong with a file, in the order of its lines and in the one form users see.

use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::mask::mask;
use super::problem::Problem;
use super::words::quoted;

/// A file with more errors than this is not the file that was meant.
const MOST_SHOWN: usize = 100;

/// All that is wrong with a configuration file; shown as rustc shows its errors.
#[derive(Clone)]
pub struct ConfigErrors {
    file: String,
    source: String,
    problems: Vec<Problem>,
}

impl ConfigErrors {
    /// An error about the file as a whole, with what to do where there is anything.
    pub(super) fn whole(file: &str, says: String, hint: &str) -> Self {
        Self {
            file: file.to_owned(),
            source: String::new(),
            problems: vec![Problem::new(0..0, says, hint)],
        }
    }

    pub(super) fn new(file: &str, source: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_cached_key(Problem::order);
        // What all environments share is found in each of them.
        problems.dedup();
        Self {
            file: file.to_owned(),
            source: source.to_owned(),
            problems,
        }
    }

    pub fn count(&self) -> usize {
        self.problems.len()
    }

    /// Line, column, what is wrong and what to do; both numbers are 0 for the file as a whole.
    pub fn list(&self) -> impl Iterator<Item = (usize, usize, String, String)> {
        self.problems.iter().map(|problem| {
            let (line, column) = self.place(problem);
            (line, column, problem.title(), problem.label.clone())
        })
    }

    fn place(&self, problem: &Problem) -> (usize, usize) {
        if self.source.is_empty() {
            return (0, 0);
        }
        let before = &self.source[..problem.span.start.min(self.source.len())];
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }

    /// Whole lines, for a terminal that shows colours or for any other reader.
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
        shown.join("\n\n") + "\n"
    }

    fn show(&self, problem: &Problem, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(problem.title());
        if self.source.is_empty() {
            let group = Group::with_title(title);
            let hint = Some(problem.label.as_str()).filter(|hint| !hint.is_empty());
            return renderer.render(&[match hint {
                Some(hint) => group.element(Level::HELP.message(hint)),
                None => group,
            }]);
        }
        let at = problem.span.start.min(self.source.len());
        let line_start = self.source[..at]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let (number, _) = self.place(problem);
        let (line, span) = mask(&self.source, line_start, &problem.span, problem.secret);
        let label = Some(problem.label.as_str()).filter(|label| !label.is_empty());
        let annotation = AnnotationKind::Primary.span(span).label(label);
        let snippet = Snippet::source(line).line_start(number).path(&self.file);
        renderer.render(&[title.element(snippet.annotation(annotation))])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.render(false).trim_end())
    }
}

/// As for people: the source may hold secrets.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl std::error::Error for ConfigErrors {}
