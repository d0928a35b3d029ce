//! What commands that only look answer on standard output, as lines and as an object for each host.

mod history;
mod plan;
mod releases;
mod status;

use serde_json::{Value, json};

use super::verdict::Answer;
use crate::event::Fields;
pub use history::history;
pub use plan::plan;
pub use releases::releases;
pub use status::state;

/// The facts a host told, in its order.
pub(super) type Facts<'a> = &'a [(String, Fields)];

/// A key that the repository does not accept yet.
pub fn deploy_key(host: &str, key: &str) -> Answer {
    Answer {
        kind: "deploy-key",
        host: host.to_owned(),
        lines: vec![key.to_owned()],
        body: vec![("key", json!(key))],
    }
}

fn first<'a>(facts: Facts<'a>, what: &str) -> Option<&'a Fields> {
    facts
        .iter()
        .find(|(name, _)| name == what)
        .map(|(_, fields)| fields)
}

pub(super) fn all<'a>(facts: Facts<'a>, what: &'a str) -> impl Iterator<Item = &'a Fields> {
    facts
        .iter()
        .filter(move |(name, _)| name == what)
        .map(|(_, fields)| fields)
}

pub(super) fn of<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).map_or("", String::as_str)
}

/// `null` for what is empty.
fn text<'a>(fields: &'a Fields, key: &str) -> Option<&'a str> {
    Some(of(fields, key)).filter(|text| !text.is_empty())
}

fn said(facts: Facts<'_>, what: &str, key: &str) -> Value {
    json!(first(facts, what).map(|fields| of(fields, key)))
}

fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or("?")
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
