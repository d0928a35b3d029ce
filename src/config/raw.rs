//! YAML text -> [`Node`]: anchors and merge keys resolved, duplicate keys refused, every size bounded.

use std::collections::BTreeMap;

use serde_yaml::granit_parser::{
    Event, Options, Parser, ScalarStyle, ScanError, Span as Place, options,
};

use super::error::{Problem, Problems, quoted};
use super::node::{Entry, Node, Span, Value};

/// Deeper than any section; a bound on recursion, which aliases could otherwise make as deep as the file is long.
const DEEPEST: usize = 16;

/// Aliases of aliases multiply: a bound on the bytes they may come to.
const HEAVIEST: usize = 8 << 20;

/// The file's one document, or `None` if it cannot be read to its end.
pub(super) fn parse(source: &str, problems: &Problems) -> Option<Node> {
    if let Some(at) = source.find(|letter: char| letter == '\0') {
        problems.add(Problem::new(at..at + 1, "NUL character in the file", ""));
        return None;
    }
    let mut builder = Builder {
        source,
        problems,
        open: vec![],
        anchors: BTreeMap::new(),
        root: None,
        weight: 0,
    };
    for event in Parser::new_from_str_with_options(source, settings()) {
        let read = match event {
            Ok((event, place)) => builder.take(event, &place),
            Err(error) => Err(syntax(source, &error)),
        };
        if let Err(problem) = read {
            problems.add(problem);
            return None;
        }
    }
    if builder.root.is_none() {
        problems.add(Problem::new(0..0, "the file is empty", "start with `app:`"));
    }
    builder.root
}

fn settings() -> Options {
    options! {
        emit_comments: false,
        strict_indentation: true,
        disallow_directives: true,
        block_nesting_limit: DEEPEST,
        flow_nesting_limit: DEEPEST,
    }
}

fn syntax(source: &str, error: &ScanError) -> Problem {
    let at = error
        .marker()
        .byte_offset()
        .unwrap_or(source.len())
        .min(source.len());
    let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = source[line_start..]
        .chars()
        .take_while(|letter| letter.is_whitespace() && *letter != '\n');
    if let Some(tab) = indent.clone().position(|letter| letter == '\t') {
        return Problem::new(
            line_start + tab..line_start + tab + 1,
            "not YAML: a tab indents",
            "use spaces",
        );
    }
    Problem::new(at..at, format!("not YAML: {}", error.kind()), "")
}

/// A list or map whose end has not been read.
struct Open {
    anchor: usize,
    span: Span,
    content: Content,
    /// Of the deepest node inside, counted from here.
    height: usize,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<Key>,
        merged: Vec<Entry>,
    },
}

enum Key {
    Name(String, Span),
    /// Reported; its value is read and dropped.
    Bad,
}

struct Builder<'a> {
    source: &'a str,
    problems: &'a Problems,
    open: Vec<Open>,
    /// By the parser's number; with the node's height.
    anchors: BTreeMap<usize, (Node, usize)>,
    root: Option<Node>,
    weight: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, place: &Place) -> Result<(), Problem> {
        let span = place.byte_range().unwrap_or(0..0);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Problem::new(
                span,
                "a second document",
                "keep one document in the file",
            )),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span);
                let value = Value::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                self.put(anchor, Node { span, value }, 0)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span);
                self.start(anchor, span, Content::List(vec![]))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span);
                self.start(
                    anchor,
                    span,
                    Content::Map {
                        entries: vec![],
                        key: None,
                        merged: vec![],
                    },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span.end),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some((node, height)) => {
                    self.weight += weight(&node);
                    self.put(0, node, height)
                }
                None => Err(Problem::new(span, "an alias inside what it stands for", "")),
            },
            _ => Ok(()),
        }
    }

    fn refuse_tag(&self, tagged: bool, span: &Span) {
        if tagged {
            self.problems.add(Problem::new(
                span.clone(),
                "a YAML tag",
                "remove it, and quote text",
            ));
        }
    }

    fn start(&mut self, anchor: usize, span: Span, content: Content) -> Result<(), Problem> {
        self.bounded(&span, 0)?;
        self.open.push(Open {
            anchor,
            span,
            content,
            height: 0,
        });
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map {
                mut entries,
                merged,
                ..
            } => {
                for entry in merged {
                    if entries.iter().all(|own| own.key != entry.key) {
                        entries.push(entry);
                    }
                }
                Value::Map(entries)
            }
        };
        let span = open.span.start..end.max(open.span.end);
        self.put(open.anchor, Node { span, value }, open.height)
    }

    /// Gives a finished node to the list or map it stands in.
    fn put(&mut self, anchor: usize, node: Node, height: usize) -> Result<(), Problem> {
        self.weight += own_weight(&node);
        self.bounded(&node.span, height)?;
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), height));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.height = parent.height.max(height + 1);
        match &mut parent.content {
            Content::List(items) => items.push(node),
            Content::Map {
                entries,
                key,
                merged,
            } => match key.take() {
                None => *key = Some(key_of(node, self.source, self.problems)),
                Some(Key::Bad) => {}
                Some(Key::Name(name, span)) if name == "<<" => {
                    merge(&span, node, merged, self.problems)
                }
                Some(Key::Name(key, key_span)) => {
                    match entries.iter().find(|entry| entry.key == key) {
                        Some(first) => {
                            let line = self.source[..first.key_span.start].lines().count().max(1);
                            let title = format!("duplicate key {}", quoted(&key));
                            let label = format!("first at line {line}");
                            self.problems.add(Problem::new(key_span, title, label));
                        }
                        None => entries.push(Entry {
                            key,
                            key_span,
                            value: node,
                        }),
                    }
                }
            },
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
                "aliases make the file too large",
                "",
            ));
        }
        Ok(())
    }
}

fn own_weight(node: &Node) -> usize {
    const NODE: usize = 32;
    match &node.value {
        Value::Scalar { text, .. } => NODE + text.len(),
        _ => NODE,
    }
}

fn weight(node: &Node) -> usize {
    own_weight(node)
        + match &node.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(weight).sum(),
            Value::Map(entries) => entries.iter().map(|entry| weight(&entry.value)).sum(),
        }
}

fn key_of(node: Node, source: &str, problems: &Problems) -> Key {
    match node.value {
        Value::Scalar { text, .. } => Key::Name(text, node.span),
        Value::List(_) | Value::Map(_) => {
            let template = source[..node.span.start].ends_with('{');
            let label = if template {
                "quote text that holds `{{`"
            } else {
                ""
            };
            problems.add(Problem::new(node.span, "a list or map as a key", label));
            Key::Bad
        }
    }
}

/// `<<: *base` or `<<: [*one, *two]`: what the map itself says wins, then the first.
fn merge(span: &Span, node: Node, merged: &mut Vec<Entry>, problems: &Problems) {
    match node.value {
        Value::Map(entries) => {
            for entry in entries {
                if merged.iter().all(|own| own.key != entry.key) {
                    merged.push(entry);
                }
            }
        }
        Value::List(items) => items.into_iter().for_each(|item| match item.value {
            Value::Map(_) => merge(span, item, merged, problems),
            _ => problems.add(Problem::new(item.span, "`<<` takes maps", "")),
        }),
        Value::Scalar { .. } => problems.add(Problem::new(
            span.clone(),
            "`<<` takes a map",
            "name it by `*`",
        )),
    }
}
