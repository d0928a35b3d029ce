//! One story under every process manager: releases come and go, processes are killed, the host is rebooted.

mod case;
mod drop_in;
mod examples;
mod mishaps;
mod output;
mod queues;
mod schedules;
mod servers;
mod uploads;
mod upstart_logs;
mod values;
mod workers;

use std::panic::resume_unwind;
use std::thread;

use anyhow::{Context as _, Result, ensure};

use crate::machines::{Load, get};
use crate::random::{soak, turn};
use crate::site::{NAME, Page, Site};
use crate::wait::until;
use case::Case;
use values::Values;

const PUSH: [&str; 2] = ["push", "production"];

type Story = fn() -> Result<()>;

#[test]
fn one_story_under_each_other_manager() -> Result<()> {
    let all: Vec<(&str, Story)> = vec![
        ("supervisord of the login", a_supervisord_of_ones_own),
        ("systemd of the login", a_systemd_of_ones_own),
        ("supervisord of the host", the_supervisord_of_a_host),
    ];
    let turn = turn(all)?;
    thread::scope(|scope| {
        let stories: Vec<_> = turn
            .into_iter()
            .map(|(manager, story)| (manager, scope.spawn(story)))
            .collect();
        for (manager, story) in stories {
            let told = story.join().unwrap_or_else(|panic| resume_unwind(panic));
            told.context(manager)?;
        }
        Ok(())
    })
}

fn a_supervisord_of_ones_own() -> Result<()> {
    let case = Case::rootless("{manager: supervisor, scope: user}");
    let site = case.site()?;
    let web = site.web();
    web.sh("echo 'deploy hard nofile 8192' > /etc/security/limits.d/deploy.conf")?;
    story(&site, &case)?;
    nothing_of_root(&site)?;
    web.sh(&format!(
        "cat {} {} | grep -qx 'open_files: this host allows 8192 of 16384'",
        case.log("a"),
        case.log("b")
    ))?;

    // It may be killed as well: what it left behind serves on, and the next start makes an end of that.
    let old = master(&site, &case)?;
    let workers = workers::running(&site, &case)?;
    let queue = workers::pid(&site, &case, "queue", 1)?;
    workers::log(&site, &case)?;
    web.sh("pkill -9 -u deploy supervisord")?;
    at(&site, &case)?;
    web.exec_as("deploy", "sh hello/supervisor/start.sh")?
        .ok()?;
    until("another master", || {
        Ok(master(&site, &case).is_ok_and(|pid| pid != old))
    })?;
    until("the page", || Ok(at(&site, &case).is_ok()))?;
    until("the workers", || {
        Ok(workers::running(&site, &case).is_ok_and(|now| now == workers))
    })?;
    ensure!(
        web.sh(&format!("ps -o pid= -p {old},{queue} || :"))?
            .is_empty()
    );
    // Without being asked it would have ended as well, once it printed to nobody.
    let log = workers::log(&site, &case)?;
    let said: Vec<_> = log
        .iter()
        .filter_map(|line| line.strip_prefix("queue 1 ")?.split(' ').next())
        .collect();
    ensure!(said == ["asked", "finished", "began"], "{log:?}");
    others(&site, &case)
}

fn a_systemd_of_ones_own() -> Result<()> {
    let case = Case::rootless("{scope: user}");
    let site = case.site()?;
    // Without lingering there is no systemd where nobody is logged in; the rest needs no administrator.
    site.commit()?;
    site.deployer(&["setup", "production"])?
        .expect(6)?
        .says("loginctl enable-linger deploy")?;
    site.web().sh("loginctl enable-linger deploy")?;
    story(&site, &case)?;
    nothing_of_root(&site)?;
    others(&site, &case)
}

fn the_supervisord_of_a_host() -> Result<()> {
    let case = Case::of_the_host("{manager: supervisor}");
    let site = case.site()?;
    let web = site.web();
    let other = "/etc/supervisor/conf.d/other.conf";
    web.sh(&format!(
        "printf '[program:other]\\ncommand=sleep 100000\\n' > {other}
         systemctl -q enable --now supervisor"
    ))?;
    until("the other program", || {
        Ok(!web.sh("pgrep -x sleep || :")?.is_empty())
    })?;
    let pid = web.sh("supervisorctl pid other")?;
    // What its owner has not taken up stays as it is.
    web.sh(&format!("sed -i s/100000/200000/ {other}"))?;
    story_until_reboot(&site, &case)?;
    ensure!(web.sh("supervisorctl pid other")? == pid);
    reboot(&site, &case)?;
    others(&site, &case)
}

/// As a part of a soak: most other tests are under it.
#[test]
#[ignore = "`make soak` tells the story under it too"]
fn the_systemd_of_a_host() -> Result<()> {
    let case = Case::of_the_host("{}");
    let site = case.site()?;
    story(&site, &case)?;
    others(&site, &case)
}

