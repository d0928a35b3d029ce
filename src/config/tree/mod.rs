//! A tree built from the events of a parser: anchors and merge keys resolved, duplicate keys
//! reported, size and depth bounded.

mod map;

use std::collections::BTreeMap;

use super::node::{Node, Span, Value};
use super::problem::{Problem, Problems};
use map::Map;

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
