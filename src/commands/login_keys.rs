use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Unfit;
use crate::config::Reach;
use crate::run::Ssh;

/// The public keys that may log in as the file's user: those named, else those this client's ssh would offer.
pub(super) fn keys(named: &[PathBuf], reach: &Reach, ssh: &Ssh) -> Result<Vec<String>> {
    if !named.is_empty() {
        return named.iter().map(|path| read(path)).collect();
    }
    let identities = ssh
        .resolve(reach)?
        .map(|resolved| resolved.identities)
        .unwrap_or_default();
    let mut keys: Vec<String> = identities.iter().filter_map(|path| public(path)).collect();
    if keys.is_empty() {
        keys = agent();
    }
    keys.dedup();
    if keys.is_empty() {
        return Err(Unfit::usage(
            "ssh offers no key here; name one with `--public-key FILE`",
        ));
    }
    Ok(keys)
}

/// The public half of a private key: the file beside it, or made from it where no passphrase is needed.
fn public(identity: &Path) -> Option<String> {
    let mut path = identity.to_string_lossy().into_owned();
    if let (Some(rest), Some(home)) = (path.strip_prefix("~/"), std::env::home_dir()) {
        path = home.join(rest).to_string_lossy().into_owned();
    }
    read(Path::new(&format!("{path}.pub")))
        .ok()
        .or_else(|| derived(&path))
}

fn derived(path: &str) -> Option<String> {
    let made = Command::new("ssh-keygen")
        .args(["-y", "-P", "", "-f", path])
        .output()
        .ok()?;
    let line = String::from_utf8(made.stdout).ok()?.trim().to_owned();
    (made.status.success() && is_key(&line)).then_some(line)
}

/// One `authorized_keys` line without options: a key file that carries some is not a public key file.
fn read(path: &Path) -> Result<String> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if is_key(line) {
        return Ok(line.to_owned());
    }
    Err(Unfit::usage(format!(
        "`{}` holds no public key",
        path.display()
    )))
}

fn agent() -> Vec<String> {
    let Ok(output) = Command::new("ssh-add").arg("-L").output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter(|line| is_key(line))
        .map(ToOwned::to_owned)
        .collect()
}

fn is_key(line: &str) -> bool {
    let kind = line.split(' ').next().unwrap_or_default();
    (kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-"))
        && !line.contains(char::is_control)
        && line.split(' ').count() >= 2
}
