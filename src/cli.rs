//! The command line, as types. Environment variables are read here and nowhere else.

mod completions;
mod host;
mod release;
mod site;
mod wait;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::config::VariableName;
pub use completions::{Completions, Shell};
pub use host::{Check, History, Setup};
pub use release::{Push, RealPush, Render, RenderKind, Rollback, Which};
pub use site::{
    ByHand, Lock, Maintenance, MaintenanceOn, MaintenanceSwitch, Prune, Scale, Stop, Uploads,
    UploadsOptions, UploadsWay,
};
pub use wait::Wait;

/// A variable that the file names.
pub fn variable(name: &VariableName) -> Option<OsString> {
    env::var_os(name.as_str())
}

/// Deploys Python web applications to Ubuntu and Debian hosts, from one deploy.yaml.
#[derive(Debug, Parser)]
#[command(
    name = "deployer",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The file that describes the app and its hosts
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        default_value = "deploy.yaml",
        env = "DEPLOYER_CONFIG"
    )]
    pub config: PathBuf,
    /// Use this ssh configuration instead of ~/.ssh/config
    #[arg(long, global = true, value_name = "FILE", env = "DEPLOYER_SSH_CONFIG")]
    pub ssh_config: Option<PathBuf>,
    /// Templates here win over the built-in ones (default: deploy/templates beside the file)
    #[arg(long, global = true, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Only these hosts, as the file names them
    #[arg(
        long,
        global = true,
        visible_alias = "limit",
        value_name = "HOST,...",
        value_delimiter = ','
    )]
    pub hosts: Vec<String>,
    /// Show all output of the steps
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Show only errors and the closing line
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Write what happens to standard output as JSON, an object a line; words only for errors
    #[arg(long, global = true)]
    pub json: bool,
    /// Fold the log and mark errors as this CI does
    #[arg(long, global = true, value_enum, default_value_t = CiChoice::Auto, value_name = "NAME")]
    pub ci: CiChoice,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Set by terminals and people who want none
    #[arg(long, hide = true, global = true, env = "NO_COLOR", action = ArgAction::Set, default_value = "")]
    pub no_color: String,
    /// `true` in a job of GitHub Actions
    #[arg(long, hide = true, global = true, env = "GITHUB_ACTIONS", action = ArgAction::Set, default_value = "")]
    pub github_actions: String,
    /// `true` in a job of GitLab CI
    #[arg(long, hide = true, global = true, env = "GITLAB_CI", action = ArgAction::Set, default_value = "")]
    pub gitlab_ci: String,
    /// Who deploys, for the host's history
    #[arg(
        long,
        hide = true,
        global = true,
        env = "USER",
        default_value = "unknown"
    )]
    pub by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Which CI's log standard error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiChoice {
    /// As `GITHUB_ACTIONS` and `GITLAB_CI` say
    Auto,
    Github,
    Gitlab,
    None,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the hosts ready: users, directories, units, site; safe to run again
    Setup(Setup),
    /// Look whether the file is right and the hosts are ready, and say what to do; changes nothing
    Check(Check),
    /// Put the newest revision of the branch live
    #[command(visible_alias = "deploy")]
    Push(RealPush),
    /// Put an older release back live, with its packages, environment, units and site
    Rollback(Rollback),
    /// Show what a push would do, asking the hosts and changing nothing
    Plan(Push),
    /// Print every file and the very script a push would run, without any connection
    Render(Render),
    /// List the releases each host keeps
    Releases(Environment),
    /// Show what is live on each host, and whether it is well
    Status(Environment),
    /// Follow the run that is going on, or show the last one, and end as it ends
    Attach(Environment),
    /// List what was done on each host, when and by whom
    History(History),
    /// Give the live release new workers, by a graceful HUP; no request is lost
    Reload(ByHand),
    /// Give the live release new processes, on the other slot; no request is lost
    Restart(ByHand),
    /// Stop serving, until `start`, the next push or the host's next boot
    Stop(Stop),
    /// Serve again after `stop`
    Start(ByHand),
    /// Run so many of a worker, until its `instances` in the file change
    Scale(Scale),
    /// Remove releases beyond those that are kept, and static files that none of them needs, also from a bucket
    Prune(Prune),
    /// Freeze the environment: no push until `unlock`
    Lock(Lock),
    /// End a freeze
    Unlock(Environment),
    /// Show visitors a page instead of the app (503), and let them in again
    Maintenance(Maintenance),
    /// Copy uploaded files between a host and this machine, by rsync
    Uploads(Uploads),
    /// Print a script that completes commands and options in your shell
    Completions(Completions),
}

#[derive(Debug, Args)]
pub struct Environment {
    /// An environment of deploy.yaml
    pub environment: String,
}
