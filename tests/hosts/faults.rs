//! Whatever dies, on whichever side of the wire: the old or the new release serves, and the next push just works.

mod disk;
mod network;
mod system;
mod tree;

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::run::Running;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy, wait_until_free};

/// Every boot takes a while, so that a fault can be put in its middle.
const SLOW: &str = "import time\ntime.sleep(1)";
const PUSH: [&str; 2] = ["push", "production"];

#[test]
fn i3_i4_a_killed_client_leaves_the_old_or_the_new_release() -> Result<()> {
    let site = slow_site()?;
    let old = coherent(site.web())?;
    let before = print(site.web())?;
    in_prepare(&site)?.kill()?;
    let wait = wait_until_free(site.web())?;
    ensure!(
        wait < Duration::from_secs(3),
        "the lock was held for {wait:?}"
    );
    same(&before, &print(site.web())?)?;
    ensure!(coherent(site.web())? == old);
    next_push_works(&site)?;

    for takeover in ["reload", "replace"] {
        use_takeover(&site, takeover)?;
        let old = coherent(site.web())?;
        after_go(&site)?.kill()?;
        wait_until_free(site.web())?;
        ensure!(
            coherent(site.web())? != old,
            "after `go` a client is not needed"
        );
        tidy(site.web())?;
        next_push_works(&site)?;
    }
    Ok(())
}

#[test]
fn i2_a_cut_link_is_asked_for_the_outcome() -> Result<()> {
    let site = slow_site()?;
    let old = coherent(site.web())?;
    let before = print(site.web())?;
    let push = in_prepare(&site)?;
    site.links[0].cut();
    push.end()?.expect(7)?.says("asking the host")?;
    wait_until_free(site.web())?;
    same(&before, &print(site.web())?)?;
    ensure!(coherent(site.web())? == old);
    next_push_works(&site)?;

    let old = coherent(site.web())?;
    let push = after_go(&site)?;
    site.links[0].cut();
    push.end()?
        .expect(0)?
        .says("asking the host")?
        .says("live on")?;
    ensure!(coherent(site.web())? != old);
    tidy(site.web())?;
    next_push_works(&site)
}

#[test]
fn a_silent_link_before_go_changes_nothing() -> Result<()> {
    let site = slow_site()?;
    let old = coherent(site.web())?;
    let mut push = in_prepare(&site)?;
    site.links[0].freeze();
    let frozen = Instant::now();
    push.wait_for("connection lost")?;
    let noticed = frozen.elapsed();
    ensure!(noticed < Duration::from_secs(30), "only after {noticed:?}");
    push.end()?.expect(13)?.says("the old release serves")?;
    ensure!(coherent(site.web())? == old);
    site.links[0].thaw();
    wait_until_free(site.web())?;
    ensure!(coherent(site.web())? == old);
    tidy(site.web())?;
    next_push_works(&site)
}

#[test]
fn i16_a_silent_link_after_go_changes_everything() -> Result<()> {
    let site = slow_site()?;
    let old = coherent(site.web())?;
    let push = after_go(&site)?;
    site.links[0].freeze();
    push.end()?.expect(13)?.says("the outcome is unknown")?;
    wait_until_free(site.web())?;
    ensure!(coherent(site.web())? != old);
    tidy(site.web())?;
    site.links[0].thaw();
    next_push_works(&site)
}

#[test]
fn a_power_cut_is_settled_at_boot() -> Result<()> {
    let site = slow_site()?;
    let web = site.web();
    web.reboot()?;
    let old = coherent(web)?;
    let push = in_prepare(&site)?;
    web.kill9()?;
    web.boot()?;
    ensure!(coherent(web)? == old);
    drop(push);
    next_push_works(&site)?;
    let mut unfinished = 0;
    for (takeover, delay) in [
        ("replace", 100),
        ("replace", 900),
        ("reload", 100),
        ("replace", 1600),
        ("reload", 900),
    ] {
        use_takeover(&site, takeover)?;
        let old = coherent(web)?;
        let push = after_go(&site)?;
        sleep(Duration::from_millis(delay));
        web.kill9()?;
        unfinished += u32::from(web.root_path().join("srv/hello/.deployer/journal").exists());
        web.boot()?;
        drop(push);
        ensure!(
            !web.root_path().join("srv/hello/.deployer/journal").exists(),
            "nobody settled the journal"
        );
        let now = coherent(web)?;
        println!(
            "{takeover} cut after {delay} ms: {}",
            if now == old { "old" } else { "new" }
        );
        next_push_works(&site)?;
    }
    ensure!(unfinished >= 3, "only {unfinished} cuts hit an activation");
    Ok(())
}

pub(crate) fn slow_site() -> Result<Site> {
    Site::live_after(|site| {
        site.on_import(SLOW)?;
        site.edit(
            "deploy.yaml",
            "app: hello:app",
            "app: hello:app\n  reload: auto",
        )
    })
}

pub(crate) fn use_takeover(site: &Site, takeover: &str) -> Result<()> {
    for old in ["auto", "reload", "replace"] {
        if site
            .edit(
                "deploy.yaml",
                &format!("reload: {old}"),
                &format!("reload: {takeover}"),
            )
            .is_ok()
        {
            return Ok(());
        }
    }
    anyhow::bail!("deploy.yaml has no `reload`")
}

/// A push of a change, in the middle of its trial.
fn in_prepare(site: &Site) -> Result<Running> {
    site.change()?;
    let mut push = site.start(&PUSH)?;
    push.wait_for("units (")?;
    sleep(Duration::from_millis(500));
    Ok(push)
}

/// The same, in the middle of its activation.
fn after_go(site: &Site) -> Result<Running> {
    site.change()?;
    let mut push = site.start(&PUSH)?;
    push.wait_for("seal (")?;
    sleep(Duration::from_millis(300));
    Ok(push)
}

/// No other command, and nothing of the fault is left.
pub(crate) fn next_push_works(site: &Site) -> Result<()> {
    let old = site.page()?;
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?;
    let new = coherent(site.web())?;
    ensure!(new != old);
    tidy(site.web())
}
