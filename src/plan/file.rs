use std::borrow::Cow;

use serde::Serialize;

use crate::config::WorkerName;

/// A file that deployer renders and a host receives, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    pub name: Name,
    pub place: Place,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
    pub content: String,
}

/// Where a rendered file lives on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Place {
    /// Absolute path, owned by root: units, site, sudoers.
    System(String),
    /// Absolute path, owned by root, for all apps of the host: setup alone sees to it.
    Host(String),
    /// Path below the app's root, owned by the login user: slot stubs.
    Root(String),
    /// Path below the release, owned by the login user.
    Release(String),
}

/// What a file is to the script, which calls it by this name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    UnitA,
    UnitB,
    Trial,
    Recover,
    RecoverScript,
    Listen,
    ListenSocket,
    /// The unit of a worker, for all of its processes.
    Worker(WorkerName),
    /// What a schedule runs, and when.
    Schedule(WorkerName),
    Timer(WorkerName),
    /// What starts the workers at boot.
    Boot,
    /// What speaks to a manager that has no program for it that a deploy could use.
    Control,
    /// Holds a TCP address where the manager cannot.
    Listener,
    StartScript,
    Supervisord,
    BootScript,
    /// For the logs of a manager that does not rotate them itself.
    Logrotate,
    Tmpfiles,
    Sudoers,
    Site,
    DefaultSite,
    DefaultTlsSite,
    StubA,
    StubB,
    StubTrial,
    GunicornConf,
    /// What another server than gunicorn is started by.
    Server,
    /// What a worker of a release is started by, and a schedule.
    Launcher(WorkerName),
    Job(WorkerName),
    /// The workers that a release wants, and its schedules.
    Workers,
    Schedules,
}

impl Name {
    /// A word of the shell's names.
    pub fn word(&self) -> Cow<'static, str> {
        let of =
            |kind: &str, name: &WorkerName| format!("{kind}_{}", name.as_str().replace('-', "_"));
        Cow::Borrowed(match self {
            Self::UnitA => "unit_a",
            Self::UnitB => "unit_b",
            Self::Trial => "trial",
            Self::Recover => "recover",
            Self::RecoverScript => "recover_script",
            Self::Listen => "listen",
            Self::ListenSocket => "listen_socket",
            Self::Worker(name) => return Cow::Owned(of("worker", name)),
            Self::Schedule(name) => return Cow::Owned(of("schedule", name)),
            Self::Timer(name) => return Cow::Owned(of("timer", name)),
            Self::Boot => "boot",
            Self::Control => "control",
            Self::Listener => "listener",
            Self::StartScript => "start_script",
            Self::Supervisord => "supervisord",
            Self::BootScript => "boot_script",
            Self::Logrotate => "logrotate",
            Self::Tmpfiles => "tmpfiles",
            Self::Sudoers => "sudoers",
            Self::Site => "site",
            Self::DefaultSite => "default_site",
            Self::DefaultTlsSite => "default_tls_site",
            Self::StubA => "stub_a",
            Self::StubB => "stub_b",
            Self::StubTrial => "stub_trial",
            Self::GunicornConf => "gunicorn_conf",
            Self::Server => "server",
            Self::Launcher(name) => return Cow::Owned(of("launch", name)),
            Self::Job(name) => return Cow::Owned(of("job", name)),
            Self::Workers => "workers",
            Self::Schedules => "schedules",
        })
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.word())
    }
}
