//! What is wrong with a file, as the stages of reading find it.

use std::cell::RefCell;

use super::node::Span;

/// One thing wrong at one place.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub span: Span,
    /// Of the key it is about, such as `nginx.listen`; empty for the file.
    path: String,
    says: String,
    /// Stands beside the carets: what to do.
    pub label: String,
    /// The line's value is not shown, whatever its key is called.
    pub secret: bool,
}

impl Problem {
    pub(super) fn new(span: Span, says: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            span,
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

    pub(super) fn title(&self) -> String {
        if self.path.is_empty() {
            self.says.clone()
        } else {
            format!("{}: {}", self.path, self.says)
        }
    }

    /// By place; at one place, the file before its sections.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let texts = [&self.path, &self.says, &self.label].map(String::clone);
        (self.span.start, self.span.end, texts)
    }

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
            let own = part.contains(&problem.span.start);
            self.add(if own {
                problem.below(&format!("environments.{environment}"))
            } else {
                problem
            });
        }
    }

    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}
