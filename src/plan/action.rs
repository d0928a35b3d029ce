use serde::Serialize;

use super::{Maintenance, Name, Task};
use crate::config::{BuildOn, Encoding, Fingerprint, Installer, PythonFrom, Takeover};

/// The closed list of things a host can be told to do.
#[derive(Debug, Clone, Serialize)]
pub enum Action {
    // push
    CheckHost,
    Fetch {
        repo: String,
        /// `refs/heads/main`; `None` for a commit that was asked for by itself.
        reference: Option<String>,
        revision: String,
        allow_older: bool,
    },
    Export {
        revision: String,
        /// The one directory of the repository that becomes the release.
        path: Option<String>,
        /// `None`: fails where the revision has any.
        submodules: Option<bool>,
    },
    Virtualenv(Virtualenv),
    Environment,
    LinkRelease {
        /// The one of `shared` that nginx serves; setup has to have made it.
        uploads: Option<String>,
        shared: Vec<String>,
    },
    /// Single files of `shared`, which have to be there.
    LinkFiles {
        files: Vec<String>,
    },
    /// What the processes of the release are started by.
    Processes {
        /// By their paths in the release.
        files: Vec<(Name, String)>,
        workers: Vec<Moved>,
    },
    BuildStatic {
        /// A client's is asked for where no release of the host has it.
        on: BuildOn,
        output: String,
        inputs: Vec<String>,
        task: Task,
    },
    CollectStatic {
        url: String,
        task: Task,
    },
    /// What the framework itself says of a release that is to be deployed: a warning.
    CheckFramework {
        manage: String,
        task: Task,
    },
    PublishStatic(Publication),
    /// The client signs for what the storage lacks.
    UploadStatic {
        /// For who reads the script.
        name: String,
    },
    /// What nginx says where the app cannot.
    PublishPages {
        directory: String,
    },
    CheckSystem {
        files: Vec<Name>,
    },
    TrialBoot,
    ImportGate,
    Decide {
        takeover: Takeover,
        max_stall: u64,
    },
    /// Facts for the release's manifest, as the inside of a JSON object.
    Seal {
        manifest: String,
    },
    // commands of the project
    /// A hook or a backup, whose failure is that of its phase.
    Task(Task),
    /// Asks whether a migration is pending.
    Pending {
        check: Option<Task>,
    },
    Migrate(Task),
    /// The whole health check, on the host that has migrated.
    FullTrial,
    /// The same on the others, before they switch.
    Verify,
    /// What a hook of a moment that can no longer change the outcome says is only a warning.
    LateTask(Task),
    // rollback
    Choose(Back),
    KeepEnvironment,
    RestoreSystem {
        files: Vec<Name>,
    },
    // after the verdict
    Drain,
    Record,
    Prune {
        keep: u32,
        /// For files of the static store that no kept release names.
        days: u32,
    },
    // prune by hand
    /// The client leaves these alone in a storage.
    TellNames,
    Tidy {
        keep: u32,
        days: u32,
    },
    ForeseePrune {
        keep: u32,
    },
    // setup
    CheckSetup,
    Packages {
        names: Vec<String>,
    },
    Users {
        keys: Vec<String>,
    },
    Directories,
    Uploads {
        path: String,
    },
    OwnFiles {
        /// Stubs of slots.
        files: Vec<Name>,
    },
    GitAccess {
        repo: String,
        host: String,
        port: u16,
        known: String,
        accepted: String,
    },
    /// The git server's host key alone: nothing on the host logs in there by itself.
    GitHost {
        host: String,
        port: u16,
        known: String,
        accepted: String,
    },
    /// The manager itself, where it is the app's own.
    InstallManager {
        index_url: Option<String>,
    },
    InstallSystem {
        files: Vec<Name>,
    },
    /// Those that the file has the app start after.
    NameServices {
        names: Vec<String>,
    },
    StartSystem {
        nginx: bool,
    },
    /// Puts the certificate that comes with the run where nginx finds it.
    Certificate,
    /// Has certbot get one.
    Acme {
        lineage: String,
        email: String,
        directory: String,
        names: Vec<String>,
    },
    /// What answers names that no site of the host has, each with its path.
    DefaultSites {
        sites: Vec<(Name, String)>,
    },
    // by hand
    /// The live release again, in new processes.
    Again,
    Stop,
    Start,
    /// How many of each there shall be.
    Scale {
        counts: Vec<(String, u32)>,
    },
    Freeze {
        message: String,
    },
    Unfreeze,
    BeginMaintenance(Maintenance),
    EndMaintenance,
    // read
    ShowState,
    ShowReleases,
    ShowHistory {
        count: u32,
    },
    Foresee {
        revision: String,
    },
    RemoteHead {
        repo: String,
        reference: String,
    },
    Examine(Examination),
}

/// Static files on their way from a release to where nginx finds them.
#[derive(Debug, Clone, Serialize)]
pub struct Publication {
    /// A directory of the release; `None` for what was collected.
    pub source: Option<String>,
    pub url: String,
    /// What the app puts before a name.
    pub base: String,
    pub fingerprint: Fingerprint,
    pub strict: bool,
    pub precompress: Vec<Encoding>,
    pub at_root: Vec<String>,
    /// Whether a storage gets them too.
    pub stored: bool,
}

/// A worker that follows the live release.
#[derive(Debug, Clone, Serialize)]
pub struct Moved {
    pub name: String,
    pub instances: u32,
    /// Seconds that one may take to finish what it does.
    pub patience: u64,
    pub overlap: bool,
}

/// What a host is looked at for, besides what every app needs.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    pub repo: String,
    /// The git server and its port where it is reached over ssh.
    pub git_server: Option<(String, u16)>,
    pub branch: String,
    /// `3.12`, where the host has to have it.
    pub python: Option<String>,
    /// Where https is served: the port and a name.
    pub https: Option<(u16, String)>,
    /// What starts before the app.
    pub services: Vec<String>,
    /// Debian packages that setup installs.
    pub packages: Vec<String>,
}

impl Action {
    pub(super) fn is_task(&self) -> bool {
        matches!(
            self,
            Self::Task(_)
                | Self::BuildStatic {
                    on: BuildOn::Host,
                    ..
                }
                | Self::CollectStatic { .. }
                | Self::CheckFramework { .. }
                | Self::Pending { .. }
                | Self::Migrate(_)
                | Self::LateTask(_)
        )
    }
}

/// Which release a rollback puts back live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Back {
    /// By its id, or what is enough of its id or its revision.
    To(String),
    /// So many good ones before the live one.
    Steps(u32),
}

/// What a virtualenv is made from; the host adds its Python's version and platform.
#[derive(Debug, Clone, Serialize)]
pub struct Virtualenv {
    /// `3.12`; `None` for the host's `python3`.
    pub python: Option<String>,
    pub from: PythonFrom,
    pub installer: Installer,
    pub index_url: Option<String>,
    pub require_hashes: bool,
    /// Installed when the requirements do not name gunicorn.
    pub gunicorn: &'static str,
    pub source: Source,
    /// Whether the app itself is installed too.
    pub install: bool,
    /// Whether one with the same inputs is made anew.
    pub refresh: bool,
}

/// Where packages are written down.
#[derive(Debug, Clone, Serialize)]
pub enum Source {
    Detect,
    Files(Vec<String>),
    Project {
        extras: Vec<String>,
        groups: Vec<String>,
    },
}
