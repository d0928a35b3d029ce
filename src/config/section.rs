//! A typed reader of one map of the file: the keys it is asked for are the keys there are.

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::{Problem, Problems, alternatives, nearest, quoted};
use super::node::{Entry, Node, Plain, Span, Value};
use super::values::Text;

/// What is wrong with a value, before its place is known: a title and a label.
pub(super) struct Fault(pub String, pub String);

pub(super) struct Section<'a> {
    path: String,
    /// Where to point when a key is missing.
    span: Span,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    /// Any key is a key: names and values are the user's own.
    free: Cell<bool>,
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
        let section = Self {
            path,
            span,
            entries,
            asked: RefCell::default(),
            free: Cell::default(),
            problems,
        };
        let value = read(&section);
        section.report_unknown();
        value
    }

    fn report_unknown(&self) {
        if self.free.get() {
            return;
        }
        let asked = self.asked.borrow();
        for entry in self
            .entries
            .iter()
            .filter(|entry| !asked.contains(&entry.key.as_str()))
        {
            let meant = nearest(&entry.key, asked.iter().copied());
            let label = match meant {
                Some(key) => format!("did you mean `{key}`?"),
                None => format!("known: {}", asked.join(", ")),
            };
            let secret = meant.is_some_and(|key| matches!(key, "env" | "secrets"));
            let title = self.title(&format!("unknown key {}", quoted(&entry.key)));
            self.problems
                .add(Problem::new(entry.key_span.clone(), title, label).secret(secret));
        }
    }

    fn title(&self, says: &str) -> String {
        if self.path.is_empty() {
            says.to_owned()
        } else {
            format!("{}: {says}", self.path)
        }
    }

    /// The path of one of its keys, as titles name it.
    fn below(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The entry of a key, if it has a value.
    pub(super) fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        if entry.value.is_null() {
            self.fault(
                entry,
                &entry.key_span,
                Fault(
                    "no value".into(),
                    "give it a value, or remove the key".into(),
                ),
            );
            return None;
        }
        Some(entry)
    }

    /// Whether the file has the key, with or without a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    pub(super) fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// All entries, of a section whose keys are free.
    pub(super) fn every(&self) -> &'a [Entry] {
        self.free.set(true);
        self.entries
    }

    pub(super) fn problem(&self, span: Span, title: &str, label: &str) {
        self.problems
            .add(Problem::new(span, self.title(title), label).secret(self.is_secret()));
    }

    /// Where an anchor carried the values here, the lines they stand on do not tell.
    fn is_secret(&self) -> bool {
        matches!(self.path.as_str(), "env" | "secrets")
    }

    /// Reports that a key which must be there is not.
    pub(super) fn missing(&self, key: &str, label: &str) {
        if !self.has(key) {
            self.problems.add(Problem::new(
                self.span.clone(),
                self.title(&format!("missing key `{key}`")),
                label,
            ));
        }
    }

    /// Reports what is wrong with the value of a key.
    pub(super) fn refuse(&self, key: &str, says: &str, label: impl Into<String>) {
        if let Some(entry) = self.entries.iter().find(|entry| entry.key == key) {
            self.fault(
                entry,
                &entry.value.span,
                Fault(says.to_owned(), label.into()),
            );
        }
    }

    pub(super) fn fault(&self, entry: &Entry, span: &Span, Fault(says, label): Fault) {
        let key = entry.key.chars().take(60).collect::<String>();
        let title = format!("{}: {says}", self.below(&key.escape_debug().to_string()));
        self.problems
            .add(Problem::new(span.clone(), title, label).secret(self.is_secret()));
    }

    /// A value by a conversion of its node; what is wrong is reported at the value.
    pub(super) fn with<T>(
        &self,
        key: &'static str,
        convert: impl FnOnce(&'a Node) -> Result<T, Fault>,
    ) -> Option<T> {
        self.convert(self.entry(key)?, convert)
    }

    pub(super) fn convert<T>(
        &self,
        entry: &'a Entry,
        convert: impl FnOnce(&'a Node) -> Result<T, Fault>,
    ) -> Option<T> {
        convert(&entry.value)
            .map_err(|fault| self.fault(entry, &entry.value.span, fault))
            .ok()
    }

    pub(super) fn optional<T: Text>(&self, key: &'static str) -> Option<T> {
        self.with(key, text)
    }

    pub(super) fn required<T: Text>(&self, key: &'static str) -> Option<T> {
        self.missing(key, &format!("add {}", T::WHAT));
        self.optional(key)
    }

    pub(super) fn boolean(&self, key: &'static str, default: bool) -> bool {
        self.with(key, boolean).unwrap_or(default)
    }

    pub(super) fn number(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        self.with(key, |node| number(node, &range))
            .unwrap_or(default)
    }

    /// A duration of whole seconds.
    pub(super) fn seconds(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Duration {
        let whole = |node: &Node| {
            let time = duration(node)?;
            let within = time.subsec_nanos() == 0 && range.contains(&time.as_secs());
            let allowed = || {
                format!(
                    "{} s to {} s, without a fraction",
                    range.start(),
                    range.end()
                )
            };
            if within {
                Ok(time)
            } else {
                Err(Fault("out of range".into(), allowed()))
            }
        };
        self.with(key, whole)
            .unwrap_or(Duration::from_secs(default))
    }

    /// A duration that may be shorter than a second, in milliseconds.
    pub(super) fn millis(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Duration {
        let (least, most) = (
            Duration::from_millis(*range.start()),
            Duration::from_millis(*range.end()),
        );
        let within = |node: &Node| {
            let time = duration(node)?;
            let allowed = || Fault("out of range".into(), format!("{least:?} to {most:?}"));
            if (least..=most).contains(&time) {
                Ok(time)
            } else {
                Err(allowed())
            }
        };
        self.with(key, within)
            .unwrap_or(Duration::from_millis(default))
    }

    /// One of a closed set of words; the first is the default.
    pub(super) fn choice<T: Copy, const N: usize>(
        &self,
        key: &'static str,
        words: [(&str, T); N],
    ) -> T {
        let choose = |node: &Node| {
            let written = written(node)?;
            words
                .iter()
                .find(|(word, _)| *word == written)
                .map(|(_, value)| *value)
                .ok_or_else(|| {
                    let label = match nearest(written, words.iter().map(|(word, _)| *word)) {
                        Some(word) => format!("did you mean `{word}`?"),
                        None => format!(
                            "one of {}",
                            alternatives(words.iter().map(|(word, _)| *word))
                        ),
                    };
                    Fault("not one of its words".into(), label)
                })
        };
        self.with(key, choose).unwrap_or(words[0].1)
    }

    /// A list, or one value that stands for a list of one; what is wrong is reported for each item.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        read: impl Fn(&Node) -> Result<T, Fault>,
    ) -> Option<Vec<T>> {
        let entry = self.entry(key)?;
        let items = match &entry.value.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&entry.value),
        };
        let read = |item| {
            read(item)
                .map_err(|fault| self.fault(entry, &item.span, fault))
                .ok()
        };
        Some(items.iter().filter_map(read).collect())
    }

    /// A section of its own; where the file has none, `read` sees an empty one.
    pub(super) fn section<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Section<'a>) -> T,
    ) -> Option<T> {
        let (span, entries) = match self.entry(key) {
            Some(entry) => {
                let entries =
                    |node: &'a Node| node.entries().ok_or_else(|| expected("a map", node));
                (entry.key_span.clone(), self.convert(entry, entries)?)
            }
            None => (self.span.clone(), &[][..]),
        };
        Some(Section::read(
            self.below(key),
            span,
            entries,
            self.problems,
            read,
        ))
    }
}

