use std::path::PathBuf;
use std::process::Command;

use crate::config::RepoUrl;

/// What this client's own `known_hosts` says of the git server: its key was checked here before, so a host need not
/// trust it on first sight. Empty when it says nothing.
pub(super) fn pins(repo: &RepoUrl, ssh_config: Option<&PathBuf>) -> String {
    let Some((host, port)) = repo.ssh_host() else {
        return String::new();
    };
    let Some((name, port, files)) = resolved(host, port, ssh_config) else {
        return String::new();
    };
    let place = if port == "22" {
        name
    } else {
        format!("[{name}]:{port}")
    };
    let keys = files.iter().filter_map(|file| {
        let found = Command::new("ssh-keygen")
            .args(["-F", &place, "-f"])
            .arg(file)
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&found.stdout).into_owned())
    });
    let keys: Vec<String> = keys
        .flat_map(|text| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
        .filter_map(|line| key_of(&line))
        .map(|key| format!("{} {key}", shown(host, repo)))
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
fn shown(host: &str, repo: &RepoUrl) -> String {
    match repo.ssh_host() {
        Some((_, 22)) | None => host.to_owned(),
        Some((_, port)) => format!("[{host}]:{port}"),
    }
}

/// `known_hosts` may know the server by what the client's ssh configuration makes of its name.
fn resolved(
    host: &str,
    port: u16,
    ssh_config: Option<&PathBuf>,
) -> Option<(String, String, Vec<PathBuf>)> {
    let mut ssh = Command::new("ssh");
    if let Some(config) = ssh_config {
        ssh.arg("-F").arg(config);
    }
    let output = ssh
        .args(["-G", "-p", &port.to_string(), "--", host])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |key: &str| {
        text.lines().find_map(|line| {
            line.strip_prefix(key)?
                .strip_prefix(' ')
                .map(ToOwned::to_owned)
        })
    };
    let files = [value("userknownhostsfile"), value("globalknownhostsfile")];
    let files = files
        .into_iter()
        .flatten()
        .flat_map(|files| files.split_whitespace().map(home).collect::<Vec<_>>());
    let name = value("hostkeyalias").or_else(|| value("hostname"))?;
    Some((name, value("port")?, files.collect()))
}

fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
