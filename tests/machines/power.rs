//! Turning a machine on and off, gently or not.

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::machine::Machine;
use super::process::run;

const START: &str = include_str!("start.sh");

impl Machine {
    /// A power cut: PID 1 and all processes are gone when this returns. The disk stays, with
    /// everything written to it, synced or not.
    pub fn kill9(&self) -> Result<()> {
        let Some(leader) = self.leader() else {
            bail!("{} does not run", self.name);
        };
        run("kill", &["-9", &leader.to_string()])?;
        self.wait_off(Duration::from_secs(20))
    }

    /// An orderly reboot, until sshd answers again.
    pub fn reboot(&self) -> Result<()> {
        self.exec("systemctl reboot")?;
        self.wait_off(Duration::from_secs(100))?;
        self.boot()
    }

    /// Waits until the machine is off, however it was told to stop.
    pub fn wait_off(&self, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.supervisor().is_some() {
            if Instant::now() > end {
                bail!(
                    "{} still runs after {limit:?}\n{}",
                    self.name,
                    self.console()
                );
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub fn runs(&self) -> bool {
        self.leader().is_some()
    }

    /// Boots on the disk as it is, until sshd answers and systemd has started everything.
    pub fn boot(&self) -> Result<()> {
        if self.supervisor().is_some() {
            bail!("{} runs already", self.name);
        }
        let [root, pid, console, args] =
            ["root", "pid", "console", "nspawn"].map(|name| self.dir.join(name));
        let _ = fs::remove_file(&pid);
        let lab = self.lab.id();
        let own_args = fs::read_to_string(args)?;
        let start = Command::new("setsid")
            .args(["--fork", "sh", "-c", START, "start.sh"])
            .arg(format!("deployer-{lab}-{}", self.name))
            .args([&pid, &console])
            .args([
                "systemd-nspawn",
                "--quiet",
                "--boot",
                "--register=no",
                "--keep-unit",
            ])
            .args(["--resolv-conf=off", "--directory"])
            .arg(root)
            .arg(format!("--network-bridge={}", self.lab.network().bridge))
            .arg(format!("--machine={lab}-{}", self.name))
            .arg(format!("--hostname={}", self.name))
            .args(own_args.lines())
            .status()?;
        if !start.success() {
            bail!("cannot start systemd-nspawn for {}", self.name);
        }
        self.wait_ready()
    }

    fn wait_ready(&self) -> Result<()> {
        let ssh = SocketAddr::from((self.ip, 22));
        let end = Instant::now() + Duration::from_secs(60);
        let mut greeting = [0; 4];
        loop {
            let answer = TcpStream::connect_timeout(&ssh, Duration::from_millis(250));
            if answer.is_ok_and(|mut stream| stream.read_exact(&mut greeting).is_ok()) {
                break;
            }
            if Instant::now() > end {
                bail!("sshd of {} does not answer\n{}", self.name, self.console());
            }
            sleep(Duration::from_millis(20));
        }
        // A state such as `degraded` is the test's business: it may have broken a unit itself.
        self.exec("systemctl is-system-running --wait")?;
        Ok(())
    }

    /// PID 1 of the machine as the outer machine numbers it, while it runs.
    pub fn leader(&self) -> Option<u32> {
        let nspawn = self.supervisor()?;
        let children = fs::read_to_string(format!("/proc/{nspawn}/task/{nspawn}/children")).ok()?;
        children.split(' ').next()?.parse().ok()
    }

    fn supervisor(&self) -> Option<u32> {
        let pid: u32 = fs::read_to_string(self.dir.join("pid"))
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let ended = state
            .rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('Z'));
        // Between fork and exec the pid is still that of the shell in start.sh.
        (["systemd-nspawn", "sh", "dash", "bash"].contains(&name.trim_end()) && !ended)
            .then_some(pid)
    }
}
