use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config::{HostAddress, Reach, RepoUrl};
use crate::run::Ssh;

/// What this client's own `known_hosts` says of the git server: its key was checked here before, so a host need not
/// trust it on first sight. Empty when it says nothing.
pub(super) fn pins(repo: &RepoUrl, ssh: &Ssh) -> String {
    let server = repo.ssh_host().and_then(|(host, port)| {
        let address = HostAddress::try_from(host).ok()?;
        let reach = Reach::Ssh {
            user: None,
            address,
            port: Some(port),
        };
        ssh.resolve(&reach).ok()?
    });
    let Some(server) = server else {
        return String::new();
    };
    let keys = server.known_hosts.iter().filter_map(|file| {
        let found = Command::new("ssh-keygen")
            .args(["-F", &server.known_as, "-f"])
            .arg(home(file))
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&found.stdout).into_owned())
    });
    let keys: Vec<String> = keys
        .flat_map(|text| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
        .filter_map(|line| key_of(&line))
        .map(|key| format!("{} {key}", shown(repo)))
        .collect();
    keys.join("\n")
}

/// Type and key of a `known_hosts` line, without the name, which may be hashed; markers are not plain keys.
fn key_of(line: &str) -> Option<String> {
    if line.starts_with(['#', '@']) {
        return None;
    }
    let mut words = line.split_whitespace().skip(1);
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// The name a host's own ssh will look the server up by.
fn shown(repo: &RepoUrl) -> String {
    match repo.ssh_host() {
        Some((host, 22)) => host.to_owned(),
        Some((host, port)) => format!("[{host}]:{port}"),
        None => String::new(),
    }
}

fn home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
