//! Who has the environment to himself, since when and what for: a run that holds the lock, or a freeze.

use super::words::harmless;
use crate::event::Fields;
use jiff::Timestamp;

/// Older than this, a time of day alone would mislead.
const TODAY: u64 = 12 * 3600;

/// `by anna@laptop since 14:02 UTC (6 min): push of 3f2a1bc`, as far as it is known.
pub(super) fn held(fields: &Fields) -> String {
    let by = named(fields);
    match (fields.get("kind"), fields.get("run")) {
        (None, None) => by,
        (Some(kind), run) => format!("{by}: {}", work(kind, run.map_or("", String::as_str))),
        (None, Some(run)) => format!("{by}: run {}", harmless(run)),
    }
}

/// `by anna@laptop since 2026-11-20 14:02 UTC (3 days): "until Monday"`
pub(super) fn frozen(fields: &Fields) -> String {
    let message = fields.get("message").map_or("", String::as_str);
    format!("{}: \"{}\"", named(fields), harmless(message))
}

/// `by anna@laptop since 14:02 UTC (6 min): "back at noon"; 192.0.2.7 gets the site`
pub(super) fn maintenance(fields: &Fields) -> String {
    let message = fields.get("message").filter(|message| !message.is_empty());
    let text = match message {
        Some(message) => format!("{}: \"{}\"", named(fields), harmless(message)),
        None => named(fields),
    };
    let allow: Vec<String> = fields
        .get("allow")
        .map(|allow| allow.split_whitespace().map(harmless).collect())
        .unwrap_or_default();
    match &allow[..] {
        [] => text,
        [one] => text + &format!("; {one} gets the site"),
        several => text + &format!("; {} get the site", several.join(", ")),
    }
}

/// `push of 3f2a1bc`; what other runs are about has no short name.
pub(super) fn work(kind: &str, run: &str) -> String {
    match run.rsplit_once('-') {
        Some((_, revision)) if kind == "push" => format!("push of {}", harmless(revision)),
        _ => harmless(kind),
    }
}

fn named(fields: &Fields) -> String {
    let by = fields
        .get("by")
        .filter(|by| !matches!(by.as_str(), "" | "-"))
        .map_or_else(
            || "by somebody".to_owned(),
            |by| format!("by {}", harmless(by)),
        );
    match (number(fields, "since"), number(fields, "age")) {
        (Some(since), Some(age)) => format!("{by} since {} ({})", moment(since, age), ago(age)),
        _ => by,
    }
}

pub(super) fn number(fields: &Fields, key: &str) -> Option<u64> {
    fields.get(key)?.parse().ok()
}

fn moment(since: u64, age: u64) -> String {
    let form = if age < TODAY {
        "%H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M UTC"
    };
    i64::try_from(since)
        .ok()
        .and_then(|since| Timestamp::from_second(since).ok())
        .map_or_else(|| "?".to_owned(), |since| since.strftime(form).to_string())
}

/// `12 s`, `6 min`, `5 h`, `3 days`
pub(super) fn ago(age: u64) -> String {
    match age {
        0..60 => format!("{age} s"),
        60..3600 => format!("{} min", age / 60),
        3600..172_800 => format!("{} h", age / 3600),
        _ => format!("{} days", age / 86_400),
    }
}
