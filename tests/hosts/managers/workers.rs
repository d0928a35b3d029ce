//! Workers under each manager: they follow the live release, are as many as somebody wants, and come back.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::values::Values;
use super::{Case, PUSH, at};
use crate::processes::workers::{WORK, Worker, add, are, told, without_mail_out, workers};
use crate::site::Site;
use crate::wait::until;

/// From the first push with some to the last: `clock` and `queue` are left.
pub(super) fn come_and_go(site: &Site, case: &Case, values: &Values) -> Result<()> {
    fs::write(site.app.path().join("work.py"), WORK)?;
    add(site, &workers(&values.command()))?;
    site.commit()?;
    site.set_up(case.login)?;
    site.deployer(&PUSH)?.expect(0)?;
    follow(site, case, values).context("follow")?;
    by_hand(site, case).context("by hand")?;
    definition(site, case).context("definition")?;
    scale(site, case).context("scale")?;
    broken(site, case).context("broken")?;
    killed(site, case).context("killed")?;
    removed(site, case).context("removed")
}

/// What runs, as the processes themselves have it too.
pub(super) fn running(site: &Site, case: &Case) -> Result<Vec<Worker>> {
    let found = told(site)?;
    for (name, number, release) in &found {
        let pid = pid(site, case, name, *number)?;
        let cwd = site.web().sh(&format!("readlink /proc/{pid}/cwd"))?;
        ensure!(
            cwd == format!("{}/releases/{release}", case.root),
            "{number} is in {cwd}: {found:?}"
        );
    }
    let processes = site.web().sh("pgrep -fc '^python3 work.py'; :")?;
    ensure!(
        processes == found.len().to_string(),
        "{processes} processes, {found:?}"
    );
    Ok(found)
}

/// As it reported itself.
pub(super) fn pid(site: &Site, case: &Case, name: &str, number: u32) -> Result<String> {
    let report = format!("{}/workers/{name}.{number}", case.run);
    site.web().sh(&format!("cut -d' ' -f1 {report}"))
}

/// These numbers of each worker run, all in the live release.
fn ran(site: &Site, case: &Case, wanted: &[(&str, u32)]) -> Result<String> {
    let live = at(site, case)?.release;
    are(&running(site, case)?, wanted, &live)?;
    Ok(live)
}

/// What they said since somebody last asked.
pub(super) fn log(site: &Site, case: &Case) -> Result<Vec<String>> {
    let file = format!("{}/shared/work.log", case.root);
    let log = site.web().sh(&format!("cat {file}; : > {file}"))?;
    Ok(log.lines().map(str::to_owned).collect())
}

/// A push and a rollback move them, each once it has finished what it does; an overlapping one starts before.
fn follow(site: &Site, case: &Case, values: &Values) -> Result<()> {
    let all = [("clock", 1), ("mail-out", 1), ("queue", 1), ("queue", 2)];
    let first = ran(site, case, &all)?;
    log(site, case)?;
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?.says_not("was killed")?;
    let moved = [("clock", 1), ("mail-out", 101), ("queue", 1), ("queue", 2)];
    let second = ran(site, case, &moved)?;
    let log = self::log(site, case)?;
    let at = |line: String| {
        let found = log.iter().position(|one| *one == line);
        found.with_context(|| format!("no `{line}` in {log:?}"))
    };
    for (name, number) in [("clock", 1), ("queue", 1), ("queue", 2)] {
        let finished = at(format!("{name} {number} finished {first}"))?;
        let began = at(format!("{name} {number} began {second}"))?;
        ensure!(finished < began, "{log:?}");
    }
    let began = at(format!("mail-out 101 began {second}"))?;
    ensure!(began < at(format!("mail-out 1 asked {first}"))?, "{log:?}");

    let pid = pid(site, case, "mail-out", 101)?;
    values.of_a_process(site, &pid)?;
    values.called(site, &pid)?;
    site.deployer(&["rollback", "production"])?.expect(0)?;
    ensure!(ran(site, case, &all)? == first);
    site.deployer(&PUSH)?.expect(0)?;
    site.deployer(&PUSH)?.expect(0)?.says("already live")?;
    Ok(())
}

