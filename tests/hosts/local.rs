//! `hosts: local`: deployer on the web host itself, without ssh.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::machines::{Lab, Machine, Options, Output};
use crate::site::Site;
use crate::state::{coherent, tidy};

#[test]
fn a_host_deploys_itself_without_ssh() -> Result<()> {
    let site = Site::bare()?;
    let web = site.web();
    site.sudoer("ubuntu")?;
    web.trust(site.git.machine())?;
    web.write_file(
        "/usr/local/bin/deployer",
        &fs::read(env!("CARGO_BIN_EXE_deployer"))?,
        0o755,
    )?;
    site.edit("deploy.yaml", "deploy@web1", "local")?;
    let yaml = fs::read(site.app.path().join("deploy.yaml"))?;
    web.write_file("/home/ubuntu/deploy.yaml", &yaml, 0o644)?;
    let deployer = |arguments: &str| -> Result<Output> {
        web.exec_as("ubuntu", &format!("USER=ubuntu deployer {arguments}"))
    };

    let setup = deployer("setup production")?.ok()?;
    let key = setup.lines().next().context("no deploy key")?;
    site.git.authorize(key)?;
    deployer("push production")?.ok()?;
    let first = coherent(web)?;
    site.change()?;
    let pushed = deployer("push production")?;
    ensure!(
        pushed.success() && pushed.stderr.contains("live on local"),
        "{pushed:?}"
    );
    ensure!(coherent(web)? != first);
    deployer("rollback production")?.ok()?;
    ensure!(coherent(web)? == first);
    ensure!(
        deployer("status production")?
            .ok()?
            .contains(&first.release)
    );
    tidy(web)
}

/// `make demo-local` is for whoever has no root; nobody should have to clean up after it.
#[test]
fn the_demo_of_one_machine_goes_there_and_back_and_leaves_nothing() -> Result<()> {
    let lab = Lab::new()?;
    let host = lab.up_with("web1", &Options::with_uv())?;
    host.sh("useradd --create-home visitor && install -d /opt/deployer")?;
    let files = Command::new("tar")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "-c"])
        .args(["examples/flask", "tests/machines/demo_local.sh"])
        .output()?;
    ensure!(files.status.success(), "{files:?}");
    host.exec_input("tar -C /opt/deployer -x", &files.stdout)?
        .ok()?;
    let program = fs::read(env!("CARGO_BIN_EXE_deployer"))?;
    host.write_file("/opt/deployer/deployer", &program, 0o755)?;
    let demo = "sh /opt/deployer/tests/machines/demo_local.sh /opt/deployer/deployer";

    let shown = host.exec_as("visitor", demo)?.ok()?;
    let mut rest = &*shown;
    for part in [
        "$ deployer setup production",
        "$ deployer push production",
        "  | Howdy",
        "  | Hello",
        "$ deployer rollback production",
        "  | Howdy",
        "$ deployer status production",
        "Done; what ran here is stopped and removed.",
    ] {
        let (_, after) = rest
            .split_once(part)
            .with_context(|| format!("no `{part}` in {shown}"))?;
        rest = after;
    }
    nothing_left(&host, "visitor")?;

    // Root's is nobody's, and somebody has seen enough.
    host.sh(&format!(
        "{demo} >/root/shown 2>&1 & demo=$!
         until grep -q '| Howdy' /root/shown; do kill -0 $demo && sleep 0.1 || exit 1; done
         kill $demo; wait $demo; [ $? -eq 130 ]"
    ))?;
    nothing_left(&host, "nobody")
}

fn nothing_left(host: &Machine, user: &str) -> Result<()> {
    let left = host.sh(&format!(
        "pgrep -u {user} -a; pgrep -fa '[P]idFile=none'; ls -d /var/tmp/demo.* /tmp/deployer.* 2>/dev/null; crontab -l -u {user} 2>/dev/null; :"
    ))?;
    ensure!(left.is_empty(), "{left}");
    Ok(())
}
