use std::time::Duration;

use super::{Program, Size, Which};

/// A process beside the web server that is kept running: what works off a queue.
#[derive(Debug, Clone)]
pub struct Worker {
    pub command: Program,
    /// How many of it each host runs; default 1.
    pub instances: u32,
    /// On the first host of the file alone for what there may only be one of; default: on each.
    pub on: Which,
    /// What asks it to finish what it does and leave; default TERM.
    pub stop_signal: Signal,
    /// How long it may take for that before it is killed; default 60 s.
    pub stop_timeout: Duration,
    /// Whether the new ones start before the old ones are asked to leave.
    pub overlap: bool,
    /// How long a new one has to run to count as started; default 3 s.
    pub min_uptime: Duration,
    pub respawn: Respawn,
    /// Default: that of `service`.
    pub memory_max: Option<Size>,
}

impl Worker {
    /// After it one that ended is started again: what it lacks, such as a broker, may be back by then.
    pub const DELAY: Duration = Duration::from_secs(5);
}

/// How often what ended by itself is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respawn {
    Unlimited,
    /// So many times within the interval, and then no more.
    Limited {
        count: u32,
        interval: Duration,
    },
}

/// What a process can be asked to leave with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Term,
    Int,
    Quit,
    Hup,
    Usr1,
    Usr2,
}

impl Signal {
    pub const ALL: [Self; 6] = [
        Self::Term,
        Self::Int,
        Self::Quit,
        Self::Hup,
        Self::Usr1,
        Self::Usr2,
    ];

    /// Without `SIG`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Quit => "QUIT",
            Self::Hup => "HUP",
            Self::Usr1 => "USR1",
            Self::Usr2 => "USR2",
        }
    }
}