fn by_hand(site: &Site, case: &Case) -> Result<()> {
    site.deployer(&["stop", "production", "-y"])?.expect(0)?;
    let left = site.web().sh("pgrep -fa '^python3 work.py'; :")?;
    ensure!(left.is_empty(), "{left}");
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(
        status.stdout.contains("worker queue: 0 of 2 run"),
        "{status}"
    );
    site.deployer(&["start", "production"])?.expect(0)?;
    running(site, case).map(drop)
}

/// What it is started by is root's to write, or the login's own.
fn definition(site: &Site, case: &Case) -> Result<()> {
    site.edit("deploy.yaml", "stop_timeout: 20s", "stop_timeout: 21s")?;
    site.commit()?;
    if case.login.is_empty() {
        site.deployer(&PUSH)?.expect(0)?;
    } else {
        site.deployer(&PUSH)?
            .expect(6)?
            .says(&case.definition("queue"))?;
        site.set_up(case.login)?;
        site.deployer(&PUSH)?.expect(0)?;
    }
    running(site, case).map(drop)
}

/// More and fewer, without touching those that stay.
fn scale(site: &Site, case: &Case) -> Result<()> {
    log(site, case)?;
    site.deployer(&["scale", "production", "queue=4"])?
        .expect(0)?;
    let log = self::log(site, case)?;
    ensure!(
        log.len() == 2 && log.iter().all(|line| line.contains(" began ")),
        "{log:?}"
    );
    site.deployer(&["scale", "production", "queue=1"])?
        .expect(0)?;
    let found = running(site, case)?;
    ensure!(found.len() == 3, "{found:?}");
    Ok(())
}

/// A release whose worker does not stay up takes no other's place.
fn broken(site: &Site, case: &Case) -> Result<()> {
    let live = at(site, case)?;
    let before = running(site, case)?;
    let raise = "raise SystemExit(\"no queue today\")\n#--\n";
    site.edit("work.py", "#--\n", raise)?;
    site.commit()?;
    site.deployer(&PUSH)?
        .expect(9)?
        .says("does not stay up on ")?
        .says("no queue today")?;
    ensure!(at(site, case)? == live);
    let after = running(site, case)?;
    ensure!(after.len() == before.len(), "{after:?}, {before:?}");
    site.edit("work.py", raise, "#--\n")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

/// The main process killed: there is another soon.
fn killed(site: &Site, case: &Case) -> Result<()> {
    let before = running(site, case)?;
    let old = pid(site, case, "queue", 1)?;
    site.web().sh(&format!("kill -9 {old}"))?;
    until("another worker", || {
        let new = pid(site, case, "queue", 1)?;
        Ok(new != old && running(site, case).is_ok_and(|after| after == before))
    })
}

/// What the file no longer has leaves with the push, and what it was started by with the next setup.
fn removed(site: &Site, case: &Case) -> Result<()> {
    without_mail_out(site)?;
    log(site, case)?;
    site.deployer(&PUSH)?.expect(0)?;
    ran(site, case, &[("clock", 1), ("queue", 1)])?;
    let log = self::log(site, case)?;
    ensure!(
        log.iter()
            .any(|line| line.starts_with("mail-out ") && line.contains(" finished ")),
        "{log:?}"
    );
    site.set_up(case.login)?;
    let left = site.web().sh(&format!(
        "find /etc /home {} -name '*worker-mail-out*' ! -path '*/releases/*' ! -name '*.log*'",
        case.root
    ))?;
    ensure!(left.is_empty(), "{left}");
    site.set_up(case.login)?.says_not("setup:")?;
    Ok(())
}
