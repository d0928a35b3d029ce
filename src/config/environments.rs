//! The `environments` of a file, each laid over what all of them share.

use super::node::{Entry, Node, Span};
use super::overlay::overlay;
use super::problem::{Problem, Problems};
use super::values::{EnvName, Text};
use super::words::{enumerated, nearest, quoted, shortened};

pub(super) struct Environment {
    pub name: EnvName,
    /// As if the file had no other environment: its own keys over the shared ones.
    pub entries: Vec<Entry>,
    /// Where its own keys stand.
    pub part: Span,
}

/// Keys that are the same in all environments.
const FIXED: [&str; 2] = ["app", "environments"];

/// Each is read whole, so that their number multiplies the size of the file.
const MOST: usize = 50;

const ADD: &str = "add one with its hosts, such as `production: {hosts: deploy@web1}`";

pub(super) fn top<'a>(root: &'a Node, problems: &Problems) -> Option<&'a [Entry]> {
    let entries = root.entries();
    if entries.is_none() {
        let says = format!("expected a map, found {}", root.kind());
        let label = "write `key: value`, with a space after the colon";
        problems.add(Problem::new(root.span.clone(), says, label));
    }
    entries
}

pub(super) fn environments(base: &[Entry], problems: &Problems) -> Vec<Environment> {
    let Some(entry) = base.iter().find(|entry| entry.key == "environments") else {
        problems.add(missing(base));
        return vec![];
    };
    if entry.value.entries().is_none() && !entry.value.is_null() {
        let says = format!("environments: expected a map, found {}", entry.value.kind());
        problems.add(Problem::new(entry.key_span.clone(), says, ADD));
        return vec![];
    }
    let all = entry.value.entries().unwrap_or_default();
    if all.is_empty() {
        problems.add(Problem::new(
            entry.key_span.clone(),
            "environments: there is none",
            ADD,
        ));
    }
    if all.len() > MOST {
        let says = format!("environments: more than {MOST}");
        problems.add(Problem::new(entry.key_span.clone(), says, ""));
        return vec![];
    }
    let shared = shared(base, problems);
    all.iter()
        .filter_map(|entry| environment(entry, &shared, problems))
        .collect()
}

/// A misspelt key is not a missing one.
fn missing(base: &[Entry]) -> Problem {
    if let Some(entry) = base.iter().find(|entry| misspelt(entry, "environments")) {
        let says = format!("unknown key {}", quoted(&entry.key));
        return Problem::new(entry.key_span.clone(), says, "did you mean `environments`?");
    }
    let first = base.first().map_or(0..0, |first| first.key_span.clone());
    Problem::new(first, "missing key `environments`", ADD)
}

/// What all environments start from. Keys that start with `x-` are there for their anchors only.
fn shared(base: &[Entry], problems: &Problems) -> Vec<Entry> {
    if let Some(hosts) = base.iter().find(|entry| entry.key == "hosts") {
        // Inherited hosts would let a new environment deploy to those of another.
        let label = "name the hosts of each environment below it";
        problems.add(Problem::new(
            hosts.key_span.clone(),
            "`hosts` outside an environment",
            label,
        ));
    }
    let kept = |entry: &&Entry| {
        !entry.key.starts_with("x-") && !matches!(entry.key.as_str(), "hosts" | "environments")
    };
    base.iter().filter(kept).cloned().collect()
}

fn environment(entry: &Entry, shared: &[Entry], problems: &Problems) -> Option<Environment> {
    let path = format!("environments.{}", shortened(&entry.key));
    let report = |span: &Span, says: String, label: &str| {
        problems.add(Problem::new(span.clone(), says, label).below(&path));
    };
    let name = EnvName::try_from(entry.key.as_str());
    if let Err(invalid) = name {
        report(
            &entry.key_span,
            format!("not {}", EnvName::WHAT),
            &invalid.to_string(),
        );
    }
    let own = entry.value.entries().unwrap_or_default();
    if entry.value.entries().is_none() {
        report(
            &entry.key_span,
            format!("expected a map, found {}", entry.value.kind()),
            "its `hosts` stand below it, indented",
        );
    } else if !own
        .iter()
        .any(|entry| entry.key == "hosts" || misspelt(entry, "hosts"))
    {
        let label = "add `user@host`, `host`, or `local` for this machine";
        report(&entry.key_span, "missing key `hosts`".into(), label);
    }
    for fixed in own
        .iter()
        .filter(|entry| FIXED.contains(&entry.key.as_str()))
    {
        report(
            &fixed.key_span,
            format!("`{}` cannot be overridden", fixed.key),
            "remove it",
        );
    }
    let over = own
        .iter()
        .filter(|entry| !FIXED.contains(&entry.key.as_str()));
    Some(Environment {
        name: name.ok()?,
        entries: overlay(shared.to_vec(), over),
        part: entry.key_span.start..entry.value.span.end.max(entry.key_span.end),
    })
}

fn misspelt(entry: &Entry, key: &str) -> bool {
    nearest(&entry.key, [key]).is_some()
}

pub(super) fn unknown(base: &[Entry], names: &[String], wanted: &str) -> Problem {
    let known = || names.iter().map(String::as_str);
    let label = match nearest(wanted, known()) {
        Some(name) => format!(
            "did you mean `{name}`? the file has {}",
            enumerated(known())
        ),
        None => format!("the file has {}", enumerated(known())),
    };
    let entry = base.iter().find(|entry| entry.key == "environments");
    let span = entry.map_or(0..0, |entry| entry.key_span.clone());
    Problem::new(
        span,
        format!("unknown environment {}", quoted(wanted)),
        label,
    )
}
