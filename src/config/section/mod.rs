//! A typed reader of one map of the file: the keys it is asked for are the keys there are.

mod mixed;
mod scalar;
mod typed;

use std::cell::{Cell, RefCell};

use super::node::{Entry, Node, Span, Value};
use super::problem::{Problem, Problems};
use super::words::{nearest, quoted, shortened};

pub(super) use scalar::{Fault, text, written};

pub(super) struct Section<'a> {
    path: String,
    /// Where to point when a key is missing.
    span: Span,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    /// Keys that must be there and are not, with what to do.
    missing: RefCell<Vec<(&'static str, String)>>,
    /// Names and values are the user's own: any key is a key.
    free: Cell<bool>,
    /// What to do with a key that belongs to another section.
    elsewhere: Cell<fn(&str) -> Option<String>>,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// Reads a map with `read`, then reports each key that was not asked for.
    pub(super) fn read<T>(
        path: String,
        span: Span,
        entries: &'a [Entry],
        problems: &'a Problems,
        read: impl FnOnce(&Self) -> T,
    ) -> T {
        let (asked, missing, free) = Default::default();
        let section = Self {
            path,
            span,
            entries,
            asked,
            missing,
            free,
            elsewhere: Cell::new(|_| None),
            problems,
        };
        let value = read(&section);
        section.report();
        value
    }

    fn report(&self) {
        let asked = self.asked.borrow();
        let known = |entry: &&Entry| self.free.get() || asked.contains(&entry.key.as_str());
        let unknown: Vec<(&Entry, Option<&str>)> = self
            .entries
            .iter()
            .filter(|entry| !known(entry))
            .map(|entry| (entry, nearest(&entry.key, asked.iter().copied())))
            .collect();
        for (entry, meant) in &unknown {
            let label = match meant {
                _ if (self.elsewhere.get())(&entry.key).is_some() => {
                    (self.elsewhere.get())(&entry.key).unwrap_or_default()
                }
                Some(key) => format!("did you mean `{key}`?"),
                None => format!("known: {}", asked.join(", ")),
            };
            let secret =
                self.is_private() || meant.is_some_and(|key| matches!(key, "env" | "secrets"));
            let says = format!("unknown key {}", quoted(&entry.key));
            let problem = Problem::new(entry.key_span.clone(), says, label);
            self.problems.add(problem.below(&self.path).secret(secret));
        }
        for (key, label) in self.missing.take() {
            // A misspelt key is one error, not two.
            if unknown.iter().all(|(_, meant)| *meant != Some(key)) {
                let says = format!("missing key `{key}`");
                let problem = Problem::new(self.span.clone(), says, label);
                self.problems.add(problem.below(&self.path));
            }
        }
    }

    fn find(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether the file has the key, with or without a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The value of a key, looked at without asking for it.
    pub(super) fn peek(&self, key: &str) -> Option<&'a Node> {
        self.find(key).map(|entry| &entry.value)
    }

    /// The entry of a key, with a value or without.
    pub(super) fn asked_for(&self, key: &'static str) -> Option<&'a Entry> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        self.find(key)
    }

    /// The entry of a key, if it has a value.
    fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        let entry = self.asked_for(key)?;
        if entry.value.is_null() {
            let fault = Fault::new("no value", "give it a value, or remove the key");
            self.fault(&entry.key, &entry.key_span, fault);
            return None;
        }
        Some(entry).filter(|entry| !matches!(entry.value.value, Value::Broken))
    }

    /// What to say of a key that the section does not have and another one does.
    pub(super) fn elsewhere(&self, place: fn(&str) -> Option<String>) {
        self.elsewhere.set(place);
    }

    /// All entries, of a section whose keys are free.
    pub(super) fn every(&self) -> &'a [Entry] {
        self.free.set(true);
        self.entries
    }

    /// Reports a key that must be there and is not.
    pub(super) fn must_have(&self, key: &'static str, label: impl Into<String>) {
        if !self.has(key) {
            self.missing.borrow_mut().push((key, label.into()));
        }
    }

    /// Reports what is wrong with the value of a key.
    pub(super) fn refuse(&self, key: &str, says: impl Into<String>, label: impl Into<String>) {
        if let Some(node) = self.peek(key) {
            self.fault(key, &node.span, Fault::new(says, label));
        }
    }

    /// Reports a fault of a key at a place in its entry.
    pub(super) fn fault(&self, key: &str, span: &Span, fault: Fault) {
        let problem = Problem::new(span.clone(), fault.says, fault.label);
        self.problems.add(
            problem
                .below(&shortened(key))
                .below(&self.path)
                .secret(self.is_private() || matches!(key, "env" | "secrets")),
        );
    }

    /// An anchor may have carried a secret here from a line that does not show it.
    fn is_private(&self) -> bool {
        let mut parts = self.path.split('.');
        parts.any(|part| matches!(part, "env" | "secrets"))
    }

    /// Reads the value of an entry; what is wrong is reported at the value.
    pub(super) fn convert<T>(
        &self,
        entry: &'a Entry,
        convert: impl FnOnce(&'a Node) -> Result<T, Fault>,
    ) -> Option<T> {
        convert(&entry.value)
            .map_err(|fault| self.fault(&entry.key, &entry.value.span, fault))
            .ok()
    }

    pub(super) fn with<T>(
        &self,
        key: &'static str,
        convert: impl FnOnce(&'a Node) -> Result<T, Fault>,
    ) -> Option<T> {
        self.convert(self.entry(key)?, convert)
    }

    /// A section that may be absent.
    pub(super) fn present<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Section<'a>) -> T,
    ) -> Option<T> {
        let entry = self.entry(key)?;
        let fault = |node| Fault {
            label: "its keys stand below it, indented, each as `key: value`".to_owned(),
            ..Fault::expected("a map", node)
        };
        let map = |node: &'a Node| node.entries().ok_or_else(|| fault(node));
        let entries = self.convert(entry, map)?;
        Some(Section::read(
            self.below(key),
            entry.key_span.clone(),
            entries,
            self.problems,
            read,
        ))
    }

    /// The map that an entry of a section with free keys holds.
    pub(super) fn inner<T>(
        &self,
        entry: &'a Entry,
        read: impl FnOnce(&Section<'a>) -> T,
    ) -> Option<T> {
        Some(Section::read(
            self.below(&shortened(&entry.key)),
            entry.key_span.clone(),
            entry.value.entries()?,
            self.problems,
            read,
        ))
    }

    /// A section with a default for each of its keys; where the file has none, `read` sees an empty one.
    pub(super) fn section<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Section<'a>) -> T,
    ) -> Option<T> {
        if self.has(key) {
            return self.present(key, read);
        }
        self.entry(key);
        Some(Section::read(
            self.below(key),
            self.span.clone(),
            &[],
            self.problems,
            read,
        ))
    }

    fn below(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}
