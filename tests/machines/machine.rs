//! One machine: an overlay over the shared root file system, booted by systemd-nspawn.

use std::fs::{self, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::image::{Image, lock};
use super::lab::Lab;
use super::process::{Output, run_with};

/// How a machine differs from the usual one.
#[derive(Debug, Clone)]
pub struct Options {
    pub suite: String,
    /// Puts `uv` into `/usr/local/bin`.
    pub uv: bool,
    /// Debian packages besides the usual ones; each set of them is an image of its own.
    pub packages: Vec<&'static str>,
    /// Boots this unit and what it needs, and nothing else that the packages would start.
    pub only: Option<&'static str>,
    /// Whether a login's own systemd leaves after its last session, as it usually does.
    pub logs_out: bool,
    /// Paths of the outer machine and where they appear, read-only.
    pub binds: Vec<(PathBuf, PathBuf)>,
}

impl Options {
    /// A host that makes a virtualenv in a tenth of pip's time.
    pub fn with_uv() -> Self {
        Self {
            uv: true,
            ..Self::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            suite: "trixie".to_owned(),
            uv: false,
            packages: Vec::new(),
            only: None,
            logs_out: false,
            binds: Vec::new(),
        }
    }
}

/// A booted host. Dropping it removes it with its disk, unless its lab was made by hand.
#[derive(Debug)]
pub struct Machine {
    pub(super) lab: Lab,
    pub(super) name: String,
    pub(super) ip: Ipv4Addr,
    pub(super) dir: PathBuf,
    owned: bool,
}

impl Machine {
    /// A machine in a lab of its own.
    pub fn up(name: &str) -> Result<Self> {
        Lab::new()?.up(name)
    }

    pub(super) fn create(lab: &Lab, name: &str, options: &Options) -> Result<Self> {
        let image = Image::with(&options.suite, &options.packages)?;
        let machine = {
            let _lock = lock(&lab.dir().join("lock"))?;
            let dir = lab.dir().join("machines").join(name);
            if dir.exists() {
                bail!("machine `{name}` is already there");
            }
            let mut taken = Vec::new();
            for other in lab.names()? {
                taken.push(lab.machine(&other)?.ip);
            }
            let mut addresses = (10..250).map(|host| lab.network().address(host));
            let ip = addresses.find(|ip| !taken.contains(ip));
            let machine = Self {
                lab: lab.clone(),
                name: name.to_owned(),
                ip: ip.context("no free address left in the lab")?,
                dir,
                owned: !lab.stays(),
            };
            fs::create_dir(&machine.dir)?;
            fs::write(machine.dir.join("ip"), machine.ip.to_string())?;
            machine
        };
        machine.furnish(&image, options)?;
        machine.boot()?;
        Ok(machine)
    }

    pub(super) fn open(lab: &Lab, name: &str) -> Result<Self> {
        let dir = lab.dir().join("machines").join(name);
        let ip = fs::read_to_string(dir.join("ip"))
            .with_context(|| format!("there is no machine `{name}`"))?;
        Ok(Self {
            lab: lab.clone(),
            name: name.to_owned(),
            ip: ip.parse()?,
            dir,
            owned: false,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// The machine's disk, seen from outside; the same files whether it runs or not.
    pub fn root_path(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// What the machine wrote to its console at all its boots.
    pub fn console(&self) -> String {
        let bytes = fs::read(self.dir.join("console")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The public half of the machine's ssh host key: `ssh-ed25519 AAAA...`.
    pub fn host_key(&self) -> Result<String> {
        let line = fs::read_to_string(self.root_path().join("etc/ssh/ssh_host_ed25519_key.pub"))?;
        Ok(line
            .split(' ')
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
            .trim_end()
            .to_owned())
    }

    /// Runs shell text as root, without ssh; a failing command is an `Ok` that says so.
    pub fn exec(&self, command: &str) -> Result<Output> {
        self.exec_input(command, b"")
    }

    /// [`Self::exec`] that gives `input` to the command.
    pub fn exec_input(&self, command: &str, input: &[u8]) -> Result<Output> {
        run_with(&mut self.enter(&["sh", "-c", command])?, input, command)
    }

    /// Runs shell text as another user, in that user's home.
    pub fn exec_as(&self, user: &str, command: &str) -> Result<Output> {
        let cd = format!("cd && {command}");
        let become_user = ["setpriv", "--init-groups", "--reset-env", "--reuid", user];
        let group = self.exec(&format!("id -g {user}"))?.ok()?;
        let args = [&become_user[..], &["--regid", &group, "sh", "-c", &cd]].concat();
        run_with(&mut self.enter(&args)?, b"", command)
    }

    /// Standard output of shell text that must succeed.
    pub fn sh(&self, command: &str) -> Result<String> {
        self.exec(command)?
            .ok()
            .with_context(|| format!("on {}", self.name))
    }

    /// Writes a whole file, its directories included, whether the machine runs or not.
    pub fn write_file(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        if self.leader().is_some() {
            let args = [
                "install",
                "-D",
                "-m",
                &format!("{mode:o}"),
                "/dev/stdin",
                path,
            ];
            run_with(&mut self.enter(&args)?, bytes, &format!("install {path}"))?.ok()?;
            return Ok(());
        }
        let path = self.outside(path);
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(&path, bytes)?;
        Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
    }

    pub fn read_file(&self, path: &str) -> Result<String> {
        if self.leader().is_some() {
            return run_with(
                &mut self.enter(&["cat", "--", path])?,
                b"",
                &format!("cat {path}"),
            )?
            .ok();
        }
        Ok(fs::read_to_string(self.outside(path))?)
    }

    /// Adds another machine's host key to those that every user here trusts.
    pub fn trust(&self, other: &Machine) -> Result<()> {
        let line = format!("{},{} {}\n", other.name, other.ip, other.host_key()?);
        self.exec_input("cat >> /etc/ssh/ssh_known_hosts", line.as_bytes())?
            .ok()?;
        Ok(())
    }

    /// Removes the machine and its disk.
    pub fn down(mut self) -> Result<()> {
        self.owned = false;
        self.lab.remove_machine(&self.name)?;
        if self.lab.stays() && self.lab.names()?.is_empty() {
            self.lab.down()?;
        }
        Ok(())
    }

    fn outside(&self, path: &str) -> PathBuf {
        self.root_path().join(path.trim_start_matches('/'))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.owned {
            // What this cannot remove, the lab's end or the next lab's start does.
            let _ = self.lab.remove_machine(&self.name);
        }
    }
}
