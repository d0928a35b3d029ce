//! Target -> Plan: pure data, decided before the first connection.

mod action;
mod check;
mod file;
mod push;
mod read;
mod rollback;
mod setup;

use serde::Serialize;

pub use action::{Action, Examination, Virtualenv};
pub use check::check;
pub use file::{File, Name, Place};
pub use push::push;
pub use read::{Question, read};
pub use rollback::rollback;
pub use setup::{GitPins, setup};

use crate::config::Config;
use crate::target::TargetHost;

/// What one host will do.
#[derive(Debug, Clone, Serialize)]
pub struct HostPlan {
    /// As the file names it.
    pub host: String,
    pub kind: Kind,
    pub identity: Identity,
    /// Any failure here leaves the host as it was.
    pub prepare: Vec<Step>,
    /// Runs after the verdict and can no longer change the outcome.
    pub finish: Vec<Step>,
    pub files: Vec<File>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Kind {
    Push,
    Rollback,
    Setup,
    Read,
    /// Asks a host whether it is ready, set up or not.
    Check,
}

/// Who and where the app is on a host, and how its health is asked.
#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    pub app: String,
    pub environment: String,
    pub root: String,
    pub user: String,
    pub owner: String,
    pub workers: u32,
    /// Seconds a generation may take to boot.
    pub boot: u64,
    pub health: HealthCheck,
    /// Seconds a host waits for the client's verdict.
    pub decide: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct HealthCheck {
    pub host: String,
    pub path: String,
    /// Lowest and highest healthy status.
    pub status: (u16, u16),
    /// Seconds for one answer.
    pub timeout: f64,
    /// Where nginx listens; `None` asks the app's socket alone.
    pub nginx_port: Option<u16>,
}

/// `name` is what the user sees.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub name: &'static str,
    pub action: Action,
}

impl Step {
    fn new(name: &'static str, action: Action) -> Self {
        Self { name, action }
    }
}

impl Identity {
    fn new(config: &Config, host: &TargetHost) -> Self {
        let health = &config.health;
        Self {
            app: config.app.to_string(),
            environment: config.environment.to_string(),
            root: config.root.to_string(),
            user: config.user.to_string(),
            owner: host.owner(config),
            workers: config.gunicorn.workers,
            boot: config.service.start_timeout.as_secs(),
            health: HealthCheck {
                host: health.host_header.clone(),
                path: health.path.to_string(),
                status: health.status.unwrap_or((100, 499)),
                timeout: health.timeout.as_secs_f64(),
                nginx_port: config.nginx.as_ref().map(|nginx| nginx.listen),
            },
            decide: config.rollout.decide.as_secs(),
        }
    }
}
