//! Requests through nginx while everything that can change changes.

use anyhow::{Context, Result, ensure};

use crate::site::{Page, Site};
use crate::state::coherent;

const PUSH: [&str; 2] = ["push", "production"];

#[test]
fn no_request_is_lost_and_none_goes_back() -> Result<()> {
    let site = Site::live_by_sudo()?;
    let app = &site;
    let mut sum = 0;
    app.change()?;
    sum += switch(app, "code", "takeover: reload", &PUSH)?;
    app.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    app.commit()?;
    sum += switch(app, "packages", "takeover: replace (packages)", &PUSH)?;
    app.edit("deploy.yaml", "good day", "good night")?;
    sum += switch(app, "environment", "takeover: reload", &PUSH)?;
    sum += switch(
        app,
        "rollback",
        "takeover: reload",
        &["rollback", "production"],
    )?;
    let limit = "service:\n  open_files: 20000\nstatic:";
    app.edit("deploy.yaml", "static:", limit)?;
    sum += switch(app, "unit", "takeover: replace (unit)", &PUSH)?;
    app.edit("deploy.yaml", "nginx:", "nginx:\n  max_body: 20M")?;
    sum += switch(app, "site", "takeover: reload", &PUSH)?;
    // Back over the unit and the site to the environment before them.
    sum += switch(
        app,
        "rollback of the site",
        "takeover",
        &["rollback", "production"],
    )?;
    sum += switch(
        app,
        "rollback of the unit",
        "takeover",
        &["rollback", "production"],
    )?;
    println!("{sum} requests, none lost");
    Ok(())
}

/// Switches under load; how many requests there were.
pub(crate) fn switch(site: &Site, what: &str, takeover: &str, arguments: &[&str]) -> Result<u64> {
    let old = coherent(site.web())?;
    let load = site.load();
    let run = site.deployer(arguments)?.expect(0)?.says(takeover)?;
    let report = load.stop();
    let new = coherent(site.web())?;
    let failed = &report.failed;
    ensure!(failed.is_empty(), "{what}: {failed:?}\n{run}");
    let mut pages = Vec::new();
    for (body, seen) in &report.first_seen {
        let page = Page::of(body).with_context(|| format!("{what}: {body}"))?;
        pages.push((*seen, report.last_sent[body], page));
    }
    pages.sort_by_key(|(seen, ..)| *seen);
    let [(_, last_old, ref before), (first_new, _, ref after)] = pages[..] else {
        anyhow::bail!("{what}: not two pages: {pages:?}\n{run}");
    };
    ensure!(
        *before == old && *after == new && old != new,
        "{what}: {pages:?}"
    );
    ensure!(
        last_old <= first_new,
        "{what}: the old release after the new one: {pages:?}"
    );
    println!(
        "{what}: {} requests, longest {:?}, {:?}",
        report.ok, report.longest_stall, run.took
    );
    Ok(report.ok)
}
