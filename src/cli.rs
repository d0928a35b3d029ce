//! The command line, as types. Environment variables are read here and nowhere else.

use std::env;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::config::VariableName;

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
pub struct Uploads {
    #[command(flatten)]
    pub environment: Environment,
    #[command(subcommand)]
    pub way: UploadsWay,
}

#[derive(Debug, Subcommand)]
pub enum UploadsWay {
    /// From a host to this machine
    Pull(UploadsOptions),
    /// From this machine to the hosts
    Push(UploadsOptions),
}

#[derive(Debug, Args)]
pub struct UploadsOptions {
    /// The directory of this machine (default: `uploads.path`, beside the file)
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Delete what the other side does not have
    #[arg(long)]
    pub delete: bool,
    /// List what would be copied and deleted, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do not ask before deleting
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Maintenance {
    #[command(flatten)]
    pub environment: Environment,
    #[command(subcommand)]
    pub switch: MaintenanceSwitch,
}

#[derive(Debug, Subcommand)]
pub enum MaintenanceSwitch {
    /// Visitors get a page with status 503; static files and uploads are served on
    On(MaintenanceOn),
    /// Visitors get the app again
    Off,
}

#[derive(Debug, Args)]
pub struct MaintenanceOn {
    /// What the page says (default: the project's own 503.html, or a usual sentence)
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// These addresses get the app all the same
    #[arg(long, value_name = "IP,...", value_delimiter = ',')]
    pub allow: Vec<IpAddr>,
}

#[derive(Debug, Args)]
pub struct Completions {
    pub shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// For a command that needs the hosts to itself.
#[derive(Debug, Args)]
pub struct Wait {
    /// Wait this long for a lock that somebody else holds (90s, 15m, 1h)
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "15m", value_parser = duration)]
    pub wait: Option<Duration>,
}

#[derive(Debug, Args)]
pub struct ByHand {
    #[command(flatten)]
    pub environment: Environment,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct Stop {
    #[command(flatten)]
    pub environment: Environment,
    #[command(flatten)]
    pub wait: Wait,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    pub environment: Environment,
    #[command(flatten)]
    pub wait: Wait,
    /// List what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Scale {
    #[command(flatten)]
    pub environment: Environment,
    /// How many of which worker, on each of its hosts
    #[arg(required = true, value_name = "WORKER=COUNT", value_parser = count_of)]
    pub counts: Vec<(String, u32)>,
    #[command(flatten)]
    pub wait: Wait,
}

/// `celery=4`
fn count_of(text: &str) -> Result<(String, u32), String> {
    let form = || "write the worker's name, `=` and a number up to 99".to_owned();
    let (name, count) = text.split_once('=').ok_or_else(form)?;
    match count.parse() {
        Ok(count @ 0..=99) if !name.is_empty() => Ok((name.to_owned(), count)),
        _ => Err(form()),
    }
}

#[derive(Debug, Args)]
pub struct Lock {
    #[command(flatten)]
    pub environment: Environment,
    /// Why, for whoever wants to push meanwhile
    #[arg(short, long, value_name = "TEXT")]
    pub message: String,
}

#[derive(Debug, Args)]
pub struct History {
    #[command(flatten)]
    pub environment: Environment,
    /// How many of the newest lines of each host
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    pub lines: u32,
}

/// `90s`, `15m`, `1h`; seconds where no unit is given. At most a day.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => return Err(format!("no unit `{other}`; use s, m or h")),
    };
    match digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(unit))
    {
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("not a time between 1s and 24h".to_owned()),
    }
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
    #[command(flatten)]
    pub wait: Wait,
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
