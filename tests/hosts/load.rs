//! Requests through nginx while everything that can change changes.

use anyhow::{Context, Result, ensure};

use crate::site::{Page, Site};
use crate::state::coherent;

#[test]
fn no_request_is_lost_and_none_goes_back() -> Result<()> {
    let site = Site::live()?;
    let mut sum = 0;
    let mut step =
        |what: &str, arguments: &[&str], change: &dyn Fn() -> Result<()>| -> Result<()> {
            change()?;
            site.set_up(&["--login", "root"])?;
            let old = coherent(&site, site.web())?;
            let load = site.load();
            let run = site.deployer(arguments)?.expect(0)?;
            let report = load.stop();
            let new = coherent(&site, site.web())?;
            ensure!(
                report.failed.is_empty(),
                "{what}: {:?}\n{run}",
                report.failed
            );
            let mut pages = Vec::new();
            for (body, seen) in &report.first_seen {
                pages.push((
                    *seen,
                    report.last_sent[body],
                    Page::of(body).context("no page")?,
                ));
            }
            pages.sort_by_key(|(seen, ..)| *seen);
            ensure!(pages.len() == 2, "{what}: {pages:?}\n{run}");
            ensure!(
                pages[0].2 == old && pages[1].2 == new && old != new,
                "{what}: {pages:?}"
            );
            ensure!(
                pages[0].1 <= pages[1].0,
                "{what}: the old release after the new one: {pages:?}"
            );
            println!(
                "{what}: {} requests, longest {:?}, {:?}",
                report.ok, report.longest_stall, run.took
            );
            sum += report.ok;
            Ok(())
        };
    let push = ["push", "production"];
    let app = &site;
    step("code", &push, &|| app.change().map(drop))?;
    step("packages", &push, &|| {
        app.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
        app.commit().map(drop)
    })?;
    step("environment", &push, &|| {
        app.edit("deploy.yaml", "good day", "good night")
    })?;
    step("rollback", &["rollback", "production"], &|| Ok(()))?;
    step("unit", &push, &|| {
        app.edit(
            "deploy.yaml",
            "static:",
            "service:\n  open_files: 20000\nstatic:",
        )
    })?;
    step("site", &push, &|| {
        app.edit("deploy.yaml", "nginx:", "nginx:\n  max_body: 20M")
    })?;
    println!("{sum} requests, none lost");
    Ok(())
}
