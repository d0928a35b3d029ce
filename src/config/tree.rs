//! A tree built from the events of a parser: anchors and merge keys resolved, duplicate keys
//! reported, size and depth bounded.

use std::collections::BTreeMap;

use super::error::{Problem, Problems, quoted};
use super::node::{Entry, Node, Span, Value};

/// Deeper than any section; bounds recursion, which aliases could make as deep as the file is long.
pub(super) const DEEPEST: usize = 16;

/// Aliases of aliases multiply: a bound on the bytes they may come to, each node counted as [`NODE`].
const HEAVIEST: usize = 8 << 20;
const NODE: usize = 512;

pub(super) struct Tree<'a> {
    source: &'a str,
    problems: &'a Problems,
    open: Vec<Open>,
    /// By the parser's number; 0 is no anchor.
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    weight: usize,
}

/// A list or map whose end has not been read.
struct Open {
    anchor: usize,
    start: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Map),
}

#[derive(Default)]
struct Map {
    entries: Vec<Entry>,
    /// Read, its value not yet.
    key: Option<(String, Span)>,
    /// What `<<` brought.
    merged: Vec<Entry>,
    broken: bool,
}

impl<'a> Tree<'a> {
    pub(super) fn new(source: &'a str, problems: &'a Problems) -> Self {
        Self {
            source,
            problems,
            open: vec![],
            anchors: BTreeMap::new(),
            root: None,
            weight: 0,
        }
    }

    pub(super) fn root(self) -> Option<Node> {
        self.root
    }

    pub(super) fn document(&self, span: Span) -> Result<(), Problem> {
        let second = self.root.is_some();
        let problem = || Problem::new(span, "a second document", "keep one document in the file");
        if second { Err(problem()) } else { Ok(()) }
    }

    pub(super) fn open_list(&mut self, anchor: usize, span: Span) -> Result<(), Problem> {
        self.open(anchor, span, Content::List(vec![]))
    }

    pub(super) fn open_map(&mut self, anchor: usize, span: Span) -> Result<(), Problem> {
        self.open(anchor, span, Content::Map(Map::default()))
    }

    fn open(&mut self, anchor: usize, span: Span, content: Content) -> Result<(), Problem> {
        self.bounded(&span, 0)?;
        self.open.push(Open {
            anchor,
            start: span.start,
            content,
        });
        Ok(())
    }

    pub(super) fn close(&mut self, end: usize) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map(map) => map.close(),
        };
        self.put(
            open.anchor,
            Node {
                span: open.start..end.max(open.start),
                value,
            },
        )
    }

    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Problem> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(Problem::new(span, "an alias inside what it stands for", ""));
        };
        let (weight, height) = measure(&node);
        self.weight += weight;
        self.bounded(&span, height)?;
        self.put(0, node)
    }

    /// Gives a finished node to the list or map it stands in.
    pub(super) fn put(&mut self, anchor: usize, node: Node) -> Result<(), Problem> {
        self.weight += own_weight(&node);
        self.bounded(&node.span, 0)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(map)) => map.put(node, self.source, self.problems),
        }
        Ok(())
    }

    fn bounded(&self, span: &Span, height: usize) -> Result<(), Problem> {
        if self.open.len() + height > DEEPEST {
            return Err(Problem::new(span.clone(), "nested too deeply", ""));
        }
        if self.weight > HEAVIEST {
            return Err(Problem::new(
                span.clone(),
                "too many values, aliases included",
                "",
            ));
        }
        Ok(())
    }
}

impl Map {
    fn put(&mut self, node: Node, source: &str, problems: &Problems) {
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

    fn close(mut self) -> Value {
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

fn own_weight(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { text, .. } => NODE + text.len(),
        _ => NODE,
    }
}

/// Weight and height of a node with all it holds.
fn measure(node: &Node) -> (usize, usize) {
    let below: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        Value::Map(entries) => entries.iter().map(|entry| &entry.value).collect(),
        Value::Scalar { .. } | Value::Broken => return (own_weight(node), 0),
    };
    below
        .into_iter()
        .map(measure)
        .fold((own_weight(node), 1), |(weight, height), below| {
            (weight + below.0, height.max(below.1 + 1))
        })
}
