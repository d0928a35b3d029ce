use super::CommandLine;
use std::time::Duration;

/// The `migrate` section: how a release's change of the database is made.
#[derive(Debug, Clone)]
pub struct Migrate {
    pub run: CommandLine,
    /// Exit 0 says that nothing is pending.
    pub check: Option<CommandLine>,
    /// Runs before `run`; where it fails, nothing is migrated.
    pub backup: Option<CommandLine>,
    /// The only thing that stops a migration; default 10 min.
    pub timeout: Duration,
    pub on: Which,
}

/// On which hosts of an environment a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    First,
    Each,
}