/// What may befall the app of the tests, which is live, under the systemd of a host.
pub(crate) fn what_befalls(site: &Site) -> Result<()> {
    let case = Case::of_the_host("{}");
    site.on_import(mishaps::CRASH)?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    mishaps::killed(site, &case)?;
    mishaps::crashes(site, &case)?;
    site.on_import("")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

fn story(site: &Site, case: &Case) -> Result<()> {
    story_until_reboot(site, case)?;
    reboot(site, case)
}

fn story_until_reboot(site: &Site, case: &Case) -> Result<()> {
    println!("{}", case.service);
    let values = Values::drawn()?;
    values.asked_for_by_a_page(site)?;
    if case.rootless {
        uploads::asked_for(site)?;
    }
    site.commit()?;
    site.set_up(case.login)?;
    site.set_up(case.login)?.says_not("setup:")?;
    site.on_import(mishaps::CRASH)?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    let first = at(site, case)?;
    values.arrived(site, case)?;
    if case.rootless {
        uploads::copied(site, case).context("uploads")?;
    }
    site.deployer(&PUSH)?.expect(0)?.says("already live")?;

    site.change()?;
    let pid = master(site, case)?;
    switch(site, case, &PUSH, "takeover: reload")?;
    let second = at(site, case)?;
    ensure!(second.release != first.release && master(site, case)? == pid);
    site.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    site.commit()?;
    switch(site, case, &PUSH, "takeover: replace (packages)")?;
    ensure!(at(site, case)?.click == "8.1.8" && master(site, case)? != pid);
    switch(site, case, &["rollback", "production"], "takeover: replace")?;
    ensure!(at(site, case)? == second);

    site.on_import("raise RuntimeError('broken')")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(7)?.says("RuntimeError")?;
    ensure!(at(site, case)? == second);

    mishaps::killed(site, case)?;
    mishaps::crashes(site, case)?;
    site.deployer(&["stop", "production", "-y"])?.expect(0)?;
    ensure!(gone(site, case));
    site.deployer(&["start", "production"])?.expect(0)?;
    ensure!(at(site, case)? == second);
    site.deployer(&["restart", "production"])?.expect(0)?;
    site.deployer(&["reload", "production"])?.expect(0)?;
    ensure!(at(site, case)? == second);
    // The tree has a release that is broken on purpose.
    site.on_import("")?;
    workers::come_and_go(site, case, &values).context("workers")?;
    if case.by_supervisord() && (soak() || !case.rootless) {
        output::of_a_worker(site, case).context("output of a worker")?;
    }
    if case.by_supervisord() && soak() {
        output::of_the_app(site, case).context("output of the app")?;
    }
    schedules::run(site, case).context("schedules")?;
    output::of_a_schedule(site, case).context("output of a schedule")
}

/// Other apps in its place.
fn others(site: &Site, case: &Case) -> Result<()> {
    examples::come_and_go(site, case).context("examples")?;
    schedules::gone(site)?;
    servers::come_and_go(site, case).context("servers")
}

/// What was live is live again, and so are its workers.
fn reboot(site: &Site, case: &Case) -> Result<()> {
    let before = workers::running(site, case)?;
    mishaps::reboot(site, case)?;
    until("the workers after a reboot", || {
        Ok(workers::running(site, case).is_ok_and(|after| after == before))
    })
}

/// A run under load: nobody notices.
fn switch(site: &Site, case: &Case, run: &[&str], says: &str) -> Result<()> {
    let load = Load::start((site.web().ip(), case.port).into(), NAME, "/", 40);
    let run = site.deployer(run)?.expect(0)?.says(says)?;
    let report = load.stop();
    ensure!(report.failed.is_empty(), "{:?}\n{run}", report.failed);
    println!(
        "{says}: {} requests, longest {:?}",
        report.ok, report.longest_stall
    );
    Ok(())
}

fn at(site: &Site, case: &Case) -> Result<Page> {
    let reply = get((site.web().ip(), case.port).into(), NAME, "/")?;
    Page::of(&reply.body).with_context(|| format!("{reply:?}"))
}

/// Whether nothing answers: a port that is held for the next generation is silent.
fn gone(site: &Site, case: &Case) -> bool {
    master(site, case).is_err()
}

/// The live generation's main process, which every worker names.
fn master(site: &Site, case: &Case) -> Result<u32> {
    let Case { root, .. } = case;
    let found = site.web().sh(&format!(
        "slot=$(readlink {root}/web.sock) && pid=$(sed 's/.*\"pid\": \\([0-9]*\\).*/\\1/' \"${{slot%/*}}/master\") && ps -o pid= -p \"$pid\""
    ))?;
    Ok(found.trim().parse()?)
}

/// Nothing of it lies outside the login's home.
fn nothing_of_root(site: &Site) -> Result<()> {
    let found = site.web().sh(
        "find / -xdev -newer /etc/hostname -user root -path '*hello*' ! -path '/proc/*' ! -path '/sys/*' ! -path '/home/*' 2>/dev/null
         ps -u root -o args= | grep '[h]ello/'; :",
    )?;
    ensure!(found.is_empty(), "{found}");
    Ok(())
}
