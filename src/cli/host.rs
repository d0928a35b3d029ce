//! What makes hosts ready, and looks at them.

use std::path::PathBuf;

use clap::Args;

use super::{Environment, Wait};

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
pub struct History {
    #[command(flatten)]
    pub environment: Environment,
    /// How many of the newest lines of each host
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    pub lines: u32,
}
