//! What is done to what is live, and to what it keeps.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Environment, Wait};

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
