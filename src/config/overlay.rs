//! An environment laid over what all environments share.

use std::mem;

use super::node::{Entry, Value};

/// Maps merge, at any depth; lists and scalars replace. So does what says where one secret comes from, which is one
/// value: `{command: ...}` over `{env: ...}` would be both. The same holds for a certificate.
pub(super) fn overlay<'a>(
    base: Vec<Entry>,
    over: impl IntoIterator<Item = &'a Entry>,
) -> Vec<Entry> {
    lay(base, over, |key| match key {
        "secrets" => sources,
        "token" | "tls" => replace,
        _ => |base, over| overlay(base, over),
    })
}

/// How the entries of a map go over those of another.
type Lay = fn(Vec<Entry>, &[Entry]) -> Vec<Entry>;

fn replace(_: Vec<Entry>, over: &[Entry]) -> Vec<Entry> {
    over.to_vec()
}

fn sources(base: Vec<Entry>, over: &[Entry]) -> Vec<Entry> {
    lay(base, over, |_| replace)
}

fn lay<'a>(
    base: Vec<Entry>,
    over: impl IntoIterator<Item = &'a Entry>,
    below_key: fn(&str) -> Lay,
) -> Vec<Entry> {
    let mut merged = base;
    for entry in over {
        match merged.iter_mut().find(|below| below.key == entry.key) {
            Some(below) => {
                let below_value = mem::replace(&mut below.value, entry.value.clone()).value;
                below.key_span = entry.key_span.clone();
                if let (Value::Map(base), Value::Map(over)) = (below_value, &entry.value.value) {
                    below.value.value = Value::Map(below_key(&entry.key)(base, over));
                }
            }
            None => merged.push(entry.clone()),
        }
    }
    merged
}
