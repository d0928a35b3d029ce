//! An environment laid over what all environments share.

use super::node::{Entry, Node, Value};

/// Maps merge, at any depth; lists and scalars replace.
pub(super) fn overlay(base: Vec<Entry>, over: &[Entry]) -> Vec<Entry> {
    let mut merged = base;
    for entry in over {
        match merged.iter_mut().find(|below| below.key == entry.key) {
            Some(below) => {
                let value = std::mem::replace(&mut below.value, entry.value.clone());
                *below = Entry {
                    value: lay(value, &entry.value),
                    ..entry.clone()
                };
            }
            None => merged.push(entry.clone()),
        }
    }
    merged
}

fn lay(base: Node, over: &Node) -> Node {
    match (base.value, &over.value) {
        (Value::Map(base), Value::Map(entries)) => Node {
            span: over.span.clone(),
            value: Value::Map(overlay(base, entries)),
        },
        _ => over.clone(),
    }
}
