use std::fmt;

/// Why no `end` came from a host: facts for the report, in the words of ssh where it has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub kind: LostKind,
    /// What ssh or the host said, control characters made visible; may be empty.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostKind {
    // No connection, so nothing ran.
    NoSuchName,
    Unreachable,
    Refused,
    TimedOut,
    Denied,
    HostKeyUnknown(Box<HostKey>),
    HostKeyChanged(Box<HostKey>),
    /// Anything else that ssh refused to do.
    Ssh,

    /// Connected, but the script did not start.
    NotStarted,
    /// Called off before its script was sent.
    Withdrawn,
    /// A read-only session broke; there is nothing to find out.
    Dropped,
    /// The user left before `go`; the host undoes the run by itself.
    Cut,
    /// The user left after `go`; the host finishes by itself.
    Detached,
    /// The user no longer follows a run that goes on by itself.
    Unfollowed,
    /// The run's worker was killed on the host; the next run there settles what it left.
    Killed,
    /// The stream broke and the host did not answer in time.
    Unknown,
}

/// What is known of a host key that ssh did not accept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostKey {
    /// As `known_hosts` names the host, such as `[web1.example.com]:2222`.
    pub name: String,
    /// What the host showed, such as `SHA256:... (ED25519)`; empty behind a jump host.
    pub fingerprints: Vec<String>,
    /// The arguments of `ssh-keyscan` that fetch the keys; empty behind a jump host.
    pub scan: Vec<String>,
    /// File and line of the key that was trusted before.
    pub offending: Option<String>,
}

impl Lost {
    pub(super) fn new(kind: LostKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// The server, or a jump host before it, hung up before it said who it is: `MaxStartups`.
    pub(super) fn crowded(&self) -> bool {
        self.kind == LostKind::Ssh && self.detail.contains("kex_exchange_identification")
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

impl std::error::Error for Lost {}
