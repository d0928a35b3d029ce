//! Everything that is decided before a plan: environment, hosts, revision, release id.
//!
//! The clock, git and ssh's configuration are inputs, so that a target can be made again exactly.

use std::fmt;

use serde::Serialize;

use crate::config::{Config, GitRef, Host, Scope};

#[derive(Debug, Clone)]
pub struct Target {
    pub config: Config,
    pub hosts: Vec<TargetHost>,
    pub revision: Revision,
    pub release: ReleaseId,
    /// Whether the live revision may be newer than this one.
    pub allow_older: bool,
    /// Whether packages are installed anew though nothing that names them changed.
    pub refresh_packages: bool,
}

/// A host and the user who logs in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHost {
    pub host: Host,
    pub login: String,
}

impl TargetHost {
    /// Who owns the app's tree: never root, whose files an app must not be able to have made.
    pub fn owner(&self, config: &Config) -> String {
        if self.login == "root" {
            format!("{}-deploy", config.app)
        } else {
            self.login.clone()
        }
    }

    /// Who the app runs as.
    pub fn user(&self, config: &Config) -> String {
        match config.service.scope {
            Scope::System => config.user.to_string(),
            Scope::User => self.login.clone(),
        }
    }
}

/// A commit, and the name it was asked for by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// 40 hex digits.
    pub sha: String,
    /// Branch or tag; the sha itself when that was given.
    pub name: String,
    /// `refs/heads/main` or `refs/tags/v1`; `None` when the sha was given.
    #[serde(skip)]
    pub reference: Option<String>,
}

impl Revision {
    /// The head of a branch. Accepts 40 (or, for SHA-256 repositories, 64) lowercase hex digits.
    pub fn new(sha: &str, name: &GitRef) -> Option<Self> {
        is_sha(sha).then(|| Self {
            sha: sha.to_owned(),
            name: name.to_string(),
            reference: Some(format!("refs/heads/{name}")),
        })
    }

    pub fn short(&self) -> &str {
        &self.sha[..7]
    }
}

pub fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `20261122T141007Z-3f2a1bc`: sorts by time, names the commit. Also names runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseId(String);

impl ReleaseId {
    pub fn new(now: jiff::Timestamp, suffix: &str) -> Self {
        Self(format!("{}-{suffix}", now.strftime("%Y%m%dT%H%M%SZ")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
