//! Target -> Plan: pure data, decided before the first connection.

mod action;
mod check;
mod control;
mod file;
mod prune;
mod push;
mod read;
mod rollback;
mod setup;
mod task;

use serde::Serialize;

pub use action::{Action, Back, Examination, Moved, Publication, Source, Virtualenv};
pub use check::check;
pub use control::{ByHand, Maintenance, by_hand};
pub use file::{File, Name, Place};
pub use prune::{Pruning, prune};
pub use push::push;
pub use read::{Question, read};
pub use rollback::{Earlier, rollback};
pub use setup::{GitPins, setup};
pub use task::Task;

use crate::config::{Assets, Config, GitAuth, Manager, Nginx, Scope};
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
    /// Between the barriers, on the hosts that are told to migrate.
    pub migrate: Vec<Step>,
    /// After `go`, before anything is switched.
    pub activate: Vec<Step>,
    /// Runs after the verdict and can no longer change the outcome.
    pub finish: Vec<Step>,
    pub files: Vec<File>,
}

impl HostPlan {
    /// Whether it runs commands of the project.
    pub fn has_tasks(&self) -> bool {
        self.has(Action::is_task)
    }

    /// Whether it has static files.
    pub fn publishes(&self) -> bool {
        self.has(|action| matches!(action, Action::PublishStatic(_)))
    }

    /// Whether one of its steps is such an action.
    pub fn has(&self, which: impl Fn(&Action) -> bool) -> bool {
        let lists = [&self.prepare, &self.migrate, &self.activate, &self.finish];
        let mut steps = lists.into_iter().flatten();
        steps.any(|step| which(&step.action))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Kind {
    Push,
    Rollback,
    Setup,
    Reload,
    Restart,
    Stop,
    Start,
    Scale,
    Prune,
    Lock,
    Unlock,
    Maintenance,
    MaintenanceEnd,
    Read,
    /// Asks a host whether it is ready, set up or not.
    Check,
}

impl Kind {
    /// As the command line and a host's history name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Rollback => "rollback",
            Self::Setup => "setup",
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Scale => "scale",
            Self::Prune => "prune",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Maintenance => "maintenance",
            Self::MaintenanceEnd => "maintenance-off",
            Self::Read => "read",
            Self::Check => "check",
        }
    }
}

/// Who and where the app is on a host, and how its health is asked.
#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    pub app: String,
    pub environment: String,
    pub root: String,
    /// What runs the app there.
    pub manager: Manager,
    pub scope: Scope,
    /// Sockets and worker reports.
    pub run_dir: String,
    pub user: String,
    pub owner: String,
    pub workers: u32,
    /// Seconds a generation may take to boot.
    pub boot: u64,
    pub health: HealthCheck,
    /// Seconds a host waits for the client's verdict.
    pub decide: u64,
    pub git: GitLogin,
    /// What the app puts before the name of a static file.
    pub static_url: Option<String>,
}

/// How a host logs in to the repository.
#[derive(Debug, Clone, Serialize)]
pub enum GitLogin {
    Key,
    Agent,
    /// With a token that comes beside the script, at this origin alone.
    Token {
        origin: String,
        username: String,
    },
}

impl GitLogin {
    fn new(config: &Config) -> Self {
        match (&config.git.auth, config.repo.https_origin()) {
            (GitAuth::Token(token), Some(origin)) => Self::Token {
                origin: origin.to_owned(),
                username: token.username.clone(),
            },
            (GitAuth::Agent, _) => Self::Agent,
            _ => Self::Key,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct HealthCheck {
    pub host: String,
    pub path: String,
    /// Lowest and highest healthy status.
    pub status: (u16, u16),
    /// Seconds for one answer.
    pub timeout: f64,
    /// How the site's visitors reach the app: `http` or `https`.
    pub scheme: &'static str,
    /// Where nginx listens, the app's own port first; none asks the app's socket alone.
    pub nginx_ports: Vec<u16>,
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
        let patience = config
            .workers
            .values()
            .map(|worker| worker.stop_timeout)
            .max();
        Self {
            app: config.app.to_string(),
            environment: config.environment.to_string(),
            root: config.root.to_string(),
            manager: config.service.manager,
            scope: config.service.scope,
            run_dir: config.run_dir(),
            user: host.user(config),
            owner: host.owner(config),
            workers: config.server.workers(),
            boot: config.service.start_timeout.as_secs(),
            health: HealthCheck {
                host: health.host_header.clone(),
                path: health.path.to_string(),
                status: health.status.unwrap_or((100, 499)),
                timeout: health.timeout.as_secs_f64(),
                scheme: config.nginx.as_ref().map_or("http", Nginx::scheme),
                nginx_ports: config.nginx.as_ref().map(Nginx::ports).unwrap_or_default(),
            },
            // A host whose worker finishes a long task may prove itself that much later than the first.
            decide: (config.rollout.decide + patience.unwrap_or_default()).as_secs(),
            git: GitLogin::new(config),
            static_url: config.assets.as_ref().map(Assets::base),
        }
    }
}
