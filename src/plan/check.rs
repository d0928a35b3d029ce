use super::setup::packages;
use super::{Action, Examination, File, HostPlan, Identity, Kind, Step};
use crate::config::{Config, PythonFrom};
use crate::target::TargetHost;

/// Looks at a host, set up or not, for all that setup and a push need of it.
pub fn check(config: &Config, host: &TargetHost, files: Vec<File>) -> HostPlan {
    let examination = Examination {
        repo: config.repo.to_string(),
        git_server: config
            .repo
            .ssh_host()
            .map(|(host, port)| (host.to_owned(), port)),
        branch: config.branch.to_string(),
        python: match config.python.from {
            PythonFrom::Host => config.python.version.as_ref().map(ToString::to_string),
            PythonFrom::Uv => None,
        },
        https: config.nginx.as_ref().and_then(|nginx| {
            let name = nginx.server_names.first()?.to_string();
            Some((nginx.tls.as_ref()?.listen, name))
        }),
        services: config.service.starts_after(),
        packages: packages(config),
    };
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Check,
        identity: Identity::new(config, host),
        prepare: vec![Step::new("examine", Action::Examine(examination))],
        migrate: Vec::new(),
        activate: Vec::new(),
        finish: Vec::new(),
        files,
    }
}
