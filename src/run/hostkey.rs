//! What a person needs to decide about a host key that ssh did not accept.

use super::lost::HostKey;
use super::ssh::Ssh;
use crate::event::visible;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

const LOOK: Duration = Duration::from_secs(6);

/// From what ssh said about a key that differs from the trusted one.
pub(super) fn changed(said: &str) -> HostKey {
    let kind = between(said, "fingerprint for the ", " key sent by");
    let sent = said
        .split_whitespace()
        .find(|word| word.starts_with("SHA256:"));
    let fingerprints = sent.map(|sent| match kind {
        Some(kind) => format!("{} ({kind})", sent.trim_end_matches('.')),
        None => sent.trim_end_matches('.').to_owned(),
    });
    let offending = said.lines().find(|line| line.starts_with("Offending "));
    HostKey {
        name: between(said, "Host key for ", " has changed")
            .unwrap_or_default()
            .to_owned(),
        fingerprints: fingerprints.into_iter().collect(),
        scan: Vec::new(),
        offending: offending
            .and_then(|line| line.split(" in ").nth(1))
            .map(ToOwned::to_owned),
    }
}

/// Asks the host for its keys as the user would, without trusting them.
pub(super) async fn unknown(ssh: &Ssh, place: &[String], said: &str) -> HostKey {
    let name = between(said, "key is known for ", " and you have")
        .unwrap_or_default()
        .to_owned();
    let mut key = HostKey {
        name,
        ..HostKey::default()
    };
    if let Ok(Some((scan, fingerprints))) = timeout(LOOK, look(ssh, place)).await {
        key.scan = scan;
        key.fingerprints = fingerprints;
    }
    key
}

async fn look(ssh: &Ssh, place: &[String]) -> Option<(Vec<String>, Vec<String>)> {
    let told = ssh
        .command()
        .arg("-G")
        .args(place)
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let value = |key: &str| {
        told.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
            .filter(|value| *value != "none")
    };
    // Behind a jump host ssh-keyscan would ask another machine.
    if value("proxyjump").is_some() || value("proxycommand").is_some() {
        return None;
    }
    let mut scan = vec!["-H".to_owned(), value("hostname")?.to_owned()];
    if let Some(port) = value("port").filter(|port| *port != "22") {
        scan.splice(0..0, ["-p".to_owned(), port.to_owned()]);
    }
    let keys = quiet("ssh-keyscan")
        .args(["-T", "5"])
        .args(&scan)
        .output()
        .await
        .ok()?
        .stdout;
    let mut reader = quiet("ssh-keygen")
        .args(["-l", "-f", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .ok()?;
    reader.stdin.take()?.write_all(&keys).await.ok()?;
    let listed = reader.wait_with_output().await.ok()?.stdout;
    // 256 SHA256:... web1.example.com (ED25519)
    let fingerprints = listed.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = visible(line);
        let words: Vec<&str> = line.split(' ').collect();
        Some(format!("{} {}", words.get(1)?, words.last()?))
    });
    Some((scan, fingerprints.collect()))
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
