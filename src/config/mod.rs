//! `deploy.yaml` as validated values: one environment, overlaid, defaults filled in last.
//!
//! Text becomes types once, here. Every later stage may rely on what a type's name says.

mod assets;
mod environments;
mod error;
mod git;
mod hooks;
mod load;
mod mask;
mod migrate;
mod nginx;
mod node;
mod overlay;
mod packages;
mod problem;
mod raw;
mod secret_source;
mod schedule;
mod section;
mod server;
mod storage;
mod tree;
mod validate;
mod values;
mod words;
mod worker;

pub use assets::{AssetBuild, AssetSource, Assets, BuildOn, Encoding, Fingerprint};
pub use error::ConfigErrors;
pub use git::{Git, GitAuth, GitToken};
pub use hooks::{Account, Hook, Hooks, Moment};
pub use migrate::{Migrate, Which};
pub use nginx::{Acme, Certificate, Nginx, Tls};
pub use packages::{Packages, Project};
pub use schedule::{Schedule, When};
pub use secret_source::SecretSource;
pub use server::{OwnServer, Server};
pub use storage::{Storage, StorageLogin};
pub use values::{
    AbsPath, AcmeDirectory, AppName, Bind, BucketName, CalendarTime, CdnUrl, CommandLine, Cron,
    Email, Endpoint, EnvKey, EnvName, ExtraName, GitRef, GunicornName, HostAddress, HostFile,
    IndexUrl, Invalid, LONGEST_VALUE, Numbers, PackageName, Prefix, ProfileName, Program,
    PythonVersion, Region, RelPath, RepoUrl, ServerName, ServiceName, Size, Umask, Unholdable,
    UrlPath, UserName, VariableName, WorkerName, WsgiApp, holdable, is_noncharacter,
};
pub use worker::{Respawn, Signal, Worker};

use std::collections::BTreeMap;
use std::time::Duration;

/// One environment of a `deploy.yaml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Names units, sites, the default root and the default user.
    pub app: AppName,
    pub environment: EnvName,
    pub repo: RepoUrl,
    /// Default `main`.
    pub branch: GitRef,
    pub git: Git,
    /// Default `/srv/<app>`.
    pub root: AbsPath,
    /// The system user the app runs as; default: the app's name.
    pub user: UserName,
    /// Good releases kept on a host; the live one and its rollback target always stay. Default 5.
    pub keep_releases: u32,
    pub python: Python,
    pub server: Server,
    pub service: Service,
    /// Processes beside the web server.
    pub workers: BTreeMap<WorkerName, Worker>,
    /// Commands that run at their times.
    pub schedules: BTreeMap<WorkerName, Schedule>,
    /// `None` for `nginx: false`.
    pub nginx: Option<Nginx>,
    /// The `static` section.
    pub assets: Option<Assets>,
    pub uploads: Option<Uploads>,
    /// Directories of the release that are links into `shared/`.
    pub shared: Vec<RelPath>,
    /// Files of the release that are links to files of `shared/`, which have to be there.
    pub shared_files: Vec<RelPath>,
    pub env: BTreeMap<EnvKey, String>,
    /// Further variables of the app, none of them in `env`.
    pub secrets: BTreeMap<EnvKey, SecretSource>,
    /// The change of the database that a release may need.
    pub migrate: Option<Migrate>,
    /// Commands of the project around what deployer does.
    pub hooks: Hooks,
    pub health: Health,
    pub rollout: Rollout,
    pub setup: Setup,
    /// At least one.
    pub hosts: Vec<Host>,
}

#[derive(Debug, Clone)]
pub struct Python {
    /// `3.12`; unset means the host's `python3`.
    pub version: Option<PythonVersion>,
    pub from: PythonFrom,
    pub packages: Packages,
    /// Whether the app itself is installed too.
    pub install: bool,
    pub installer: Installer,
    pub index_url: Option<IndexUrl>,
    pub require_hashes: bool,
}

/// Who brings the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum PythonFrom {
    Host,
    /// `uv`, which is the installer then.
    Uv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Installer {
    /// `uv` where the host has it, else `pip`.
    Auto,
    Uv,
    Pip,
}

#[derive(Debug, Clone)]
pub struct Gunicorn {
    /// `package.module:callable`.
    pub app: WsgiApp,
    /// A TCP address besides the socket that nginx uses; unset means none.
    pub bind: Option<Bind>,
    /// Default 3.
    pub workers: u32,
    /// Default 1.
    pub threads: u32,
    /// Default `sync`, or `gthread` when `threads` > 1.
    pub worker_class: String,
    /// Default 30 s.
    pub timeout: Duration,
    /// Default 30 s.
    pub graceful_timeout: Duration,
    pub preload: bool,
    /// Default 0: never.
    pub max_requests: u32,
    pub max_requests_jitter: u32,
    pub reload: Takeover,
    /// An import slower than this makes `reload: auto` replace instead; default 2 s.
    pub max_stall: Duration,
    pub trial: Trial,
    /// Any other setting of gunicorn, by its name in `gunicorn.conf.py`.
    pub settings: BTreeMap<GunicornName, Literal>,
}

