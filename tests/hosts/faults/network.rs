//! The git server and the package index: gone, or there without a word.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{PUSH, next_push_works};
use crate::random::soak;
use crate::run::Run;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

#[test]
fn i15_i17_servers_that_do_not_answer_cost_a_bounded_time() -> Result<()> {
    let site = Site::live()?;
    next_push_works(&site)?;
    let git = site.git.machine();
    for (what, away, back) in [
        (
            "gone",
            "systemctl stop ssh.socket ssh.service",
            "systemctl start ssh.service",
        ),
        ("silent", "pkill -STOP -o sshd", "pkill -CONT -o sshd"),
    ] {
        let revision = site.change()?;
        git.sh(away)?;
        // Asked by the client for the revision, and then by the host for the commit.
        let client = unchanged_by(&site, &PUSH, Duration::from_secs(90));
        let by_host = ["push", "production", "--revision", &revision];
        let host = unchanged_by(&site, &by_host, Duration::from_secs(90));
        // Neither git nor the network is asked.
        let rollback = site.deployer(&["rollback", "production"])?;
        git.sh(back)?;
        let (client, host) = (client?, host?);
        println!(
            "git server {what}: the client said so after {:?}, the host after {:?}",
            client.took, host.took
        );
        client.expect(4)?.says("cannot ask `ssh://git@git1/")?;
        host.expect(7)?.says("nothing was changed")?;
        rollback.expect(0)?;
        coherent(site.web())?;
        next_push_works(&site)?;
    }

    let web = site.web();
    web.sh(
        "cp /etc/pip.conf /etc/uv/uv.toml /root/ && echo > /etc/pip.conf && echo > /etc/uv/uv.toml",
    )?;
    let mut section = "static:".to_owned();
    let mut becomes = |text: String| -> Result<()> {
        site.edit("deploy.yaml", &section, &text)?;
        section = text;
        site.commit().map(drop)
    };
    let index = "index_url: https://git1:8099/simple";
    for installer in ["pip", "uv"] {
        becomes(format!(
            "python: {{installer: {installer}, {index}}}\nstatic:"
        ))?;
        let run = unchanged_by(&site, &PUSH, Duration::from_secs(60))?;
        println!("package index gone: {:?} by {installer}", run.took);
        run.expect(7)?.says("nothing was changed")?;
    }
    if soak() {
        git.sh("setsid python3 -c 'import socket, time\ns = socket.create_server((\"\", 8099))\ntime.sleep(1000)' > /dev/null 2>&1 &")?;
        for installer in ["pip", "uv"] {
            becomes(format!(
                "python: {{installer: {installer}, {index}}}\nstatic:"
            ))?;
            let run = unchanged_by(&site, &PUSH, Duration::from_secs(150))?;
            println!("package index silent: {:?} by {installer}", run.took);
            run.expect(7)?.says("nothing was changed")?;
        }
    }
    becomes("static:".to_owned())?;
    web.sh("cp /root/pip.conf /etc/ && cp /root/uv.toml /etc/uv/")?;
    next_push_works(&site)
}

/// A push that fails in that time, and everything is as it was.
fn unchanged_by(site: &Site, arguments: &[&str], limit: Duration) -> Result<Run> {
    let old = coherent(site.web())?;
    let before = print(site.web())?;
    let run = site.deployer(arguments)?;
    ensure!(run.code != 0, "{run}");
    ensure!(run.took < limit, "{run}");
    same(&before, &print(site.web())?)?;
    ensure!(coherent(site.web())? == old);
    tidy(site.web())?;
    Ok(run)
}
