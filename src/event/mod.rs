//! Facts on the wire, as values. The grammar is in `docs/reference/protocol.md`.

mod line;
mod parser;
mod text;

pub use parser::Parser;
pub use text::visible;

use std::collections::BTreeMap;
use std::time::Duration;

/// What one line from a host says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Hello {
        run: String,
        login: String,
        machine: String,
    },
    StepStarted {
        step: String,
    },
    StepFinished {
        step: String,
        rc: i32,
        time: Duration,
    },
    Decided {
        what: String,
        value: String,
        why: Option<String>,
    },
    Fact {
        what: String,
        fields: Fields,
    },
    Warned {
        reason: String,
        fields: Fields,
    },
    Refused {
        reason: String,
        fields: Fields,
    },
    Failed {
        step: String,
        fields: Fields,
    },
    ExcerptStarted {
        source: String,
    },
    ExcerptEnded,
    /// A part of the list of what the host has for a storage, packed.
    Offered {
        part: String,
    },
    /// That list is at its end; a part of it may not have arrived.
    OfferEnded {
        words: Option<usize>,
    },
    /// The host waits for what the client is to build.
    Wanted,
    /// The gates are passed; what is left before `ready` takes a moment.
    Almost,
    Ready,
    /// The host's part between the barriers is over.
    Migrated {
        /// Something was pending, so the database is another one now.
        ran: bool,
    },
    Live {
        release: String,
        revision: String,
        previous: Option<String>,
    },
    State {
        value: String,
    },
    Ended {
        outcome: Outcome,
        fields: Fields,
    },
    /// A line of the running step's own output, control characters made visible.
    Output(String),
}

/// The `key=value` pairs of an event, decoded.
pub type Fields = BTreeMap<String, String>;

/// How a run on one host ended; what each leaves is in the protocol's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Live,
    Unchanged,
    Done,
    Locked,
    Refused,
    PrepareFailed,
    MigrateFailed,
    Aborted,
    Restored,
    Reverted,
    Broken,
}

impl Outcome {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Unchanged => "unchanged",
            Self::Done => "done",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::PrepareFailed => "prepare-failed",
            Self::MigrateFailed => "migrate-failed",
            Self::Aborted => "aborted",
            Self::Restored => "restored",
            Self::Reverted => "reverted",
            Self::Broken => "broken",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [
            Self::Live,
            Self::Unchanged,
            Self::Done,
            Self::Locked,
            Self::Refused,
            Self::PrepareFailed,
            Self::MigrateFailed,
            Self::Aborted,
            Self::Restored,
            Self::Reverted,
            Self::Broken,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == word)
    }
}