pub(super) fn expected(what: &str, node: &Node) -> Fault {
    Fault(
        format!("expected {what}, found {}", node.kind()),
        String::new(),
    )
}

/// A scalar as it is written, quoted or not: `3.10` stays `3.10`.
pub(super) fn written(node: &Node) -> Result<&str, Fault> {
    node.text().ok_or_else(|| {
        let Fault(title, label) = expected("text", node);
        let template = matches!(&node.value, Value::Map(entries) if entries.is_empty());
        Fault(
            title,
            if template {
                "quote text that holds `{{`".into()
            } else {
                label
            },
        )
    })
}

pub(super) fn text<T: Text>(node: &Node) -> Result<T, Fault> {
    let text = written(node)?;
    T::try_from(text).map_err(|invalid| Fault(format!("not {}", T::WHAT), invalid.to_string()))
}

fn boolean(node: &Node) -> Result<bool, Fault> {
    match (node.plain(), node.text()) {
        (Some(Plain::Bool(value)), _) => Ok(value),
        (Some(Plain::MaybeBool(meant)), _) => {
            Err(Fault("not a boolean".into(), format!("write `{meant}`")))
        }
        (None, Some("true" | "false")) => {
            Err(Fault("not a boolean".into(), "remove the quotes".into()))
        }
        (_, Some(_)) => Err(Fault(
            "not a boolean".into(),
            "write `true` or `false`".into(),
        )),
        _ => Err(expected("a boolean", node)),
    }
}

pub(super) fn number(node: &Node, range: &RangeInclusive<u32>) -> Result<u32, Fault> {
    let allowed = format!("{} to {}", range.start(), range.end());
    match (node.plain(), node.text()) {
        (Some(Plain::Int(number)), _) => {
            let number = u32::try_from(number)
                .ok()
                .filter(|number| range.contains(number));
            number.ok_or(Fault("out of range".into(), allowed))
        }
        (Some(Plain::OddNumber), _) => Err(Fault(
            "not a plain number".into(),
            "write decimal digits, no zero first".into(),
        )),
        (None, Some(text)) if text.parse::<u32>().is_ok() => {
            Err(Fault("not a number".into(), "remove the quotes".into()))
        }
        (_, Some(_)) => Err(Fault("not a whole number".into(), allowed)),
        _ => Err(expected("a number", node)),
    }
}

/// `30` and `30s`, `500ms`, `2m`.
fn duration(node: &Node) -> Result<Duration, Fault> {
    let says = || {
        Fault(
            "not a duration".into(),
            "write seconds, or such as `500ms`, `30s`, `2m`".into(),
        )
    };
    let text = written(node)?;
    let unit = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit);
    let count: u32 = digits.parse().map_err(|_| says())?;
    match unit {
        "ms" => Ok(Duration::from_millis(count.into())),
        "" | "s" => Ok(Duration::from_secs(count.into())),
        "m" => Ok(Duration::from_secs(60 * u64::from(count))),
        "h" => Ok(Duration::from_secs(3600 * u64::from(count))),
        _ => Err(says()),
    }
}
