//! `hosts: local`: deployer on the web host itself, without ssh.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::machines::Output;
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
