//! What one value of the file may be, and what is said of one that is not.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::node::{Node, Plain};
use crate::config::values::Text;

/// What is wrong with a value, before its place is known; beside the carets stands what to do.
pub(in crate::config) struct Fault {
    pub says: String,
    pub label: String,
}

impl Fault {
    pub(in crate::config) fn new(says: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            says: says.into(),
            label: label.into(),
        }
    }

    pub(in crate::config) fn expected(what: &str, node: &Node) -> Self {
        Self::new(format!("expected {what}, found {}", node.kind()), "")
    }
}

/// A scalar as it is written, quoted or not: `3.10` stays `3.10`.
pub(in crate::config) fn written(node: &Node) -> Result<&str, Fault> {
    node.text().ok_or_else(|| Fault::expected("text", node))
}

pub(in crate::config) fn text<T: Text>(node: &Node) -> Result<T, Fault> {
    let invalid = |invalid| Fault::new(format!("not {}", T::WHAT), format!("{invalid}"));
    T::try_from(written(node)?).map_err(invalid)
}

pub(super) fn boolean(node: &Node) -> Result<bool, Fault> {
    let fault = |label: String| Err(Fault::new("not a boolean", label));
    match (node.plain(), node.text()) {
        (Some(Plain::Bool(value)), _) => Ok(value),
        (Some(Plain::MaybeBool(meant)), _) => fault(format!("write `{meant}`")),
        (None, Some("true" | "false")) => fault("remove the quotes".into()),
        (_, Some(_)) => fault("write `true` or `false`".into()),
        _ => Err(Fault::expected("a boolean", node)),
    }
}

pub(super) fn number(node: &Node, range: &RangeInclusive<u32>) -> Result<u32, Fault> {
    let allowed = || format!("{} to {}", range.start(), range.end());
    match (node.plain(), node.text()) {
        (Some(Plain::Int(number)), _) => {
            let number = u32::try_from(number)
                .ok()
                .filter(|number| range.contains(number));
            number.ok_or_else(|| Fault::new("out of range", allowed()))
        }
        (Some(Plain::OddNumber), _) => Err(Fault::new(
            "not a plain number",
            "write decimal digits, no zero first",
        )),
        (None, Some(text)) if text.parse::<u32>().is_ok() => {
            Err(Fault::new("not a number", "remove the quotes"))
        }
        (_, Some(_)) => Err(Fault::new("not a whole number", allowed())),
        _ => Err(Fault::expected("a number", node)),
    }
}

/// Whole seconds: what gunicorn and systemd take.
pub(super) fn seconds(node: &Node, range: &RangeInclusive<u64>) -> Result<Duration, Fault> {
    let time = duration(node)?;
    if time.subsec_nanos() == 0 && range.contains(&time.as_secs()) {
        return Ok(time);
    }
    Err(Fault::new(
        "out of range",
        format!("{}s to {}s, whole seconds", range.start(), range.end()),
    ))
}

pub(super) fn millis(node: &Node, range: &RangeInclusive<u64>) -> Result<Duration, Fault> {
    let time = duration(node)?;
    let [least, most] = [range.start(), range.end()].map(|&limit| Duration::from_millis(limit));
    if (least..=most).contains(&time) {
        return Ok(time);
    }
    Err(Fault::new("out of range", format!("{least:?} to {most:?}")))
}

/// `30` and `30s`, `500ms`, `2m`, `365d`.
fn duration(node: &Node) -> Result<Duration, Fault> {
    let fault = || {
        Fault::new(
            "not a duration",
            "write seconds, or a number and `ms`, `s`, `m`, `h` or `d`",
        )
    };
    let text = written(node)?;
    let unit = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit);
    let count: u32 = digits.parse().map_err(|_| fault())?;
    match unit {
        "ms" => Ok(Duration::from_millis(count.into())),
        "" | "s" => Ok(Duration::from_secs(count.into())),
        "m" => Ok(Duration::from_secs(60 * u64::from(count))),
        "h" => Ok(Duration::from_secs(3600 * u64::from(count))),
        "d" => Ok(Duration::from_secs(86_400 * u64::from(count))),
        _ => Err(fault()),
    }
}
