//! Releases that must not take over.

use anyhow::{Result, ensure};

use crate::load::Slow;
use crate::random::soak;
use crate::site::{Page, Site};
use crate::state::{coherent, tidy};

const HEALTH: &str = "\n@app.get('/health')\ndef health():\n    return 'well', STATUS\n";
/// Well in the trial, dead as soon as it serves.
const TRAITOR: &str =
    "import os\nif not os.environ.get('DEPLOYER_TRIAL'):\n    raise SystemExit('not on stage')";

#[test]
fn i7_i8_i9_a_broken_release_never_takes_a_request() -> Result<()> {
    let site = Site::live_after(|site| {
        // Long enough for answers that wait behind all that were asked before.
        let timeout = if soak() { "30s" } else { "5s" };
        let health = "health:\n  path: /health\n  status: 200\nstatic:";
        let service = format!("service:\n  start_timeout: {timeout}\n{health}");
        site.edit("deploy.yaml", "static:", &service)?;
        site.edit(
            "hello.py",
            "app = Hello()\n",
            &format!("STATUS = 200\napp = Hello()\n{HEALTH}"),
        )?;
        if soak() { site.answer_slowly() } else { Ok(()) }
    })?;
    every_kind(&site, false)?;
    if soak() {
        // gunicorn does not hear of the way back before it has answered what takes five seconds: more waits meanwhile than
        // Debian's nginx has connections for.
        site.take_many_connections()?;
        every_kind(&site, true)?;
    }
    Ok(())
}

/// Each that a good push follows, at last without ado.
fn every_kind(app: &Site, slow: bool) -> Result<()> {
    let refused = |code, words: &[&str], break_it: &dyn Fn() -> Result<()>| {
        self::refused(app, slow, code, words, break_it)
    };
    refused(
        7,
        &[
            "raise RuntimeError('broken on purpose')",
            "RuntimeError: broken on purpose",
        ],
        &|| app.on_import("raise RuntimeError('broken on purpose')"),
    )?;
    refused(
        7,
        &["ModuleNotFoundError: No module named 'absent'"],
        &|| app.on_import("import absent"),
    )?;
    refused(7, &["no key", "does not boot on"], &|| {
        app.on_import("raise SystemExit('no key')")
    })?;
    refused(7, &["SyntaxError"], &|| app.on_import("def ("))?;
    refused(7, &["does not boot in time"], &|| {
        app.on_import("import time\ntime.sleep(60)")
    })?;
    app.on_import("")?;
    refused(7, &["answers 500"], &|| {
        app.edit("hello.py", "STATUS = 200", "STATUS = 500")
    })?;
    app.edit("hello.py", "STATUS = 500", "STATUS = 200")?;
    refused(7, &["no-such-package"], &|| {
        app.edit(
            "requirements.txt",
            "gunicorn==27.0.1",
            "gunicorn==27.0.1\nno-such-package",
        )
    })?;
    app.edit("requirements.txt", "\nno-such-package", "")?;
    // By reload and by replace: the second boots beside the old one and never gets the socket.
    refused(9, &["not on stage", "serves again"], &|| {
        app.on_import(TRAITOR)
    })?;
    refused(9, &["not on stage", "serves again"], &|| {
        app.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
        app.on_import(TRAITOR)
    })?;
    app.on_import("")?;
    app.edit("requirements.txt", "click==8.1.8", "click==8.5.1")?;
    app.commit()?;
    app.deployer(&["push", "production"])?.expect(0)?;
    coherent(app.web())?;
    tidy(app.web())
}

/// Pushes it under load: the old release answers everything, and a good push follows without ado.
fn refused(
    site: &Site,
    slow: bool,
    code: i32,
    words: &[&str],
    break_it: &dyn Fn() -> Result<()>,
) -> Result<()> {
    let old = coherent(site.web())?;
    break_it()?;
    site.commit()?;
    let slow = slow.then(|| Slow::start(site));
    let loads = [site.load(), site.kept_load()];
    let mut run = site.deployer(&["push", "production"])?.expect(code)?;
    let mut sum = 0;
    for load in loads {
        let report = load.stop();
        if !report.failed.is_empty() {
            let log = site.web().sh("tail -n 5 /var/log/nginx/*error.log")?;
            anyhow::bail!("{:?}\n{run}\n{log}", report.failed);
        }
        let pages: Vec<_> = report.bodies.keys().map(|body| Page::of(body)).collect();
        ensure!(pages == [Some(old.clone())], "{pages:?}\n{run}");
        sum += report.ok;
    }
    if let Some(slow) = slow {
        sum += slow.stop(words[0])?;
    }
    for word in words {
        run = run.says(word)?;
    }
    ensure!(coherent(site.web())? == old);
    tidy(site.web())?;
    println!("{}: exit {code}, {sum} requests, {:?}", words[0], run.took);
    Ok(())
}
