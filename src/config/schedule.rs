use std::time::Duration;

use super::{CalendarTime, CommandLine, Cron, Which};

/// A command that runs at its times.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub run: CommandLine,
    pub when: When,
    /// On the first host of the file alone, or on each; default: the first.
    pub on: Which,
    /// How long it may take before it is killed; default 1 h.
    pub timeout: Duration,
}

/// As it is written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Any of these, each as systemd has them.
    Calendar(Vec<CalendarTime>),
    Cron(Cron),
}
