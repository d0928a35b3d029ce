use serde::Serialize;

use super::Name;
use crate::config::{Installer, Takeover};

/// The closed list of things a host can be told to do.
#[derive(Debug, Clone, Serialize)]
pub enum Action {
    // push
    CheckHost,
    Fetch {
        repo: String,
        branch: String,
        revision: String,
        allow_older: bool,
    },
    Export {
        revision: String,
    },
    Virtualenv(Virtualenv),
    Environment,
    LinkRelease {
        /// The one of `shared` that nginx serves; setup has to have made it.
        uploads: Option<String>,
        shared: Vec<String>,
    },
    PublishStatic {
        url: String,
        source: String,
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
    // rollback
    Choose {
        release: Option<String>,
    },
    RestoreSystem {
        files: Vec<Name>,
    },
    // after the verdict
    Drain,
    Record,
    Prune {
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
    OwnFiles,
    GitAccess {
        repo: String,
        host: String,
        port: u16,
        known: String,
        accepted: String,
    },
    InstallSystem {
        files: Vec<Name>,
    },
    StartSystem {
        nginx: bool,
    },
    // read
    ShowState,
    ShowReleases,
    Foresee {
        revision: String,
    },
    RemoteHead {
        repo: String,
        reference: String,
    },
    Examine(Examination),
}

/// What a host is looked at for, besides what every app needs.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    pub repo: String,
    /// The git server and its port where it is reached over ssh.
    pub git_server: Option<(String, u16)>,
    pub branch: String,
    pub python: Option<String>,
    /// Debian packages that setup installs.
    pub packages: Vec<String>,
}

/// What a virtualenv is made from; the host adds its Python's version and platform.
#[derive(Debug, Clone, Serialize)]
pub struct Virtualenv {
    /// `3.12`; `None` for the host's `python3`.
    pub python: Option<String>,
    pub installer: Installer,
    pub index_url: Option<String>,
    pub require_hashes: bool,
    /// Installed when the requirements do not name gunicorn.
    pub gunicorn: &'static str,
    pub requirements: Vec<String>,
}
