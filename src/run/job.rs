use super::build::Build;
use super::storage::{Storage, Sweep};
use crate::script::Script;
use crate::secret::Secret;
use std::sync::Arc;
use std::time::Duration;

/// What one host is to run.
#[derive(Debug, Clone)]
pub struct Job {
    pub script: Script,
    pub mode: Mode,
    /// The run's id, which every verb names: letters, digits, `.`, `_` and `-`.
    pub id: String,
    /// Who runs it, one plain word; may be empty.
    pub by: String,
    /// How long it waits for a lock that somebody else holds.
    pub wait: Duration,
    /// The environment file, sent beside the script and never in it.
    pub env: Secret,
    /// What logs in to the repository; empty when nothing is needed.
    pub token: Secret,
    /// Where its static files go besides.
    pub storage: Option<Arc<Storage>>,
    /// What is tidied up there once every host has said what it needs.
    pub sweep: Option<Arc<Sweep>>,
    /// What this machine builds of them, when the host asks for it.
    pub build: Option<Arc<Build>>,
}

impl Job {
    /// One that is sent nothing but its script, by nobody in particular, and waits for nobody.
    pub fn new(script: Script, mode: Mode, id: &str) -> Self {
        Self {
            script,
            mode,
            id: id.to_owned(),
            by: String::new(),
            wait: Duration::ZERO,
            env: Secret::default(),
            token: Secret::default(),
            storage: None,
            sweep: None,
            build: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Takes the lock, works detached from the connection, waits for verbs.
    Run,
    /// Only looks.
    Read,
    /// Tells what is recorded of an earlier run.
    Ask,
    /// Tells of the run that is going on, or of the last one, until its end.
    Follow,
}

impl Mode {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Read => "read",
            Self::Ask => "ask",
            Self::Follow => "follow",
        }
    }
}
