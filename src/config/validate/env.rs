use std::collections::BTreeMap;

use super::{Fault, Section};
use crate::config::SecretSource;
use crate::config::node::{Entry, Node, Plain, Value};
use crate::config::values::{EnvKey, LONGEST_VALUE, Text, Unholdable, holdable};

/// None of its keys may be one of `secrets` too.
pub(super) fn env(
    section: &Section<'_>,
    secrets: &BTreeMap<EnvKey, SecretSource>,
) -> BTreeMap<EnvKey, String> {
    let read = |entry| {
        let value = section.convert(entry, value);
        let key = key(section, entry)?;
        if secrets.contains_key(&key) {
            let fault = Fault::new("also one of `secrets`", "keep it in one of the two");
            section.fault(&entry.key, &entry.key_span, fault);
        }
        Some((key, value?))
    };
    let whole = |entry: &&Entry| !matches!(entry.value.value, Value::Broken);
    section
        .every()
        .iter()
        .filter(whole)
        .filter_map(read)
        .collect()
}

pub(super) fn key(section: &Section<'_>, entry: &Entry) -> Option<EnvKey> {
    let key = EnvKey::try_from(entry.key.as_str());
    if let Err(invalid) = key {
        let fault = Fault::new(format!("not {}", EnvKey::WHAT), invalid.to_string());
        section.fault(&entry.key, &entry.key_span, fault);
    }
    key.ok()
}

/// Text only: `022`, `no` and `3.10` mean something else to every reader of YAML.
fn value(node: &Node) -> Result<String, Fault> {
    let says = match node.plain() {
        Some(Plain::Null) => {
            let label = "write `\"\"` for an empty one, and quote what starts with `#`, `&` or `!`";
            return Err(Fault::new("no value", label));
        }
        Some(Plain::Bool(_) | Plain::MaybeBool(_)) => "a boolean to YAML",
        Some(Plain::Int(_) | Plain::Float(_) | Plain::OddNumber) => "a number to YAML",
        Some(Plain::Moment) => "a date or a time to YAML",
        Some(Plain::Text(_)) | None => {
            let text = node.text().ok_or_else(|| Fault::expected("text", node))?;
            return holdable(text).map(ToOwned::to_owned).map_err(unholdable);
        }
    };
    Err(Fault::new(
        says,
        "quote it, so that it stays as it is written",
    ))
}

fn unholdable(why: Unholdable) -> Fault {
    match why {
        Unholdable::Nul => Fault::new("a NUL character", "no variable can hold it"),
        Unholdable::Noncharacter => Fault::new(
            "a noncharacter of Unicode",
            "systemd reads no file that has one",
        ),
        Unholdable::TooLong => {
            Fault::new(format!("longer than {LONGEST_VALUE} bytes"), "use a file")
        }
    }
}
