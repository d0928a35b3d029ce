//! Requests through nginx while everything that can change changes.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::machines::{Load, LoadReport, Machine};
use crate::random::soak;
use crate::run::Run;
use crate::site::{Page, Site};
use crate::state::coherent;

const PUSH: [&str; 2] = ["push", "production"];
const ROLLBACK: [&str; 2] = ["rollback", "production"];

/// What is switched under load, and why it takes over as it does.
struct Kind {
    what: &'static str,
    takeover: &'static str,
    /// With several threads a worker, where that makes a difference.
    with_threads: &'static str,
    edit: fn(&Site) -> Result<()>,
    command: [&'static str; 2],
}

const PACKAGES: &str = "takeover: replace (packages)";
const RELOAD: &str = "takeover: reload";

const KINDS: [Kind; 10] = [
    Kind::push("an older gunicorn", PACKAGES, |site| {
        turn(
            site,
            "requirements.txt",
            "gunicorn==27.0.1",
            "gunicorn==23.0.0",
        )
    }),
    Kind {
        with_threads: "takeover: replace (threads)",
        ..Kind::push("code", RELOAD, |_| Ok(()))
    },
    Kind::push("packages", PACKAGES, |site| {
        turn(site, "requirements.txt", "click==8.5.1", "click==8.1.8")
    }),
    Kind::push("gunicorn", PACKAGES, |site| {
        turn(
            site,
            "requirements.txt",
            "gunicorn==23.0.0",
            "gunicorn==27.0.1",
        )
    }),
    Kind::push("environment", RELOAD, |site| {
        turn(site, "deploy.yaml", "good day", "good night")
    }),
    Kind::rollback("rollback", RELOAD),
    Kind::push("unit", "takeover: replace (unit)", |site| {
        turn(
            site,
            "deploy.yaml",
            "open_files: 20000",
            "open_files: 30000",
        )
    }),
    Kind::push("site", RELOAD, |site| {
        turn(site, "deploy.yaml", "max_body: 20M", "max_body: 30M")
    }),
    // Back over the unit and the site to the environment before them.
    Kind::rollback("rollback of the site", "takeover"),
    Kind::rollback("rollback of the unit", "takeover"),
];

impl Kind {
    const fn push(
        what: &'static str,
        takeover: &'static str,
        edit: fn(&Site) -> Result<()>,
    ) -> Self {
        Self {
            what,
            takeover,
            with_threads: takeover,
            edit,
            command: PUSH,
        }
    }

    const fn rollback(what: &'static str, takeover: &'static str) -> Self {
        Self {
            command: ROLLBACK,
            ..Self::push(what, takeover, |_| Ok(()))
        }
    }
}

/// The one for the other.
fn turn(site: &Site, file: &str, one: &str, other: &str) -> Result<()> {
    site.edit(file, one, other)
        .or_else(|_| site.edit(file, other, one))
}

#[test]
fn no_request_is_lost_and_none_goes_back() -> Result<()> {
    let site = Site::live_after(|site| {
        site.sudoer("ubuntu")?;
        site.edit("deploy.yaml", "deploy@web1", "ubuntu@web1")?;
        site.edit("deploy.yaml", "nginx:", "nginx:\n  max_body: 20M")?;
        let limit = "service:\n  open_files: 20000\nstatic:";
        site.edit("deploy.yaml", "static:", limit)
    })?;
    let app = &site;
    let reader = Reader::start(app.web())?;
    let mut sum = 0;
    for kind in &KINDS {
        sum += make(app, kind, kind.takeover)?;
    }
    sum += in_a_row(app, if soak() { 5 } else { 2 })?;
    if soak() {
        sum += with_slow_requests(app)?;
        sum += another_python(app)?;
    }
    println!("{}", reader.stop()?);
    ensure!(!soak() || sum >= 10_000, "only {sum} requests");
    println!("{sum} requests, none lost");
    Ok(())
}

fn make(app: &Site, kind: &Kind, takeover: &str) -> Result<u64> {
    (kind.edit)(app)?;
    if kind.command == PUSH {
        app.change()?;
    }
    switch(app, kind.what, takeover, &kind.command)
}

/// All of it again with requests of five seconds on their way: each is answered by whoever began it.
fn with_slow_requests(app: &Site) -> Result<u64> {
    app.answer_slowly()?;
    app.commit()?;
    let mut sum = switch(app, "threads", "takeover", &PUSH)?;
    for kind in &KINDS {
        let slow = Slow::start(app);
        sum += make(app, kind, kind.with_threads)?;
        sum += slow.stop(kind.what)?;
    }
    let slow = Slow::start(app);
    sum += in_a_row(app, 5)?;
    Ok(sum + slow.stop("five in a row")?)
}

/// Requests of five seconds, one begun every second.
pub(crate) struct Slow(Load);

impl Slow {
    /// Returns when some have begun and none has ended.
    pub(crate) fn start(site: &Site) -> Self {
        let load = site.slow_load();
        sleep(Duration::from_secs(3));
        Self(load)
    }

