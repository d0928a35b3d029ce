//! An environment laid over what all environments share.

use std::mem;

use super::node::{Entry, Value};

/// Maps merge, at any depth; lists and scalars replace.
pub(super) fn overlay<'a>(
    base: Vec<Entry>,
    over: impl IntoIterator<Item = &'a Entry>,
) -> Vec<Entry> {
    let mut merged = base;
    for entry in over {
        match merged.iter_mut().find(|below| below.key == entry.key) {
            Some(below) => {
                let below_value = mem::replace(&mut below.value, entry.value.clone()).value;
                below.key_span = entry.key_span.clone();
                if let (Value::Map(base), Value::Map(over)) = (below_value, &entry.value.value) {
                    below.value.value = Value::Map(overlay(base, over));
                }
            }
            None => merged.push(entry.clone()),
        }
    }
    merged
}
