use super::story::Story;
use crate::event::Outcome;
use crate::run::{Ending, LostKind, Signal};

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// The new release is live, or already was.
    Done = 0,
    /// A fault of deployer itself.
    Internal = 1,
    /// Wrong arguments.
    Usage = 2,
    /// Errors in `deploy.yaml`.
    Config = 3,
    /// A host cannot be reached, or its key or ours was not accepted.
    Connect = 4,
    /// Another run or a freeze holds the environment.
    Locked = 5,
    /// A host lacks something that setup or its owner provides.
    NotReady = 6,
    /// Preparing failed; nothing was changed.
    Prepare = 7,
    /// The migration failed; nothing was switched.
    Migrate = 8,
    /// Activation failed; the old release serves.
    Restored = 9,
    /// Activation failed, and the old release does not answer.
    Broken = 10,
    /// Some hosts serve the new release and some do not.
    Mixed = 11,
    /// A host differs from what was last deployed.
    Drift = 12,
    /// Nobody knows, or the user left after `go`.
    Unknown = 13,
    /// Ctrl-C before `go`; as before.
    Interrupted = 130,
    /// SIGTERM before `go`; as before.
    Terminated = 143,
}

impl ExitCode {
    /// The same for programs that read `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Connect => "connect",
            Self::Locked => "locked",
            Self::NotReady => "not-ready",
            Self::Prepare => "prepare",
            Self::Migrate => "migrate",
            Self::Restored => "restored",
            Self::Broken => "broken",
            Self::Mixed => "mixed",
            Self::Drift => "drift",
            Self::Unknown => "unknown",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// One code for all hosts.
pub(super) fn fold(stories: &[Story], interrupted: Option<Signal>) -> ExitCode {
    let unfollowed = |story: &Story| matches!(&story.ending, Some(Ending::Lost(lost)) if lost.kind == LostKind::Unfollowed);
    if stories.iter().any(unfollowed) {
        return match interrupted {
            Some(Signal::Terminate) => ExitCode::Terminated,
            _ => ExitCode::Interrupted,
        };
    }
    let codes: Vec<Option<ExitCode>> = stories.iter().map(code).collect();
    let done = codes.contains(&Some(ExitCode::Done));
    let worst = codes
        .iter()
        .flatten()
        .copied()
        .max_by_key(|code| severity(*code));
    let switched = stories.iter().any(Story::new_release_serves);
    match worst {
        // A site that is down is worse news than a fleet of two releases.
        Some(ExitCode::Broken) => ExitCode::Broken,
        // Somebody serves the new release and somebody is known not to.
        Some(code) if switched && !matches!(code, ExitCode::Done | ExitCode::Unknown) => {
            ExitCode::Mixed
        }
        Some(ExitCode::Done) | None if switched && codes.contains(&None) => ExitCode::Mixed,
        Some(ExitCode::Done) if !codes.contains(&None) => ExitCode::Done,
        Some(code) if code != ExitCode::Done => code,
        // Only hosts that were called off, beside those that had nothing to do.
        _ => match interrupted {
            Some(Signal::Interrupt) => ExitCode::Interrupted,
            Some(Signal::Terminate) => ExitCode::Terminated,
            None if done && !codes.contains(&None) => ExitCode::Done,
            None => ExitCode::Prepare,
        },
    }
}

/// `None`: called off on behalf of another host or the user.
pub(super) fn code(story: &Story) -> Option<ExitCode> {
    match story.ending.as_ref()? {
        Ending::End { outcome, .. } => match outcome {
            Outcome::Live | Outcome::Unchanged | Outcome::Done => Some(ExitCode::Done),
            Outcome::Locked => Some(ExitCode::Locked),
            Outcome::Refused => Some(ExitCode::NotReady),
            Outcome::PrepareFailed => Some(ExitCode::Prepare),
            Outcome::MigrateFailed => Some(ExitCode::Migrate),
            Outcome::Restored | Outcome::Reverted => Some(ExitCode::Restored),
            Outcome::Broken => Some(ExitCode::Broken),
            Outcome::Aborted => None,
        },
        Ending::Lost(lost) => match lost.kind {
            LostKind::NoSuchName
            | LostKind::Unreachable
            | LostKind::Refused
            | LostKind::TimedOut
            | LostKind::Denied
            | LostKind::HostKeyUnknown(_)
            | LostKind::HostKeyChanged(_)
            | LostKind::Ssh
            | LostKind::Dropped => Some(ExitCode::Connect),
            LostKind::NotStarted => Some(ExitCode::NotReady),
            LostKind::Withdrawn | LostKind::Cut | LostKind::Unfollowed => None,
            LostKind::Detached | LostKind::Killed | LostKind::Unknown => Some(ExitCode::Unknown),
        },
    }
}

fn severity(code: ExitCode) -> u8 {
    match code {
        ExitCode::Broken => 9,
        ExitCode::Unknown => 8,
        ExitCode::Restored => 7,
        ExitCode::Migrate => 6,
        ExitCode::Connect => 5,
        ExitCode::NotReady => 4,
        ExitCode::Locked => 3,
        ExitCode::Done => 0,
        _ => 2,
    }
}
