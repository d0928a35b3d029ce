//! A host that somebody has been at: what does not stand in the way is no obstacle.

use anyhow::{Context, Result, ensure};

use crate::faults::{next_push_works, use_takeover};
use crate::moment::Log;
use crate::site::Site;
use crate::state::{coherent, tidy};

const PUSH: [&str; 2] = ["push", "production"];

#[test]
fn a_host_that_somebody_has_been_at() -> Result<()> {
    let site = Site::live_after(|site| {
        site.edit(
            "deploy.yaml",
            "app: hello:app",
            "app: hello:app\n  reload: replace",
        )
    })?;
    next_push_works(&site)?;
    a_talkative_shell(&site).context("a login shell that prints 10 MB")?;
    a_home_without_room(&site).context("a home that cannot be written")?;
    a_degraded_host(&site).context("a unit of others that failed")?;
    an_installer_killed(&site).context("the installer killed")?;
    current_moved(&site).context("`current` moved by hand in the middle")
}

/// Before the script says a word, and after each of its sessions.
fn a_talkative_shell(site: &Site) -> Result<()> {
    let web = site.web();
    web.sh(
        "cp ~deploy/.bashrc /root/ && (echo 'head -c 10000000 /dev/zero | tr \"\\0\" x; echo; echo @1 end live' && cat /root/.bashrc) > ~deploy/.bashrc",
    )?;
    next_push_works(site)?;
    site.deployer(&["status", "production"])?.expect(0)?;
    web.sh("cp /root/.bashrc ~deploy/.bashrc")?;
    Ok(())
}

fn a_home_without_room(site: &Site) -> Result<()> {
    let web = site.web();
    web.sh("chown root: ~deploy && chmod 755 ~deploy && rm -rf ~deploy/.cache")?;
    // Packages too: their installer would like to keep what it downloads.
    site.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    next_push_works(site)?;
    web.sh("chown deploy: ~deploy")?;
    Ok(())
}

fn a_degraded_host(site: &Site) -> Result<()> {
    let web = site.web();
    web.exec("systemd-run -q --unit=others --wait false")?;
    ensure!(web.exec("systemctl is-system-running")?.stdout.trim() == "degraded");
    next_push_works(site)?;
    web.sh("systemctl reset-failed others")?;
    Ok(())
}

/// As by a kernel that is out of memory.
fn an_installer_killed(site: &Site) -> Result<()> {
    let web = site.web();
    let old = coherent(web)?;
    site.edit(
        "requirements.txt",
        "click==8.1.8",
        "click==8.5.1\nblinker==1.9.0",
    )?;
    site.change()?;
    let log = Log::of_next(web);
    let push = site.start(&PUSH)?;
    log.wait_for("decided virtualenv value=built")?;
    web.sh("for i in $(seq 600); do pkill -9 -u deploy -f 'install .*--no-input|pip.* install' && exit; sleep 0.05; done; exit 1")?;
    let run = push.end()?.expect(7)?.says("nothing was changed")?;
    ensure!(coherent(web)? == old, "{run}");
    tidy(web)?;
    next_push_works(site)
}

/// By somebody who wanted to help, while the trial boots.
fn current_moved(site: &Site) -> Result<()> {
    let web = site.web();
    for takeover in ["replace", "reload"] {
        use_takeover(site, takeover)?;
        let old = coherent(web)?;
        site.change()?;
        let log = Log::of_next(web);
        let push = site.start(&PUSH)?;
        log.wait_for("step trial")?;
        web.sh(&format!(
            "cd /srv/hello && other=$(ls releases | grep -v {} | head -n 1) && ln -sfn releases/$other current",
            old.release
        ))?;
        push.end()?.expect(0)?;
        ensure!(coherent(web)? != old);
        tidy(web)?;
    }
    next_push_works(site)
}
