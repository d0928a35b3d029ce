//! What keeps a process of the app running, in words that any process manager can be told.

use std::time::Duration;

use crate::config::{Config, Respawn, Schedule, Server, Signal, Size, Umask, Worker, WorkerName};

/// One kind of process: how it starts, what it may use, how it leaves.
#[derive(Debug, Clone)]
pub struct Service {
    /// Tells it apart from the others of its app: `a`, `trial`, `worker-celery`.
    pub name: String,
    /// For people, behind the app's name.
    pub about: String,
    /// The program and its arguments, without a shell.
    pub command: Vec<String>,
    /// Entered before the program starts; a link there is followed once.
    pub directory: String,
    /// Several of it may run, told apart by a number that is the last argument.
    pub numbered: bool,
    pub user: String,
    pub group: String,
    pub umask: Umask,
    /// Besides what the release's own environment file sets.
    pub environment: Vec<(&'static str, String)>,
    /// Whether it starts with the host.
    pub boot: bool,
    /// Services of the host that start before it.
    pub after: Vec<String>,
    pub restart: Restart,
    pub stop: Stop,
    /// How long it may run at all.
    pub lasts: Option<Duration>,
    pub limits: Limits,
    /// Directories it may write in, where the rest of the system is closed to it.
    pub writable: Vec<String>,
    pub hardened: bool,
}

/// When it is started again after it ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    Never,
    /// After an error, this much later.
    OnFailure(Respawn, Duration),
    /// However it ended, this much later.
    Always(Respawn, Duration),
}

/// How it is asked to leave; what is left of it after the time is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// For the main process alone: it knows best how to end the others.
    pub signal: Signal,
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub open_files: u32,
    pub memory_max: Option<Size>,
}

impl Service {
    /// One generation of the server, in the slot of this name.
    pub fn generation(config: &Config, slot: &str) -> Self {
        match config.server {
            Server::Gunicorn(_) => Self::gunicorn(config, slot),
            Server::Own(_) => Self {
                command: [
                    "/bin/sh".to_owned(),
                    ".deployer/server".to_owned(),
                    slot.to_owned(),
                ]
                .into(),
                directory: format!("{}/slots/{slot}", config.root),
                about: format!("server, slot {slot}"),
                ..Self::gunicorn(config, slot)
            },
        }
    }

    fn gunicorn(config: &Config, slot: &str) -> Self {
        let root = &config.root;
        let patience = config.server.patience() + Duration::from_secs(10);
        Self {
            command: [
                format!("{root}/slots/{slot}/venv/bin/gunicorn"),
                "-c".to_owned(),
                format!("{root}/slots/{slot}.py"),
            ]
            .into(),
            boot: true,
            restart: Restart::OnFailure(config.service.respawn, Duration::from_secs(1)),
            // Longer than gunicorn waits for requests, so that it is never killed with one unanswered.
            stop: Stop {
                signal: Signal::Term,
                timeout: patience,
            },
            ..Self::base(config, slot, &format!("gunicorn, slot {slot}"))
        }
    }

    /// The trial that a release passes before it becomes a generation.
    pub fn trial(config: &Config) -> Self {
        let own = Self::generation(config, super::TRIAL);
        Self {
            about: "trial boot of a release".to_owned(),
            boot: false,
            after: Vec::new(),
            restart: Restart::Never,
            stop: Stop {
                timeout: Duration::from_secs(5),
                ..own.stop
            },
            ..own
        }
    }

    /// A worker of the live release, whose own launcher knows the command.
    pub fn worker(config: &Config, name: &WorkerName, worker: &Worker) -> Self {
        Self {
            command: ["/bin/sh".to_owned(), format!(".deployer/worker-{name}")].into(),
            directory: format!("{}/current", config.root),
            numbered: true,
            // Which of them, and how many, is the app's own list.
            boot: false,
            restart: Restart::Always(worker.respawn, Worker::DELAY),
            stop: Stop {
                signal: worker.stop_signal,
                timeout: worker.stop_timeout,
            },
            limits: Limits {
                open_files: config.service.open_files,
                memory_max: worker.memory_max,
            },
            writable: vec![
                format!("{}/shared", config.root),
                format!("{}/workers", config.run_dir()),
            ],
            ..Self::base(config, &format!("worker-{name}"), &format!("worker {name}"))
        }
    }

    /// What a schedule runs, in the release that is live then.
    pub fn schedule(config: &Config, name: &WorkerName, schedule: &Schedule) -> Self {
        Self {
            command: ["/bin/sh".to_owned(), format!(".deployer/schedule-{name}")].into(),
            directory: format!("{}/current", config.root),
            lasts: Some(schedule.timeout),
            writable: vec![
                format!("{}/shared", config.root),
                format!("{}/workers", config.run_dir()),
            ],
            ..Self::base(
                config,
                &format!("schedule-{name}"),
                &format!("schedule {name}"),
            )
        }
    }

    fn base(config: &Config, name: &str, about: &str) -> Self {
        let (root, service) = (&config.root, &config.service);
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            command: Vec::new(),
            directory: root.to_string(),
            numbered: false,
            user: config.user.to_string(),
            group: config.user.to_string(),
            umask: service.umask,
            environment: vec![
                ("HOME", format!("{root}/shared")),
                ("LANG", "C.UTF-8".to_owned()),
                ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
                ("PYTHONUNBUFFERED", "1".to_owned()),
            ],
            lasts: None,
            boot: false,
            after: service.starts_after(),
            restart: Restart::Never,
            stop: Stop {
                signal: Signal::Term,
                timeout: Duration::from_secs(60),
            },
            limits: Limits {
                open_files: service.open_files,
                memory_max: service.memory_max,
            },
            writable: vec![
                format!("{root}/shared"),
                format!("{}/{name}", config.run_dir()),
            ],
            hardened: service.hardening == crate::config::Hardening::Basic,
        }
    }

    /// `NAME=value`, and nothing else for it to have: for a manager that would hand on what it has itself.
    pub fn whole_environment(&self) -> impl Iterator<Item = String> {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
        let own = self.environment.iter();
        let own = own.map(|(name, value)| format!("{name}={value}"));
        [path].into_iter().chain(own)
    }
}
