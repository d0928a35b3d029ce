//! The command line, as types. Environment variables are read here and nowhere else.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

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
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Set by terminals and people who want none
    #[arg(long, hide = true, global = true, env = "NO_COLOR", action = ArgAction::Set, default_value = "")]
    pub no_color: String,
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

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the hosts ready: users, directories, units, site; safe to run again
    Setup(Setup),
    /// Look whether the file is right and the hosts are ready, and say what to do; changes nothing
    Check(Check),
    /// Put the newest revision of the branch live
    #[command(visible_alias = "deploy")]
    Push(Push),
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
}

#[derive(Debug, Args)]
pub struct Environment {
    /// An environment of deploy.yaml
    pub environment: String,
}

#[derive(Debug, Args)]
pub struct Setup {
    #[command(flatten)]
    pub environment: Environment,
    /// Log in as this user, root or with sudo, instead of the file's (who need not exist yet)
    #[arg(long, value_name = "USER")]
    pub login: Option<String>,
    /// This public key may log in as the file's user (default: those ssh offers the host)
    #[arg(long, value_name = "FILE")]
    pub public_key: Vec<PathBuf>,
    /// Trust the git server's host key with this fingerprint
    #[arg(long, value_name = "SHA256:...")]
    pub accept_git_host_key: Option<String>,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub environment: Environment,
    /// Log in as this user instead of the file's (who need not exist yet), as for setup
    #[arg(long, value_name = "USER")]
    pub login: Option<String>,
}

#[derive(Debug, Args)]
pub struct Push {
    #[command(flatten)]
    pub environment: Environment,
    #[command(flatten)]
    pub which: Which,
    /// Accept a revision that is older than the live one
    #[arg(long)]
    pub allow_older: bool,
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
    /// This commit, by its full id
    #[arg(long, value_name = "SHA")]
    pub revision: Option<String>,
}

#[derive(Debug, Args)]
pub struct Rollback {
    #[command(flatten)]
    pub environment: Environment,
    /// A release id, as `deployer releases` lists them (default: what was live before)
    pub release: Option<String>,
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
    Check,
}
