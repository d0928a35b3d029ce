//! Which revision or release, and how it goes live.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Environment, Wait};

#[derive(Debug, Args)]
pub struct Push {
    #[command(flatten)]
    pub environment: Environment,
    #[command(flatten)]
    pub which: Which,
    /// Accept a revision that is older than the live one
    #[arg(long)]
    pub allow_older: bool,
    /// Install the packages anew, into a new virtualenv, though nothing that names them changed
    #[arg(long)]
    pub refresh_packages: bool,
}

/// A push that is really one; `plan` has no use for the rest.
#[derive(Debug, Args)]
pub struct RealPush {
    #[command(flatten)]
    pub push: Push,
    #[command(flatten)]
    pub wait: Wait,
}

/// What to deploy instead of the head of the file's branch.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Which {
    /// The head of this branch
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// This tag
    #[arg(long, value_name = "NAME")]
    pub tag: Option<String>,
    /// This commit, by its id; a short one is looked up in the local clone
    #[arg(long, value_name = "SHA")]
    pub revision: Option<String>,
}

#[derive(Debug, Args)]
pub struct Rollback {
    #[command(flatten)]
    pub environment: Environment,
    /// A release, as `deployer releases` lists them: its id, or the beginning of its id or revision (default: what was
    /// live before)
    pub release: Option<String>,
    /// Keep the environment that is live now, instead of bringing back that of the release
    #[arg(long)]
    pub keep_env: bool,
    /// Go back so many good releases
    #[arg(long, value_name = "COUNT", conflicts_with = "release", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub steps: Option<u32>,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct Render {
    #[command(flatten)]
    pub environment: Environment,
    #[command(flatten)]
    pub which: Which,
    /// Write the files below this directory instead of to standard output
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Render the script of this kind of run
    #[arg(long = "for", value_enum, default_value_t = RenderKind::Push, value_name = "KIND")]
    pub kind: RenderKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RenderKind {
    Push,
    Rollback,
    Setup,
    Reload,
    Restart,
    Stop,
    Start,
    Scale,
    Prune,
    Check,
}
