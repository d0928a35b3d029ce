//! YAML text -> [`Node`]: the one place that knows the parser.

use serde_yaml::granit_parser::{
    ErrorKind as Fault, Event, Options, Parser, ScalarStyle, ScanError, options,
};

use super::node::{Node, Span, Value};
use super::problem::{Problem, Problems};
use super::tree::{DEEPEST, Tree};
use super::words::quoted;

/// The file's one document, or `None` if it cannot be read to its end.
pub(super) fn parse(source: &str, problems: &Problems) -> Option<Node> {
    if let Some(at) = source.find('\0') {
        problems.add(Problem::new(at..at + 1, "a NUL character in the file", ""));
        return None;
    }
    let mut tree = Tree::new(source, problems);
    for event in Parser::new_from_str_with_options(source, settings()) {
        let read = match event {
            Ok((event, place)) => {
                if let Some(tag) = place.tag_span() {
                    let span = tag.byte_range().unwrap_or(0..0);
                    problems.add(Problem::new(
                        span,
                        "a YAML tag",
                        "remove it, and quote text",
                    ));
                }
                take(&mut tree, event, place.byte_range().unwrap_or(0..0))
            }
            Err(error) => Err(syntax(source, &error)),
        };
        if let Err(problem) = read {
            problems.add(problem);
            return None;
        }
    }
    let root = tree.root();
    if root.is_none() {
        problems.add(Problem::new(0..0, "the file is empty", "start with `app:`"));
    }
    root
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

fn take(tree: &mut Tree<'_>, event: Event<'_>, span: Span) -> Result<(), Problem> {
    match event {
        Event::DocumentStart(..) => tree.document(span),
        Event::Scalar(text, style, anchor, _) => {
            let value = Value::Scalar {
                text: text.into_owned(),
                plain: style == ScalarStyle::Plain,
            };
            tree.put(anchor, Node { span, value })
        }
        Event::SequenceStart(_, anchor, _) => tree.open_list(anchor, span),
        Event::MappingStart(_, anchor, _) => tree.open_map(anchor, span),
        Event::SequenceEnd | Event::MappingEnd => tree.close(span.end),
        Event::Alias(anchor) => tree.alias(anchor, span),
        _ => Ok(()),
    }
}

fn syntax(source: &str, error: &ScanError) -> Problem {
    let at = error
        .marker()
        .byte_offset()
        .unwrap_or(source.len())
        .min(source.len());
    let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = source[line_start..].lines().next().unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    if let Some(tab) = indent.find('\t') {
        let tab = line_start + tab;
        return Problem::new(
            tab..tab + 1,
            "not YAML: a tab in the indentation",
            "use spaces",
        );
    }
    let label = match error.kind() {
        Fault::UnknownAnchor => "quote text that starts with `*`; an anchor stands above its alias",
        Fault::InvalidTrailingSingleQuotedScalar => "write `''` for a quote inside single quotes",
        Fault::InvalidTrailingDoubleQuotedScalar => {
            r#"write `\"` for a quote inside double quotes"#
        }
        Fault::UnknownQuotedScalarEscape => "single quotes keep a backslash as it is",
        Fault::SimpleKeyExpected => "is there a space after the colon?",
        Fault::InvalidIndentation => "is a bracket left open above?",
        Fault::InvalidQuotedScalarIndent => "is a quote left open above?",
        Fault::MappingValueNotAllowed => "quote text that holds `: `, or look at the line above",
        Fault::UnexpectedCharacter { character } if !character.is_control() => {
            "quote text that starts with it"
        }
        _ => "",
    };
    let says = match error.kind() {
        Fault::UnexpectedCharacter { character } => {
            format!(
                "not YAML: unexpected character {}",
                quoted(&character.to_string())
            )
        }
        fault => format!("not YAML: {fault}"),
    };
    Problem::new(at..at, says, label)
}
