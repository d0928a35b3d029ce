//! A configuration for the ssh client that knows a lab's machines, their keys and ours.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::image::cache_dir;
use super::machine::Machine;
use super::process::{Output, run_with};

/// `ssh -F PATH root@web1` works while this lives. Host keys are checked against the
/// machines' real ones.
#[derive(Debug)]
pub struct SshConfig {
    file: PathBuf,
    _dir: Option<TempDir>,
}

impl SshConfig {
    pub fn new(machines: &[&Machine]) -> Result<Self> {
        Self::through(
            &machines
                .iter()
                .map(|m| (*m, (m.ip(), 22).into()))
                .collect::<Vec<_>>(),
        )
    }

    /// Reaches each machine at the given address, such as a [`super::Proxy`]'s.
    pub fn through(machines: &[(&Machine, SocketAddr)]) -> Result<Self> {
        // In the lab's directory it goes with the lab, even if this process is killed.
        let (first, _) = machines.first().context("no machine to reach")?;
        let dir = TempDir::with_prefix_in("ssh-", first.lab().dir())?;
        let file = Self::write(dir.path(), machines)?;
        Ok(Self {
            file,
            _dir: Some(dir),
        })
    }

    /// The same in a directory that stays.
    pub fn in_dir(dir: &Path, machines: &[(&Machine, SocketAddr)]) -> Result<Self> {
        let file = Self::write(dir, machines)?;
        Ok(Self { file, _dir: None })
    }

    /// Agrees on keys in a sixth of the time that sntrup761 takes: tests connect thousands of times.
    pub fn in_a_hurry(self) -> Result<Self> {
        // The last block is that of every host.
        let text = fs::read_to_string(&self.file)?;
        fs::write(&self.file, text + "  KexAlgorithms curve25519-sha256\n")?;
        Ok(self)
    }

    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The file of known host keys: one line per machine.
    pub fn known_hosts(&self) -> PathBuf {
        self.file.with_file_name("known_hosts")
    }

    /// Runs a command over ssh; `target` is `web1` (as root) or `user@web1`.
    pub fn ssh(&self, target: &str, command: &str) -> Result<Output> {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(&self.file).args([target, command]);
        run_with(&mut ssh, b"", &format!("ssh {target} {command}"))
    }

    fn write(dir: &Path, machines: &[(&Machine, SocketAddr)]) -> Result<PathBuf> {
        // ssh refuses a key that others can read, and caches are copied around carelessly.
        let identity = dir.join("identity");
        fs::copy(cache_dir()?.join("keys/id_ed25519"), &identity)
            .context("no test key in the cache")?;
        let known_hosts = dir.join("known_hosts");
        let mut known = String::new();
        let mut config = String::new();
        for (machine, address) in machines {
            let name = machine.name();
            writeln!(known, "{name} {}", machine.host_key()?)?;
            writeln!(
                config,
                "Host {name}\n  HostName {}\n  Port {}",
                address.ip(),
                address.port()
            )?;
            writeln!(config, "  HostKeyAlias {name}\n")?;
        }
        writeln!(
            config,
            "Host *\n  User root\n  BatchMode yes\n  IdentitiesOnly yes"
        )?;
        writeln!(
            config,
            "  IdentityAgent none\n  IdentityFile \"{}\"",
            identity.display()
        )?;
        writeln!(
            config,
            "  StrictHostKeyChecking yes\n  GlobalKnownHostsFile /dev/null"
        )?;
        writeln!(config, "  UserKnownHostsFile \"{}\"", known_hosts.display())?;
        fs::write(&known_hosts, known)?;
        let file = dir.join("config");
        fs::write(&file, config)?;
        Ok(file)
    }
}
