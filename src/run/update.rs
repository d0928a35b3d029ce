use super::Lost;
use crate::event::{Event, Fields, Outcome};
use std::time::Duration;

/// Something that happened to one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Index into the hosts of the fleet.
    pub host: usize,
    /// Since the fleet began to connect.
    pub at: Duration,
    pub news: News,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Connecting,
    Connected,
    Event(Event),
    Sent(Verb),
    /// The stream broke without an `end`; the host is being asked what became of the run.
    Asking,
    /// The user asked to stop. Every host that has not ended is told so.
    Interrupted(Signal),
    /// Time passes: the host may have been silent for long.
    Tick,
    /// The last news of every host.
    Ended(Ending),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The host said how the run ended.
    End { outcome: Outcome, fields: Fields },
    /// It did not, or nothing ran.
    Lost(Lost),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
}

/// What the client tells a host in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Hold,
    Migrate,
    Go,
    Finish,
    Revert,
    Abort,
}

impl Verb {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Migrate => "migrate",
            Self::Go => "go",
            Self::Finish => "finish",
            Self::Revert => "revert",
            Self::Abort => "abort",
        }
    }
}
