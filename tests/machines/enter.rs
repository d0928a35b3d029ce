//! Runs a program inside a booted machine without its sshd.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use super::machine::Machine;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Joins the control groups that stand before `--`, as far as they can be joined.
const JOIN: &str = r#"while [ "$1" != -- ]; do
    echo $$ 2> /dev/null > "$1" || true
    shift
done
shift
exec "$@""#;

impl Machine {
    /// A command that runs `args` inside, as root and with an environment of its own.
    pub(super) fn enter(&self, args: &[&str]) -> Result<Command> {
        let Some(leader) = self.leader() else {
            bail!("{} does not run\n{}", self.name, self.console());
        };
        let mut command = Command::new("sh");
        command
            .env_clear()
            .envs([("PATH", PATH), ("HOME", "/root"), ("LANG", "C.UTF-8")])
            .args(["-c", JOIN, "enter"])
            .args(groups(leader)?)
            .args(["--", "nsenter", "--all", "--root", "--wd"])
            .args(["--target", &leader.to_string(), "--"])
            .args(args);
        Ok(command)
    }
}

/// Where to write a pid to bring it into PID 1's own control groups. A process that only
/// enters the namespaces is a stranger to logind and systemd, which refuse its requests.
fn groups(leader: u32) -> Result<Vec<String>> {
    let of_leader = fs::read_to_string(format!("/proc/{leader}/cgroup"))?;
    let mounts = fs::read_to_string("/proc/mounts")?;
    let mut files = Vec::new();
    for mount in mounts.lines() {
        let fields: Vec<&str> = mount.split(' ').collect();
        let [_, at, kind, options, ..] = fields[..] else {
            continue;
        };
        let named = match kind {
            "cgroup2" => "",
            "cgroup" if options.contains("name=systemd") => "name=systemd",
            _ => continue,
        };
        for line in of_leader.lines() {
            if let [_, name, path] = line.splitn(3, ':').collect::<Vec<_>>()[..]
                && name == named
            {
                files.push(format!("{at}{path}/cgroup.procs"));
            }
        }
    }
    Ok(files)
}
