//! Requests through nginx while everything that can change changes.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::machines::LoadReport;
use crate::random::soak;
use crate::run::Run;
use crate::site::{Page, Site};
use crate::state::coherent;

const PUSH: [&str; 2] = ["push", "production"];
const ROLLBACK: [&str; 2] = ["rollback", "production"];
const SLOW: &str = "\n@app.get('/slow')\ndef slow():\n    import time\n    time.sleep(5)\n    return 'slow but whole'\n";

#[test]
fn no_request_is_lost_and_none_goes_back() -> Result<()> {
    let site = Site::live_by_sudo()?;
    let app = &site;
    let mut sum = 0;
    app.edit("requirements.txt", "gunicorn==27.0.1", "gunicorn==23.0.0")?;
    app.commit()?;
    sum += switch(
        app,
        "an older gunicorn",
        "takeover: replace (packages)",
        &PUSH,
    )?;
    app.change()?;
    sum += switch(app, "code", "takeover: reload", &PUSH)?;
    app.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    app.commit()?;
    sum += switch(app, "packages", "takeover: replace (packages)", &PUSH)?;
    app.edit("requirements.txt", "gunicorn==23.0.0", "gunicorn==27.0.1")?;
    app.commit()?;
    sum += switch(app, "gunicorn", "takeover: replace (packages)", &PUSH)?;
    app.edit("deploy.yaml", "good day", "good night")?;
    sum += switch(app, "environment", "takeover: reload", &PUSH)?;
    sum += switch(app, "rollback", "takeover: reload", &ROLLBACK)?;
    let limit = "service:\n  open_files: 20000\nstatic:";
    app.edit("deploy.yaml", "static:", limit)?;
    sum += switch(app, "unit", "takeover: replace (unit)", &PUSH)?;
    app.edit("deploy.yaml", "nginx:", "nginx:\n  max_body: 20M")?;
    sum += switch(app, "site", "takeover: reload", &PUSH)?;
    // Back over the unit and the site to the environment before them.
    sum += switch(app, "rollback of the site", "takeover", &ROLLBACK)?;
    sum += switch(app, "rollback of the unit", "takeover", &ROLLBACK)?;
    sum += in_a_row(app, if soak() { 5 } else { 2 })?;
    if soak() {
        sum += with_slow_requests(app)?;
    }
    ensure!(!soak() || sum >= 10_000, "only {sum} requests");
    println!("{sum} requests, none lost");
    Ok(())
}

/// What takes five seconds is answered by whoever began it.
fn with_slow_requests(app: &Site) -> Result<u64> {
    // So that the others need not wait for them.
    app.edit(
        "deploy.yaml",
        "app: hello:app ",
        "threads: 16\n  app: hello:app ",
    )?;
    app.edit(
        "hello.py",
        "app = Flask(__name__)\n",
        &format!("app = Flask(__name__)\n{SLOW}"),
    )?;
    app.commit()?;
    let mut sum = switch(app, "threads", "takeover: replace", &PUSH)?;
    app.change()?;
    sum += slowly(app, "code, slowly", "takeover: reload", &PUSH)?;
    app.edit("requirements.txt", "click==8.1.8", "click==8.5.1")?;
    app.commit()?;
    sum += slowly(app, "packages, slowly", "takeover: replace", &PUSH)?;
    Ok(sum)
}

/// The same with requests of five seconds on their way all the time.
fn slowly(site: &Site, what: &str, takeover: &str, arguments: &[&str]) -> Result<u64> {
    let slow = site.slow_load();
    // Some have begun, none has ended.
    sleep(Duration::from_secs(3));
    let sum = switch(site, what, takeover, arguments)?;
    let report = slow.stop();
    ensure!(report.failed.is_empty(), "{what}: {:?}", report.failed);
    ensure!(
        report.bodies.keys().eq(["slow but whole"]) && report.ok >= 5,
        "{what}: {report:?}"
    );
    Ok(sum + report.ok)
}

/// Switches under load; how many requests there were.
pub(crate) fn switch(site: &Site, what: &str, takeover: &str, arguments: &[&str]) -> Result<u64> {
    let old = coherent(site.web())?;
    let (load, kept) = (site.load(), site.kept_load());
    let run = site.deployer(arguments)?.expect(0)?.says(takeover)?;
    let (report, over_kept) = (load.stop(), kept.stop());
    let new = coherent(site.web())?;
    judge(what, &report, &run, &old, &new)?;
    judge(what, &over_kept, &run, &old, &new)?;
    println!(
        "{what}: {} requests, longest {:?}; {} over kept connections, {} of them on a second one; {:?}",
        report.ok, report.longest_stall, over_kept.ok, over_kept.retried, run.took
    );
    Ok(report.ok + over_kept.ok)
}

/// Every request was answered, by the old release and then by the new one.
fn judge(what: &str, report: &LoadReport, run: &Run, old: &Page, new: &Page) -> Result<()> {
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
        before == old && after == new && old != new,
        "{what}: {pages:?}"
    );
    ensure!(
        last_old <= first_new,
        "{what}: the old release after the new one: {pages:?}"
    );
    Ok(())
}

/// One push after another, without a pause in the load or in the look at `current`.
fn in_a_row(site: &Site, pushes: u32) -> Result<u64> {
    let web = site.web();
    web.sh(&format!(
        "setsid python3 -c '{READER}' > /tmp/read 2>&1 & echo $! > /tmp/reader"
    ))?;
    let (load, kept) = (site.load(), site.kept_load());
    for _ in 0..pushes {
        site.change()?;
        site.deployer(&PUSH)?.expect(0)?;
    }
    let (report, over_kept) = (load.stop(), kept.stop());
    let said = web.sh("kill -TERM $(cat /tmp/reader); sleep 1; cat /tmp/read")?;
    for one in [&report, &over_kept] {
        ensure!(one.failed.is_empty(), "{:?}", one.failed);
        ensure!(
            one.bodies.len() == usize::try_from(pushes)? + 1,
            "{:?}",
            one.bodies
        );
    }
    let (looks, releases) = said.split_once(' ').context("the reader said nothing")?;
    ensure!(looks.parse::<u32>()? > 1000, "{said}");
    ensure!(
        releases.trim().parse::<u32>()? == pushes + 1,
        "a release was missing or mixed: {said}"
    );
    println!("{pushes} in a row: {looks} looks at `current`, each at a whole release");
    Ok(report.ok + over_kept.ok)
}

/// Reads the manifest and the app behind `current` until it is told to stop; what is missing ends it with an error.
const READER: &str = r#"
import os, signal
looks, seen, over = 0, set(), []
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
while not over:
    open("/srv/hello/current/hello.py").read()
    release = os.path.realpath("/srv/hello/current")
    assert "\"release\":\"" + os.path.basename(release) + "\"" in open(release + "/.deployer/manifest.json").read()
    assert os.path.exists(release + "/venv/bin/gunicorn")
    seen.add(release)
    looks += 1
print(looks, len(seen))
"#;
