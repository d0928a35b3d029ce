use super::{Action, File, HostPlan, Identity, Kind, Place, Step};
use crate::config::{Certificate, Config, GitAuth};
use crate::target::TargetHost;

/// What the client knows of the git server's host key.
#[derive(Debug, Clone, Default)]
pub struct GitPins {
    /// Lines of the client's own `known_hosts`; empty when it has none.
    pub known: String,
    /// A fingerprint (`SHA256:...`) the user accepted; empty when none.
    pub accepted: String,
}

/// What the app needs on every host, before the app's own packages.
const PACKAGES: [&str; 6] = [
    "git",
    "python3",
    "python3-venv",
    "sudo",
    "ca-certificates",
    "openssh-client",
];

/// Those, nginx where it serves, and the file's own.
pub(super) fn packages(config: &Config) -> Vec<String> {
    let mut names: Vec<String> = PACKAGES.iter().map(ToString::to_string).collect();
    if config.nginx.is_some() {
        names.push("nginx".to_owned());
    }
    if let Some(assets) = config.assets.as_ref().filter(|_| config.nginx.is_some()) {
        let of_encodings = assets.precompress.iter().flat_map(|one| one.packages());
        names.extend(of_encodings.map(ToString::to_string));
    }
    names.extend(config.setup.packages.iter().map(ToString::to_string));
    names
}

/// Makes a host ready for pushes; run again, it changes only what differs.
pub fn setup(
    config: &Config,
    host: &TargetHost,
    keys: &[String],
    pins: &GitPins,
    files: Vec<File>,
) -> HostPlan {
    let names = packages(config);
    let keys = keys
        .iter()
        .chain(&config.setup.authorized_keys)
        .cloned()
        .collect();
    let mut prepare = vec![
        Step::new("check", Action::CheckSetup),
        Step::new("packages", Action::Packages { names }),
        Step::new("users", Action::Users { keys }),
        Step::new("directories", Action::Directories),
    ];
    if let Some(uploads) = &config.uploads {
        prepare.push(Step::new(
            "uploads",
            Action::Uploads {
                path: uploads.path.to_string(),
            },
        ));
    }
    prepare.push(Step::new("stubs", Action::OwnFiles));
    if let Some((git_host, port)) = config.repo.ssh_host() {
        let (known, accepted) = (pins.known.clone(), pins.accepted.clone());
        let (repo, host) = (config.repo.to_string(), git_host.to_owned());
        let access = if config.git.auth == GitAuth::Agent {
            Action::GitHost {
                host,
                port,
                known,
                accepted,
            }
        } else {
            Action::GitAccess {
                repo,
                host,
                port,
                known,
                accepted,
            }
        };
        prepare.push(Step::new("git", access));
    }
    let certificate = config.nginx.as_ref().and_then(|nginx| nginx.tls.as_ref());
    if certificate.is_some_and(|tls| matches!(tls.certificate, Certificate::Sent { .. })) {
        prepare.push(Step::new("certificate", Action::Certificate));
    }
    let system = files
        .iter()
        .filter(|file| matches!(file.place, Place::System(_)));
    prepare.push(Step::new(
        "units",
        Action::InstallSystem {
            files: system.map(|file| file.name.clone()).collect(),
        },
    ));
    prepare.push(Step::new(
        "start",
        Action::StartSystem {
            nginx: config.nginx.is_some(),
        },
    ));
    if config.nginx.is_some() {
        let sites = files.iter().filter_map(|file| match &file.place {
            Place::Host(path) => Some((file.name.clone(), path.clone())),
            _ => None,
        });
        let sites = sites.collect();
        prepare.push(Step::new("default", Action::DefaultSites { sites }));
    }
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Setup,
        identity: Identity::new(config, host),
        prepare,
        migrate: Vec::new(),
        activate: Vec::new(),
        finish: Vec::new(),
        files,
    }
}
