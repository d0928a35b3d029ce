//! Two apps on one host, pushed at the same instant: neither notices the other.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::machines::{Load, LoadReport, get};
use crate::run::Run;
use crate::site::{HELLO, NAME, Page, Site, example};
use crate::state::{coherent, tidy};

const OTHER: &str = "second.example.com";
const PUSH: [&str; 2] = ["push", "production"];

/// What both apps change at once.
const ROUNDS: [(&str, &str, &str, &str); 4] = [
    ("code", "static/style.css", "body", "html body"),
    (
        "site",
        "deploy.yaml",
        "nginx:\n",
        "nginx:\n  max_body: 20M\n",
    ),
    (
        "unit",
        "deploy.yaml",
        "static:\n",
        "service:\n  open_files: 20000\nstatic:\n",
    ),
    (
        "packages",
        "requirements.txt",
        "click==8.5.1",
        "click==8.1.8",
    ),
];

#[test]
fn two_apps_are_pushed_at_once() -> Result<()> {
    let site = Site::live_by_sudo()?;
    let second = second(&site)?;
    for (what, file, from, to) in ROUNDS {
        let before = [coherent(site.web())?, page(&site)?];
        for (app, repo) in [(site.app.path(), "hello"), (second.path(), "second")] {
            edit(app, file, from, to)?;
            site.git.commit(repo, app, what)?;
        }
        let loads =
            [NAME, OTHER].map(|name| Load::start((site.web().ip(), 80).into(), name, "/", 20));
        let pushes = [site.start(&PUSH)?, site.start_in(second.path(), &PUSH)?];
        let runs = pushes.map(crate::run::Running::end);
        let after = [coherent(site.web())?, page(&site)?];
        let reports = loads.map(Load::stop);
        for (((run, report), before), after) in runs.into_iter().zip(reports).zip(before).zip(after)
        {
            undisturbed(what, &run?.expect(0)?, &report, [&before, &after])?;
        }
    }
    let sites = site
        .web()
        .sh("nginx -T 2>/dev/null | grep -c 'client_max_body_size 20m'")?;
    ensure!(sites == "2", "{sites} sites have the new size");
    tidy(site.web())
}

/// Nothing failed, and nobody saw anything but the app's own old and new release.
fn undisturbed(
    what: &str,
    run: &Run,
    report: &LoadReport,
    [before, after]: [&Page; 2],
) -> Result<()> {
    ensure!(
        report.failed.is_empty(),
        "{what}: {:?}\n{run}",
        report.failed
    );
    ensure!(before.release != after.release, "{what}: {before:?}\n{run}");
    for body in report.bodies.keys() {
        let page = Page::of(body).with_context(|| format!("{what}: {body}"))?;
        ensure!(page == *before || page == *after, "{what}: {page:?}\n{run}");
    }
    println!("{what}: {} requests, {:?}", report.ok, run.took);
    Ok(())
}

/// The example once more under another name, live beside the first.
fn second(site: &Site) -> Result<TempDir> {
    let app = TempDir::new()?;
    example(HELLO, app.path())?;
    let text = fs::read_to_string(site.app.path().join("deploy.yaml"))?;
    let text = text
        .replacen("app: hello ", "app: second ", 1)
        .replacen("/hello.git", "/second.git", 1)
        .replacen(NAME, OTHER, 1);
    fs::write(app.path().join("deploy.yaml"), text)?;
    site.git.create("second")?;
    site.git.commit("second", app.path(), "first")?;
    let setup = site.start_in(app.path(), &["setup", "production"])?;
    for key in setup.end()?.expect(0)?.stdout.lines() {
        site.git.authorize(key)?;
    }
    site.start_in(app.path(), &PUSH)?.end()?.expect(0)?;
    Ok(app)
}

fn page(site: &Site) -> Result<Page> {
    let reply = get((site.web().ip(), 80).into(), OTHER, "/")?;
    Page::of(&reply.body).with_context(|| format!("{reply:?}"))
}

fn edit(app: &Path, file: &str, from: &str, to: &str) -> Result<()> {
    let path = app.join(file);
    let text = fs::read_to_string(&path)?;
    ensure!(text.contains(from), "{file} has no `{from}`");
    Ok(fs::write(path, text.replacen(from, to, 1))?)
}
