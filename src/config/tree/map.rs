use crate::config::node::{Entry, Node, Span, Value};
use crate::config::problem::{Problem, Problems};
use crate::config::words::quoted;

/// A map whose end has not been read.
#[derive(Default)]
pub(super) struct Map {
    entries: Vec<Entry>,
    /// Read, its value not yet.
    key: Option<(String, Span)>,
    /// What `<<` brought.
    merged: Vec<Entry>,
    broken: bool,
}

impl Map {
    pub(super) fn put(&mut self, node: Node, source: &str, problems: &Problems) {
        match (self.key.take(), node.value) {
            (None, Value::Scalar { text, .. }) => self.key = Some((text, node.span)),
            (None, value) => {
                let template = source[..node.span.start].ends_with('{');
                let label = if template {
                    "quote text that holds `{{`"
                } else {
                    "a key is a word"
                };
                problems.add(Problem::new(
                    node.span.clone(),
                    "a list or map as a key",
                    label,
                ));
                self.broken = true;
                self.key = Some((String::new(), node.span));
                drop(value);
            }
            (Some((name, span)), value) if name == "<<" => {
                self.merge(
                    &span,
                    Node {
                        span: node.span,
                        value,
                    },
                    problems,
                );
            }
            (Some((key, key_span)), value) => {
                if let Some(first) = self.entries.iter().find(|entry| entry.key == key) {
                    let line = source[..first.key_span.start].matches('\n').count() + 1;
                    let title = format!("duplicate key {}", quoted(&key));
                    problems.add(Problem::new(
                        key_span,
                        title,
                        format!("first at line {line}"),
                    ));
                } else {
                    let value = Node {
                        span: node.span,
                        value,
                    };
                    self.entries.push(Entry {
                        key,
                        key_span,
                        value,
                    });
                }
            }
        }
    }

    /// `<<: *base` or `<<: [*one, *two]`: what the map itself says wins, then the first.
    fn merge(&mut self, key: &Span, node: Node, problems: &Problems) {
        match node.value {
            Value::Map(entries) => add_missing(&mut self.merged, entries),
            Value::List(items) if items.iter().all(|item| item.entries().is_some()) => {
                for item in items {
                    self.merge(key, item, problems);
                }
            }
            _ => problems.add(Problem::new(
                key.clone(),
                "`<<` takes maps",
                "name one by `*`",
            )),
        }
    }

    pub(super) fn close(mut self) -> Value {
        if self.broken {
            return Value::Broken;
        }
        add_missing(&mut self.entries, self.merged);
        Value::Map(self.entries)
    }
}

fn add_missing(entries: &mut Vec<Entry>, more: Vec<Entry>) {
    for entry in more {
        if entries.iter().all(|own| own.key != entry.key) {
            entries.push(entry);
        }
    }
}
