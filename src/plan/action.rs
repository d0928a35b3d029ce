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
    Choose(Back),
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
    // by hand
    /// The live release again, in new processes.
    Again,
    Stop,
    Start,
    Freeze {
        message: String,
    },
    Unfreeze,
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
    pub installer: Installer,
    pub index_url: Option<String>,
    pub require_hashes: bool,
    /// Installed when the requirements do not name gunicorn.
    pub gunicorn: &'static str,
    pub requirements: Vec<String>,
}