    pub(crate) fn stop(self, what: &str) -> Result<u64> {
        let report = self.0.stop();
        ensure!(report.failed.is_empty(), "{what}: {:?}", report.failed);
        ensure!(
            report.bodies.keys().eq(["slow but whole"]) && report.ok >= 3,
            "{what}: {report:?}"
        );
        println!(
            "{what}: {} requests of five seconds, all answered",
            report.ok
        );
        Ok(report.ok)
    }
}

/// Another implementation even: Debian's `PyPy`, under the name that `python.version` has. And back.
fn another_python(app: &Site) -> Result<u64> {
    let web = app.web();
    web.install(&["pypy3", "pypy3-venv"])?;
    web.sh("ln -s /usr/bin/pypy3 /usr/local/bin/python3.11")?;
    let python = "python:\n  version: 3.11\n  installer: pip\nservice:";
    app.edit("deploy.yaml", "service:", python)?;
    app.change()?;
    let mut sum = switch(app, "another Python", PACKAGES, &PUSH)?;
    let serves =
        web.sh("/srv/hello/current/venv/bin/python -c 'import sys; print(sys.version)'")?;
    ensure!(serves.contains("PyPy"), "{serves}");
    sum += switch(app, "back to the Python before", PACKAGES, &ROLLBACK)?;
    Ok(sum)
}

/// Switches under load; how many requests there were.
pub(crate) fn switch(site: &Site, what: &str, takeover: &str, arguments: &[&str]) -> Result<u64> {
    let (load, kept) = (site.load(), site.kept_load());
    let old = coherent(site.web())?;
    let run = site.deployer(arguments)?.expect(0)?.says(takeover)?;
    // Whoever asks after the end gets the new release alone.
    sleep(Duration::from_millis(300));
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

/// One push after another, without a pause in the load.
fn in_a_row(site: &Site, pushes: u32) -> Result<u64> {
    let (load, kept) = (site.load(), site.kept_load());
    for _ in 0..pushes {
        site.change()?;
        site.deployer(&PUSH)?.expect(0)?;
    }
    let (report, over_kept) = (load.stop(), kept.stop());
    for one in [&report, &over_kept] {
        ensure!(one.failed.is_empty(), "{:?}", one.failed);
        ensure!(
            one.bodies.len() == usize::try_from(pushes)? + 1,
            "{:?}",
            one.bodies
        );
    }
    println!(
        "{pushes} in a row: {} requests, {} over kept connections, {} of them on a second one",
        report.ok, over_kept.ok, over_kept.retried
    );
    Ok(report.ok + over_kept.ok)
}

/// Somebody who looks at `current` and what is behind it without a pause, on the host.
struct Reader<'a>(&'a Machine);

impl<'a> Reader<'a> {
    fn start(web: &'a Machine) -> Result<Self> {
        web.sh(&format!(
            "setsid python3 -c '{READER}' > /tmp/read 2>&1 & echo $! > /tmp/reader"
        ))?;
        Ok(Self(web))
    }

    fn stop(self) -> Result<String> {
        let said = self
            .0
            .sh("kill -TERM $(cat /tmp/reader); sleep 1; cat /tmp/read")?;
        let (looks, releases) = said.split_once(' ').context("the reader said nothing")?;
        ensure!(looks.parse::<u32>()? > 1000, "{said}");
        ensure!(
            releases.trim().parse::<u32>()? >= 10,
            "not many releases: {said}"
        );
        Ok(format!(
            "{looks} looks at `current`, each at one of {releases} whole releases"
        ))
    }
}

/// Reads the manifest and the app behind `current` until it is told to stop; what is missing ends it with an error.
const READER: &str = r#"
import os, signal, time
looks, seen, over = 0, set(), []
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
while not over:
    time.sleep(0.01)
    open("/srv/hello/current/hello.py").read()
    release = os.path.realpath("/srv/hello/current")
    assert "\"release\":\"" + os.path.basename(release) + "\"" in open(release + "/.deployer/manifest.json").read()
    assert os.path.exists(release + "/venv/bin/gunicorn")
    seen.add(release)
    looks += 1
print(looks, len(seen))
"#;