impl Config {
    /// Sockets and worker reports.
    pub fn run_dir(&self) -> String {
        match self.service.scope {
            Scope::System => format!("/run/{}", self.app),
            Scope::User => format!("{}/run", self.root),
        }
    }

    /// As it is for one host: what there may only be one of belongs to the first that the file names.
    #[must_use]
    pub fn on(&self, host: &Host) -> Self {
        let first = self.hosts.first() == Some(host);
        let mut config = self.clone();
        config
            .workers
            .retain(|_, worker| first || worker.on == Which::Each);
        config
            .schedules
            .retain(|_, schedule| first || schedule.on == Which::Each);
        config
    }

    /// Values of `env` that nobody should read in a log, going by their names.
    pub fn private_env(&self) -> impl Iterator<Item = &str> {
        let secret = |(key, _): &(&EnvKey, &String)| mask::is_secret(key.as_str());
        let of_hosts = self.hosts.iter().flat_map(|host| &host.env);
        self.env
            .iter()
            .chain(of_hosts)
            .filter(secret)
            .map(|(_, value)| value.as_str())
    }
}

/// A scalar or list of scalars, written to Python as the literal it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
}

/// How a new release takes over from the old one (`gunicorn.reload`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Takeover {
    Auto,
    Reload,
    Replace,
    Restart,
}

/// What must succeed before a release may take a request (`gunicorn.trial`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    Boot,
    Import,
    Off,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub manager: Manager,
    pub scope: Scope,
    pub hardening: Hardening,
    /// Services that start before the app at boot.
    pub after: Vec<ServiceName>,
    /// Open files; default 16384.
    pub open_files: u32,
    pub memory_max: Option<Size>,
    /// How long a gunicorn may take to boot; default 60 s.
    pub start_timeout: Duration,
    /// Default: 5 times in 60 s.
    pub respawn: Respawn,
    /// Of files that the app makes; default 027.
    pub umask: Umask,
}

impl Service {
    /// What starts before the app, as the manager calls it.
    pub fn starts_after(&self) -> Vec<String> {
        let call = match self.manager {
            Manager::Systemd => ServiceName::unit,
            Manager::Supervisor | Manager::Upstart => ServiceName::to_string,
        };
        self.after.iter().map(call).collect()
    }
}

/// What starts, restarts and stops the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Manager {
    Systemd,
    Supervisor,
    Upstart,
}

/// Whose manager it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Scope {
    /// The host's own: root sets it up, and the app has a user of its own.
    System,
    /// The login's: nothing of it needs root, and the app runs as the login.
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardening {
    Basic,
    Off,
}

#[derive(Debug, Clone)]
pub struct Uploads {
    /// A directory of the release, linked into `shared/`.
    pub path: RelPath,
    /// Starts and ends with `/`.
    pub url: UrlPath,
    /// Default 10 MiB.
    pub max_size: Size,
}

#[derive(Debug, Clone)]
pub struct Health {
    /// Default `/`.
    pub path: UrlPath,
    /// Inclusive; unset means any status below 500.
    pub status: Option<(u16, u16)>,
    /// Default: the first `server_name`, else `localhost`.
    pub host_header: String,
    /// One answer's limit; default 5 s.
    pub timeout: Duration,
}

#[derive(Debug, Clone)]
pub struct Rollout {
    /// How long a host keeps the old generation for the client's verdict; default 120 s.
    pub decide: Duration,
    /// How many hosts switch at the same time, once the first has; unset means all.
    pub batch: Option<usize>,
    /// Unset: `revert`, or `stop` once a migration ran, since the old release may not fit the database any more.
    pub on_failure: Option<OnFailure>,
}

/// What the other hosts do when one fails to activate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    Stop,
    Revert,
    Continue,
}

#[derive(Debug, Clone)]
pub struct Setup {
    /// Debian packages the app needs on the host.
    pub packages: Vec<PackageName>,
    /// Public keys (whole `authorized_keys` lines) that may log in as the deploy user.
    pub authorized_keys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// As written in the file; how reports name it.
    pub name: String,
    pub reach: Reach,
    /// Over `env` of the file.
    pub env: BTreeMap<EnvKey, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// This machine, without ssh.
    Local,
    Ssh {
        user: Option<UserName>,
        address: HostAddress,
        port: Option<u16>,
    },
}
