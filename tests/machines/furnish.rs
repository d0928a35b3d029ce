//! Gives a new machine its disk and what only it has: names, keys, address.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use super::image::{Image, lock};
use super::machine::{Machine, Options};
use super::process::run;

/// In kB: what the disks of all tests at once may come to, twice.
const PLENTY: u64 = 8 << 20;

const NETWORK_UNIT: &str = include_str!("network.service");

impl Machine {
    /// Makes the disk and what only this machine has: names, keys, address.
    pub(super) fn furnish(&self, image: &Image, options: &Options) -> Result<()> {
        self.mount_disk(&image.root)?;
        let dir = self.dir.to_str().context("the cache's path is not UTF-8")?;
        let root = self.root_path();
        let etc = root.join("etc");
        let id = run("cat", &["/proc/sys/kernel/random/uuid"])?.replace('-', "");
        fs::write(etc.join("machine-id"), format!("{id}\n"))?;
        fs::write(etc.join("hostname"), format!("{}\n", self.name))?;

        let host_key = format!("{dir}/root/etc/ssh/ssh_host_ed25519_key");
        let options_of_key = [
            "-q", "-t", "ed25519", "-N", "", "-C", &self.name, "-f", &host_key,
        ];
        run("ssh-keygen", &options_of_key)?;
        fs::create_dir_all(root.join("root/.ssh"))?;
        fs::copy(
            image.key.with_extension("pub"),
            root.join("root/.ssh/authorized_keys"),
        )?;

        let unit = NETWORK_UNIT.replace("ADDRESS", &format!("{}/24", self.ip));
        fs::write(etc.join("systemd/system/lab-network.service"), unit)?;
        let wants = etc.join("systemd/system/sysinit.target.wants");
        fs::create_dir_all(&wants)?;
        symlink("../lab-network.service", wants.join("lab-network.service"))?;

        if self.lab.hurried() && !options.logs_out {
            let dir = etc.join("systemd/logind.conf.d");
            fs::create_dir_all(&dir)?;
            fs::write(
                dir.join("tests.conf"),
                "[Login]\nUserStopDelaySec=infinity\n",
            )?;
        }

        let mut args = format!("--bind-ro={}:/opt/wheels\n", image.wheels.display());
        if options.uv {
            let uv = image.wheels.join("bin/uv");
            writeln!(args, "--bind-ro={}:/usr/local/bin/uv", uv.display())?;
        }
        for (from, to) in &options.binds {
            writeln!(args, "--bind-ro={}:{}", from.display(), to.display())?;
        }
        if let Some(unit) = options.only {
            // The first word that is no option, and for systemd inside.
            writeln!(args, "systemd.unit={unit}")?;
        }
        fs::write(self.dir.join("nspawn"), args)?;
        self.introduce()
    }

    /// An overlay cannot lie on every file system (not on another overlay, as in a container): memory serves where it
    /// must, and where the lab asks for it.
    fn mount_disk(&self, lower: &Path) -> Result<()> {
        let dir = self.dir.to_str().context("the cache's path is not UTF-8")?;
        let lower = lower.display();
        let overlay = format!("lowerdir={lower},upperdir={dir}/disk/upper,workdir={dir}/disk/work");
        let mount = || {
            for name in ["root", "disk/upper", "disk/work"] {
                fs::create_dir_all(self.dir.join(name))?;
            }
            run(
                "mount",
                &[
                    "-t",
                    "overlay",
                    "overlay",
                    "-o",
                    &overlay,
                    &format!("{dir}/root"),
                ],
            )
        };
        let in_memory = || {
            fs::create_dir_all(self.dir.join("disk"))?;
            run(
                "mount",
                &[
                    "-t",
                    "tmpfs",
                    "-o",
                    "size=4g",
                    "disk",
                    &format!("{dir}/disk"),
                ],
            )?;
            mount()
        };
        let enough = self.lab.hurried() && available_memory()? >= PLENTY;
        if enough || mount().is_err() {
            in_memory()?;
        }
        Ok(())
    }

    /// Tells this machine the names of all, and all the name of this one.
    fn introduce(&self) -> Result<()> {
        let _lock = lock(&self.lab.dir().join("lock"))?;
        let mut hosts = "127.0.0.1 localhost\n::1 localhost\n".to_owned();
        writeln!(hosts, "{} {}", self.ip, self.name)?;
        for name in self.lab.names()? {
            let other = self.lab.machine(&name)?;
            let file = other.root_path().join("etc/hosts");
            if name == self.name || !file.exists() {
                continue;
            }
            writeln!(hosts, "{} {name}", other.ip)?;
            let mut file = OpenOptions::new().append(true).open(file)?;
            writeln!(file, "{} {}", self.ip, self.name)?;
        }
        Ok(fs::write(self.root_path().join("etc/hosts"), hosts)?)
    }
}

/// In kB.
fn available_memory() -> Result<u64> {
    let facts = fs::read_to_string("/proc/meminfo")?;
    let line = facts
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let number = line.and_then(|line| line.trim().split(' ').next());
    Ok(number.context("unreadable /proc/meminfo")?.parse()?)
}
