//! Other servers than gunicorn, each by a second generation: no request is lost, and what does not boot never serves.

use anyhow::{Context as _, Result, ensure};

use crate::machines::Options;
use crate::random::turn;
use crate::site::{HELLO, Site};
use crate::state::tidy;

const PUSH: [&str; 2] = ["push", "production"];
const ROLLBACK: [&str; 2] = ["rollback", "production"];

#[test]
fn no_request_is_lost_by_another_server() -> Result<()> {
    let site = Site::of("uwsgi", &[Options::with_uv()])?;
    let servers = turn(vec!["uwsgi", "uvicorn"])?;
    if servers.contains(&"uwsgi") {
        // A request that takes five seconds comes every second.
        site.edit("deploy.yaml", "--processes 4", "--processes 8")?;
    }
    site.go_live()?;
    if servers.contains(&"uwsgi") {
        comes_and_goes(&site).context("uWSGI")?;
    }

    // Which server it is, is the release's own: no unit changes.
    site.take("uvicorn")?;
    site.commit()?;
    let load = site.load();
    site.deployer(&PUSH)?
        .expect(0)?
        .says("replace (packages)")?;
    lost_none(&load.stop())?;
    if servers.contains(&"uvicorn") {
        comes_and_goes(&site).context("uvicorn")?;
        broken(&site).context("broken")?;
    }

    // gunicorn has a unit of its own, which root writes.
    site.take(HELLO)?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(6)?;
    site.set_up(&["--login", "root"])?;
    let load = site.load();
    site.deployer(&PUSH)?.expect(0)?;
    lost_none(&load.stop())?;
    tidy(site.web())
}

fn comes_and_goes(site: &Site) -> Result<()> {
    let first = site.page()?.release;
    let manifest = site
        .web()
        .sh("ls -d /srv/hello/current/venv/lib/python3*/site-packages/gunicorn 2>/dev/null; :")?;
    ensure!(manifest.is_empty(), "gunicorn was added: {manifest}");
    let (load, slow) = (site.load(), site.slow_load());
    let path = site.app.path().join("README.md");
    std::fs::write(&path, std::fs::read_to_string(&path)? + "\n")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?.says("takeover: replace")?;
    let second = site.page()?.release;
    ensure!(second != first, "{second}");
    site.deployer(&["restart", "production"])?.expect(0)?;
    ensure!(site.page()?.release == second);
    site.deployer(&ROLLBACK)?.expect(0)?;
    ensure!(site.page()?.release == first);
    lost_none(&slow.stop())?;
    lost_none(&load.stop())?;
    site.deployer(&["reload", "production"])?
        .expect(6)?
        .says("nothing is known of how its server would do it")?
        .says("deployer restart production")?;
    tidy(site.web())
}

fn lost_none(report: &crate::machines::LoadReport) -> Result<()> {
    println!("{} requests, {} failed", report.ok, report.failed.len());
    ensure!(report.failed.is_empty(), "{:?}", report.failed);
    ensure!(report.ok > 0, "no request");
    Ok(())
}

fn broken(site: &Site) -> Result<()> {
    let live = site.page()?;
    for line in [
        "raise RuntimeError('not today')",
        "import sys; sys.exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    ] {
        site.on_import(line)?;
        site.commit()?;
        let load = site.load();
        site.deployer(&PUSH)?.expect(7)?;
        lost_none(&load.stop())?;
        ensure!(site.page()? == live);
        tidy(site.web())?;
    }
    site.on_import("")?;
    site.commit()?;
    Ok(())
}
