//! What `history` answers.

use super::{Answer, Facts, all, of, parsed};

/// What was done on a host, the newest last.
pub fn history(host: &str, facts: Facts<'_>) -> Answer {
    let entries = all(facts, "history").filter_map(|fields| parsed(of(fields, "value")));
    Answer {
        kind: "history",
        host: host.to_owned(),
        lines: history_lines(host, facts),
        body: vec![("entries", entries.collect())],
    }
}

/// `web1  2026-11-22T14:10:07Z  push  20261122T141007Z-3f2a1bc  live  anna@laptop`, the newest last.
fn history_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
    let lines: Vec<String> = all(facts, "history")
        .filter_map(|fields| parsed(of(fields, "value")))
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or("?").to_owned();
            format!(
                "{host}  {}  {:8}  {:24}  {:8}  {}",
                text("time"),
                text("kind"),
                text("release"),
                text("outcome"),
                text("by")
            )
        })
        .collect();
    if lines.is_empty() {
        return vec![format!("{host}  nothing was done yet")];
    }
    lines
}
