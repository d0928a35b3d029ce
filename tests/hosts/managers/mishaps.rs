//! What befalls an app under each manager: its main process is killed, it ends at every start, the host is rebooted.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::{Case, master};
use crate::machines::get;
use crate::site::{NAME, Site};
use crate::wait::{until, within};

/// Lines for an app: it ends as soon as it is imported, whenever somebody [wishes](crashes).
pub(super) const CRASH: &str = "import os
if os.path.exists(os.environ['HOME'] + '/crash'): raise SystemExit(3)";

/// The main process of a gunicorn killed: there is another soon, and no worker of before.
pub(super) fn killed(site: &Site, case: &Case) -> Result<()> {
    let old = master(site, case)?;
    let workers = site.web().sh(&format!("pgrep -d , -P {old} gunicorn"))?;
    main_killed(site, case)?;
    within(20, "end of the workers of before", || {
        Ok(site.web().exec(&format!("ps -p {workers}"))?.code != 0)
    })
}

/// The main process killed: there is another soon.
pub(super) fn main_killed(site: &Site, case: &Case) -> Result<()> {
    let live = release(site, case)?;
    let old = master(site, case)?;
    site.web().sh(&format!("kill -9 {old}"))?;
    let began = Instant::now();
    until("another master", || {
        Ok(master(site, case).is_ok_and(|pid| pid != old))
    })?;
    back(site, case, &live)?;
    println!("killed: answers after {:?}", began.elapsed());
    Ok(())
}

/// It ends whenever it starts: that has a limit, it is reported, and somebody's `start` is enough afterwards.
pub(super) fn crashes(site: &Site, case: &Case) -> Result<()> {
    let live = release(site, case)?;
    let web = site.web();
    let flag = format!("{}/shared/crash", case.root);
    web.sh(&format!("touch {flag}"))?;
    web.sh(&format!("kill -9 {}", master(site, case)?))?;
    let began = Instant::now();
    until("the limit", || {
        let status = site.deployer(&["status", "production"])?.expect(0)?;
        Ok(status.stdout.contains("slot a failed") || status.stdout.contains("slot b failed"))
    })?;
    println!("ends at every start: failed after {:?}", began.elapsed());
    site.deployer(&["start", "production"])?.expect(10)?;
    web.sh(&format!("rm {flag}"))?;
    site.deployer(&["start", "production"])?.expect(0)?;
    ensure!(release(site, case)? == live);
    Ok(())
}

/// What was live is live again.
pub(super) fn reboot(site: &Site, case: &Case) -> Result<()> {
    let live = release(site, case)?;
    let began = Instant::now();
    site.web().reboot()?;
    back(site, case, &live)?;
    println!("rebooted: answers after {:?}", began.elapsed());
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(status.stdout.contains(" active"), "{status:?}");
    Ok(())
}

/// The same release answers.
fn back(site: &Site, case: &Case, live: &str) -> Result<()> {
    until("the page", || {
        Ok(release(site, case).is_ok_and(|page| page == live))
    })
}

/// What the page of any example begins with, somewhere: its release.
pub(super) fn release(site: &Site, case: &Case) -> Result<String> {
    let reply = get((site.web().ip(), case.port).into(), NAME, "/")?;
    let line = reply
        .body
        .lines()
        .find_map(|line| line.strip_prefix("Howdy from "));
    Ok(line.with_context(|| format!("{reply:?}"))?.to_owned())
}
