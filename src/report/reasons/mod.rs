//! What the script's reasons mean, and what to do about them. A reason that is not listed here still prints, with its
//! fields.

mod failed;
mod refused;
mod release;
mod warned;

pub(super) use failed::failed;
pub(super) use refused::refused;
pub(super) use warned::{unknown_service, warned};

use super::words::{harmless, listed};
use crate::event::Fields;

/// A clause without the host's state, and the next command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

/// A field's text, harmless; `?` where the host did not send it.
fn text(fields: &Fields, key: &str) -> String {
    fields
        .get(key)
        .map_or_else(|| "?".to_owned(), |value| harmless(value))
}

fn described(reason: &str, fields: &Fields) -> String {
    let reason = harmless(reason);
    if fields.is_empty() {
        reason
    } else {
        format!("{reason} ({})", listed(fields))
    }
}

/// Bytes as people read them; anything else as it is.
pub(in crate::report) fn size(text: &str) -> String {
    let (number, unit) = match text.strip_suffix("kB") {
        Some(number) => (number, 1024),
        None => (text, 1),
    };
    let Ok(bytes) = number
        .parse::<u64>()
        .map(|number| number.saturating_mul(unit))
    else {
        return harmless(text);
    };
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}
