//! Where secrets come from. What is wrong is never shown: somebody may have written the secret itself.

use std::collections::BTreeMap;

use super::env::key;
use super::{Fault, Section, text, written};
use crate::config::SecretSource;
use crate::config::node::{Entry, Node, Plain, Value};
use crate::config::values::{EnvKey, VariableName};

pub(super) fn secrets(root: &Section<'_>) -> BTreeMap<EnvKey, SecretSource> {
    match root.peek("secrets").map(|node| &node.value) {
        // As an environment may write that it has none of those that all share.
        Some(Value::List(names)) if names.is_empty() => {
            root.list("secrets", item).into_iter().collect()
        }
        Some(Value::List(_)) => listed(root),
        _ => root.section("secrets", named).unwrap_or_default(),
    }
}

/// `[SECRET_KEY]`: the client's variable of the same name.
fn listed(root: &Section<'_>) -> BTreeMap<EnvKey, SecretSource> {
    let same = |one: &(EnvKey, SecretSource), other: &(EnvKey, SecretSource)| one.0 == other.0;
    let listed = root.several("secrets", item, same);
    listed.unwrap_or_default().into_iter().collect()
}

fn item(node: &Node) -> Result<(EnvKey, SecretSource), Fault> {
    if node.entries().is_some() {
        let label = "in a list, only names; write a map to say where each comes from";
        return Err(Fault::new("expected text, found a map", label));
    }
    let variable: VariableName = text(node)?;
    Ok((text(node)?, SecretSource::Variable(variable)))
}

fn named(section: &Section<'_>) -> BTreeMap<EnvKey, SecretSource> {
    let read = |entry| {
        let source = one(section, entry);
        Some((key(section, entry)?, source?))
    };
    section.every().iter().filter_map(read).collect()
}

/// One secret that has a key of its own.
pub(super) fn only(parent: &Section<'_>, key: &'static str) -> Option<SecretSource> {
    one(parent, parent.asked_for(key)?)
}

fn one(section: &Section<'_>, entry: &Entry) -> Option<SecretSource> {
    let from = "write `{env: VARIABLE}` or `{command: [...]}`";
    let fault = match (&entry.value.value, entry.value.plain()) {
        (Value::Map(_) | Value::Broken, _) => return section.inner(entry, source)?,
        (_, Some(Plain::Null)) => Fault::new("it does not say where it comes from", from),
        (Value::List(_), _) => Fault::new("expected a map, found a list", from),
        _ => Fault::new("a secret does not stand in the file", from),
    };
    let span = if entry.value.is_null() {
        &entry.key_span
    } else {
        &entry.value.span
    };
    section.fault(&entry.key, span, fault);
    None
}

/// `{env: VARIABLE}` or `{command: ..., timeout: 30s}`.
pub(super) fn source(section: &Section<'_>) -> Option<SecretSource> {
    let variable: Option<VariableName> = section.optional("env");
    let argv = section.with("command", argv);
    let timeout = section.seconds("timeout", 1..=600, 30);
    if section.has("env") && section.has("command") {
        section.refuse("command", "`env` is there too", "keep one of the two");
        return None;
    }
    if !section.has("command") {
        section.must_have("env", "add `env: VARIABLE` or `command: [...]`");
        section.refuse("timeout", "it is for a `command`", "remove it");
    }
    let command = |argv| SecretSource::Command { argv, timeout };
    variable
        .map(SecretSource::Variable)
        .or_else(|| argv.map(command))
}

/// A list is a program with its arguments, text is for `sh`.
pub(super) fn argv(node: &Node) -> Result<Vec<String>, Fault> {
    let words = match &node.value {
        Value::List(words) => words.iter().map(word).collect::<Result<_, _>>()?,
        _ => vec![word(node)?],
    };
    let first: &str = words.first().map_or("", String::as_str);
    if first.trim().is_empty() {
        return Err(Fault::new("no command", "name a program"));
    }
    Ok(match &node.value {
        Value::List(_) => words,
        _ => ["sh", "-c"]
            .map(str::to_owned)
            .into_iter()
            .chain(words)
            .collect(),
    })
}

fn word(node: &Node) -> Result<String, Fault> {
    let word = written(node)?;
    if word.contains('\0') {
        return Err(Fault::new("a NUL character", "no argument can hold it"));
    }
    Ok(word.to_owned())
}
