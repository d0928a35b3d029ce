//! Text that has become a value: every type here admits only what its name says, in an alphabet
//! that no shell, unit file or site can read as syntax.

mod acme;
mod as_cron;
mod bind;
mod calendar;
mod command;
mod cron;
mod env;
mod git_ref;
mod names;
mod net;
mod paths;
mod program;
mod python;
mod repo_url;
mod size;
mod storage;
mod umask;

pub use acme::{AcmeDirectory, Email};
pub use bind::Bind;
pub use calendar::CalendarTime;
pub use command::CommandLine;
pub use cron::{Cron, Numbers};
pub use env::{EnvKey, LONGEST_VALUE, Unholdable, VariableName, holdable, is_noncharacter};
pub use git_ref::GitRef;
pub use names::{AppName, EnvName, PackageName, ServiceName, UserName, WorkerName};
pub use net::{CdnUrl, HostAddress, IndexUrl, ServerName};
pub use paths::{AbsPath, HostFile, RelPath, UrlPath};
pub use program::Program;
pub use python::{ExtraName, GunicornName, PythonVersion, WsgiApp};
pub use repo_url::RepoUrl;
pub use size::Size;
pub use storage::{BucketName, Endpoint, Prefix, ProfileName, Region};
pub use umask::Umask;

use net::https_place;

/// Why a text is not a value: a fragment that says what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub(super) &'static str);

/// A value written as one text.
pub(super) trait Text: for<'a> TryFrom<&'a str, Error = Invalid> {
    /// What the text should be, with its article: `an app name`.
    const WHAT: &'static str;
}

fn allow(allowed: bool, says: &'static str) -> Result<(), Invalid> {
    if allowed { Ok(()) } else { Err(Invalid(says)) }
}

/// Starts with a byte of `first`, goes on with bytes of `rest`, and has at most `longest`.
fn spelled(text: &str, first: fn(u8) -> bool, rest: fn(u8) -> bool, longest: usize) -> bool {
    text.len() <= longest
        && text.bytes().next().is_some_and(first)
        && text.bytes().skip(1).all(rest)
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::config::values::Invalid;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl $crate::config::values::Text for $name {
            const WHAT: &'static str = $what;
        }
    };
}
use text_type;
