use super::{CommandLine, Which};
use std::collections::BTreeMap;
use std::time::Duration;

/// The commands of every moment that has some, in their order.
pub type Hooks = BTreeMap<Moment, Vec<Hook>>;

/// A command of the project that runs at a moment of a run.
#[derive(Debug, Clone)]
pub struct Hook {
    pub run: CommandLine,
    pub on: Which,
    /// Default 5 min.
    pub timeout: Duration,
    pub account: Account,
}

/// Whose rights a command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Account {
    /// The app's user, who cannot write into a release.
    App,
    /// The login user, who owns it.
    Login,
}

/// When a hook runs; in the order of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    BeforeBuild,
    AfterBuild,
    BeforeMigrate,
    AfterMigrate,
    BeforeActivate,
    AfterActivate,
    BeforeRollback,
    AfterRollback,
}

impl Moment {
    pub const ALL: [Self; 8] = [
        Self::BeforeBuild,
        Self::AfterBuild,
        Self::BeforeMigrate,
        Self::AfterMigrate,
        Self::BeforeActivate,
        Self::AfterActivate,
        Self::BeforeRollback,
        Self::AfterRollback,
    ];

    /// The key of `hooks`, and the name of the step.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeBuild => "before_build",
            Self::AfterBuild => "after_build",
            Self::BeforeMigrate => "before_migrate",
            Self::AfterMigrate => "after_migrate",
            Self::BeforeActivate => "before_activate",
            Self::AfterActivate => "after_activate",
            Self::BeforeRollback => "before_rollback",
            Self::AfterRollback => "after_rollback",
        }
    }
}
