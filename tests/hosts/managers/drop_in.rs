//! What sudo makes of each manager's drop-in: just these programs, words and numbers.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::upstart_logs;
use crate::machines::Machine;

const FILE: &str = "app: hello
repo: ssh://git@git1/srv/git/hello.git
gunicorn: {app: hello}
nginx: false
service: {manager: MANAGER}
workers: {queue: ./work}
environments: {production: {hosts: deploy@web1}}
";

/// What stands in for the other two only prints what it is told: whether it may be asked is sudo's to say.
const ASKED: &str = "#!/bin/sh\necho \"$0 $*\"\n";

#[test]
fn a_login_may_switch_its_own_workers_alone() -> Result<()> {
    let web = Machine::up("web1")?;
    web.sh("useradd --system hello; useradd --create-home deploy")?;
    take_drop_in(&web, "systemd")?;
    let systemctl = |words: &str| format!("-l /usr/bin/systemctl {words}");
    let good = [
        "start hello-b.service",
        "stop hello-trial.service",
        "kill -s HUP --kill-who main hello-a.service",
        "start hello-worker-queue@1.service",
        "stop hello-worker-queue@199.service",
    ];
    let bad = [
        "restart hello-a.service",
        "kill -s KILL --kill-who main hello-a.service",
        "kill -s HUP --kill-who all hello-a.service",
        "kill -s HUP --kill-who main hello-a.service nginx.service",
        "kill -s HUP --kill-who main hello-trial.service",
        "kill -s HUP --kill-who main hello-worker-queue@1.service",
        "start hello-worker-queue@0.service",
        "start hello-worker-queue@200.service",
        "start hello-worker-other@1.service",
        "daemon-reload",
    ];
    judge(&web, &good.map(systemctl), &bad.map(systemctl))?;

    web.write_file("/sbin/initctl", ASKED.as_bytes(), 0o755)?;
    web.write_file("/etc/deployer/hello/control.py", b"", 0o644)?;
    take_drop_in(&web, "upstart")?;
    upstart_logs::go_on(&web, &rendered("upstart", "etc/logrotate.d/upstart")?)?;
    let initctl = |words: &str| format!("/sbin/initctl {words}");
    let good = [
        "start hello-a",
        "start hello-worker-queue NUMBER=3",
        "stop hello-worker-queue NUMBER=42",
        "start hello-worker-queue NUMBER=199",
    ];
    let bad = [
        "start hello-worker-queue",
        "start hello-worker-queue NUMBER=0",
        "start hello-worker-queue NUMBER=200",
        "start hello-worker-queue NUMBER=3 X=1",
        "start hello-worker-queue NUMBER=3x",
        "start hello-worker-other NUMBER=3",
        "reload hello-worker-queue NUMBER=3",
        "emit runlevel",
    ];
    judge(&web, &good.map(initctl), &bad.map(initctl))?;
    let tail = |log: &str| format!("/usr/bin/tail -n 20 /var/log/upstart/{log}.log");
    web.sh("mkdir -p /var/log/upstart && touch /var/log/upstart/hello-a.log /var/log/upstart/hello-worker-queue-3.log")?;
    let good = ["hello-a", "hello-worker-queue-3"];
    let bad = ["other", "hello-worker-queue-3/../../../../etc/shadow", "*"];
    judge(&web, &good.map(tail), &bad.map(tail))?;

    take_drop_in(&web, "supervisor")?;
    let control =
        |words: &str| format!("/usr/bin/python3 -I -S /etc/deployer/hello/control.py {words}");
    let good = [
        "reload a",
        "start worker-queue@1",
        "stop worker-queue@199",
        "lines worker-queue@42",
    ];
    let bad = [
        "update",
        "start worker-queue@0",
        "start worker-queue@200",
        "start worker-queue@1 a",
        "start worker-other@1",
        "reload worker-queue@1",
    ];
    judge(&web, &good.map(control), &bad.map(control))
}

/// As setup would install it.
fn take_drop_in(web: &Machine, manager: &str) -> Result<()> {
    let drop_in = rendered(manager, "etc/sudoers.d/deployer-hello")?;
    web.write_file("/etc/sudoers.d/deployer-hello", &drop_in, 0o440)?;
    web.sh("visudo -cq").map(drop)
}

/// A file of the host as setup would write it.
fn rendered(manager: &str, path: &str) -> Result<Vec<u8>> {
    let dir = TempDir::new()?;
    fs::write(
        dir.path().join("deploy.yaml"),
        FILE.replace("MANAGER", manager),
    )?;
    let render = Command::new(env!("CARGO_BIN_EXE_deployer"))
        .current_dir(dir.path())
        .args(["render", "production", "--for", "setup", "--out", "out"])
        .output()?;
    ensure!(render.status.success(), "{render:?}");
    let file = dir.path().join("out/deploy@web1").join(path);
    fs::read(&file).with_context(|| file.display().to_string())
}

fn judge(web: &Machine, good: &[String], bad: &[String]) -> Result<()> {
    for (commands, may) in [(good, true), (bad, false)] {
        for command in commands {
            let said = web.exec_as("deploy", &format!("sudo -n {command}"))?;
            ensure!(said.success() == may, "{command}: {said:?}");
        }
    }
    Ok(())
}
