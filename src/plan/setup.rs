use super::{Action, File, HostPlan, Identity, Kind, Name, Place, Step};
use crate::config::{Certificate, Config, GitAuth, Manager, Nginx, Scope};
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

/// Where nothing can be installed: whatever else is missing says so when it is wanted.
const PACKAGES_WITHOUT_ROOT: [&str; 2] = ["git", "python3"];

/// Those, nginx where it serves, and the file's own.
pub(super) fn packages(config: &Config) -> Vec<String> {
    let own: &[&str] = match config.service.scope {
        Scope::System => &PACKAGES,
        Scope::User => &PACKAGES_WITHOUT_ROOT,
    };
    let mut names: Vec<String> = own.iter().map(ToString::to_string).collect();
    if config.nginx.is_some() {
        names.push("nginx".to_owned());
    }
    if (config.service.manager, config.service.scope) == (Manager::Supervisor, Scope::System) {
        names.push("supervisor".to_owned());
    }
    let by_cron = config.service.manager != Manager::Systemd && !config.schedules.is_empty();
    if by_cron && config.service.scope == Scope::System {
        names.push("cron".to_owned());
    }
    let tls = config.nginx.as_ref().and_then(|nginx| nginx.tls.as_ref());
    if tls.is_some_and(|tls| tls.acme().is_some()) {
        names.push("certbot".to_owned());
    }
    if config.uploads.is_some() {
        names.push("rsync".to_owned());
    }
    let assets = config.assets.iter();
    let encodings = assets.flat_map(|assets| &assets.precompress);
    for encoding in encodings {
        // Without nginx there is nobody to load its module.
        let module = encoding.module().filter(|_| config.nginx.is_some());
        let needed = encoding.program().into_iter().chain(module);
        names.extend(needed.map(ToOwned::to_owned));
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
    let keys: Vec<_> = keys
        .iter()
        .chain(&config.setup.authorized_keys)
        .cloned()
        .collect();
    let mut prepare = vec![
        Step::new("check", Action::CheckSetup),
        Step::new("packages", Action::Packages { names }),
    ];
    if config.service.scope == Scope::System || !keys.is_empty() {
        prepare.push(Step::new("users", Action::Users { keys }));
    }
    prepare.push(Step::new("directories", Action::Directories));
    if let Some(uploads) = &config.uploads {
        prepare.push(Step::new(
            "uploads",
            Action::Uploads {
                path: uploads.path.to_string(),
            },
        ));
    }
    let stubs = files
        .iter()
        .filter(|file| matches!(file.place, Place::Root(_)));
    let stubs = stubs.map(|file| file.name.clone()).collect();
    prepare.push(Step::new("stubs", Action::OwnFiles { files: stubs }));
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
    if (config.service.manager, config.service.scope) == (Manager::Supervisor, Scope::User) {
        let index_url = config.python.index_url.as_ref().map(ToString::to_string);
        prepare.push(Step::new(
            "supervisor",
            Action::InstallManager { index_url },
        ));
    }
    prepare.extend(
        config
            .nginx
            .as_ref()
            .and_then(|nginx| certificate(config, nginx)),
    );
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
    let names = config.service.starts_after();
    if !names.is_empty() {
        prepare.push(Step::new("services", Action::NameServices { names }));
    }
    if config.nginx.is_some() {
        let sites = files.iter().filter_map(|file| match &file.place {
            Place::Host(path) if file.name != Name::Logrotate => {
                Some((file.name.clone(), path.clone()))
            }
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

/// What has to be there before nginx takes a site that names it.
fn certificate(config: &Config, nginx: &Nginx) -> Option<Step> {
    let action = match &nginx.tls.as_ref()?.certificate {
        Certificate::Files { .. } => return None,
        Certificate::Sent { .. } => Action::Certificate,
        Certificate::Acme(acme) => Action::Acme {
            lineage: acme.lineage(&config.app),
            email: acme.email.to_string(),
            directory: acme.directory.to_string(),
            names: nginx
                .server_names
                .iter()
                .chain(&nginx.redirects)
                .map(ToString::to_string)
                .collect(),
        },
    };
    Some(Step::new("certificate", action))
}
