//! Commands around a running site and a running run: freeze, waiting, attach, processes by hand and killed, ways back.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::managers::what_befalls;
use crate::site::{HELD, Site, rate};
use crate::state::{coherent, print, same, tidy, wait_until_free};

const PUSH: [&str; 2] = ["push", "production"];

#[test]
fn a_site_is_in_its_operators_hands() -> Result<()> {
    let site = Site::live()?;
    site.on_import(HELD)?;
    site.commit()?;
    waiting(&site).context("waiting")?;
    attach(&site).context("attach")?;
    interrupt(&site).context("interrupt")?;
    site.on_import("")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    processes(&site).context("processes")?;
    what_befalls(&site).context("what befalls it")?;
    freeze(&site).context("freeze")?;
    ways_back(&site).context("ways back")
}

fn processes(site: &Site) -> Result<()> {
    let web = site.web();
    let release = coherent(web)?.release;
    for (command, says) in [
        ("reload", "all workers are new"),
        ("restart", "all processes are new"),
    ] {
        let (workers, master) = (workers(site)?, master(site)?);
        let load = site.load();
        let run = site.deployer(&[command, "production"])?.expect(0)?;
        // However fast that was.
        sleep(Duration::from_secs(1));
        let report = load.stop();
        ensure!(
            report.failed.is_empty(),
            "{command}: {:?}\n{run}",
            report.failed
        );
        ensure!(
            report.ok >= u64::from(rate()),
            "{command}: {} requests",
            report.ok
        );
        run.says(says)?;
        ensure!(coherent(web)?.release == release);
        let after = self::workers(site)?;
        ensure!(
            after.iter().all(|pid| !workers.contains(pid)),
            "{command}: {workers:?} {after:?}"
        );
        ensure!(
            (self::master(site)? == master) == (command == "reload"),
            "{command}"
        );
        tidy(web)?;
    }
    web.sh("for unit in a b; do touch /etc/systemd/system/hello-$unit.service; done")?;
    site.deployer(&["reload", "production"])?
        .expect(6)?
        .says("its unit is newer than its processes")?
        .says("deployer restart production")?;
    site.deployer(&["restart", "production"])?.expect(0)?;

    site.deployer(&["stop", "production"])?.expect(2)?;
    ensure!(
        coherent(web)?.release == release,
        "stopped without being told to"
    );
    site.deployer(&["stop", "production", "-y"])?
        .expect(0)?
        .says("visitors get 502")?;
    let answer = crate::machines::get((web.ip(), 80).into(), crate::site::NAME, "/")?;
    ensure!(answer.status == 502, "{answer:?}");
    site.deployer(&["stop", "production", "-y"])?
        .expect(0)?
        .says("stopped already")?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(status.stdout.contains("last stop by tester@"), "{status}");
    site.deployer(&["reload", "production"])?
        .expect(6)?
        .says("it does not run")?;
    site.deployer(&["start", "production"])?
        .expect(0)?
        .says("serves again")?;
    ensure!(coherent(web)?.release == release);
    site.deployer(&["start", "production"])?
        .expect(0)?
        .says("served already")?;
    tidy(web)?;
    let history = site.deployer(&["history", "production"])?.expect(0)?.stdout;
    let kinds: Vec<&str> = history
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    let done = ["reload", "restart", "restart", "stop", "start"];
    ensure!(kinds.ends_with(&done), "{history}");
    Ok(())
}

fn freeze(site: &Site) -> Result<()> {
    let web = site.web();
    let reason = "until Monday, it's \"$HOME\" day";
    site.deployer(&["lock", "production", "-m", reason])?
        .expect(0)?
        .says("frozen: deploy@web1")?;
    let old = coherent(web)?;
    site.change()?;
    let before = print(web)?;
    site.deployer(&PUSH)?
        .expect(5)?
        .says("frozen on deploy@web1 by tester@")?
        .says(reason)?
        .says("nothing was changed")?
        .says("deployer unlock production")?;
    same(&before, &print(web)?)?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(status.stdout.contains(reason), "{status}");
    site.set_up(&["--login", "root"])?.says(reason)?;
    ensure!(coherent(web)? == old);
    site.deployer(&["unlock", "production"])?.expect(0)?;
    site.deployer(&["unlock", "production"])?
        .expect(0)?
        .says("was not frozen")?;
    site.deployer(&PUSH)?.expect(0)?;
    site.deployer(&["lock", "production", "-m", reason])?
        .expect(0)?;
    site.deployer(&["rollback", "production"])?
        .expect(0)?
        .says(reason)?;
    ensure!(coherent(web)? == old);
    site.deployer(&["unlock", "production"])?.expect(0)?;
    tidy(web)
}

fn ways_back(site: &Site) -> Result<()> {
    let web = site.web();
    let mut made = Vec::new();
    for _ in 0..3 {
        let sha = site.change()?;
        site.deployer(&PUSH)?.expect(0)?;
        made.push((sha, coherent(web)?.release));
    }
    let live = || Ok::<_, anyhow::Error>(coherent(web)?.release);
    site.deployer(&["rollback", "production", "--steps", "2"])?
        .expect(0)?;
    ensure!(live()? == made[0].1);
    // Forward again, by revision, then back by the id's beginning.
    site.deployer(&["rollback", "production", &made[2].0[..10]])?
        .expect(0)?;
    ensure!(live()? == made[2].1);
    let (_, id) = &made[1];
    site.deployer(&["rollback", "production", &id[..id.len() - 8]])?
        .expect(0)?;
    ensure!(live()? == made[1].1);
    site.deployer(&["rollback", "production", "2026"])?
        .expect(6)?
        .says("may mean several releases")?;
    site.deployer(&["rollback", "production", "--steps", "50"])?
        .expect(6)?
        .says("not 50")?;
    site.deployer(&["rollback", "production", "../x"])?
        .expect(2)?;
    let list = site.deployer(&["releases", "production"])?.expect(0)?;
    let row = |release: &str| {
        let found = list.stdout.lines().find(|line| line.contains(release));
        found.with_context(|| format!("no {release}\n{list}"))
    };
    ensure!(row(&made[1].1)?.contains("  * "), "{list}");
    ensure!(row(&made[0].1)?.contains("  < "), "{list}");
    ensure!(row(&made[2].1)?.contains("good"), "{list}");
    ensure!(row(&made[2].1)?.contains("tester@"), "{list}");
    remains(site).context("remains")?;
    tidy(web)
}

/// Who ran the app by hand as root left files that the login cannot remove; what held them has no name any more.
fn remains(site: &Site) -> Result<()> {
    let web = site.web();
    let (releases, name) = ("/srv/hello/releases", "20200101T000000Z-0000000");
    web.sh(&format!(
        "cd /srv/hello && install -d -o deploy releases/{name} releases/{name}/app venvs/0000000000000000 static/trees &&
         mkdir releases/{name}/app/__pycache__ venvs/0000000000000000/lib &&
         touch releases/{name}/app/__pycache__/hello.pyc releases/{name}/old.py venvs/0000000000000000/.complete venvs/0000000000000000/lib/py &&
         ln -s trees/0000000000000000 static/{name}"
    ))?;
    let prune = ["prune", "production", "-y", "-v"];
    // Each time until root has removed it.
    for _ in 0..2 {
        site.deployer(&prune)?
            .expect(0)?
            .says(&format!("`{releases}/.{name}."))?
            .says(".part` (and another) is no longer needed, but holds")?
            .says_not("cannot stat")?;
        web.sh(&format!(
            "cd /srv/hello && ! [ -e releases/{name} ] && ! [ -e venvs/0000000000000000 ] && ! [ -L static/{name} ] && ! [ -e releases/.{name}.*.part/old.py ]"
        ))?;
    }
    web.sh(&format!(
        "rm -r {releases}/.{name}.*.part /srv/hello/venvs/.*.part"
    ))?;
    let run = site.deployer(&prune)?.expect(0)?;
    ensure!(!run.stderr.contains("no longer needed"), "{run}");
    Ok(())
}

fn waiting(site: &Site) -> Result<()> {
    let web = site.web();
    site.hold_trials()?;
    let mut first = site.start(&PUSH)?;
    first.wait_for("units (")?;
    let mut second = site.start(&["reload", "production", "--wait=1m"])?;
    second.wait_for("waiting up to 1m00s for the lock, held by tester@")?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(
        status.stdout.contains("a run is under way, by tester@"),
        "{status}"
    );
    ensure!(status.stdout.contains("push of "), "{status}");
    // One that gives up its place leaves nothing behind.
    let mut third = site.start(&["restart", "production", "--wait"])?;
    third.wait_for("waiting up to 15m00s")?;
    third.signal("INT")?;
    third.end()?.expect(130)?;
    site.deployer(&["reload", "production", "--wait=1s"])?
        .expect(5)?;
    site.let_trials_go()?;
    first.end()?.expect(0)?;
    second.end()?.expect(0)?;
    wait_until_free(web)?;
    coherent(web)?;
    tidy(web)
}

fn attach(site: &Site) -> Result<()> {
    let web = site.web();
    let old = coherent(web)?;
    site.deployer(&["attach", "production"])?
        .expect(0)?
        .says("reload")?;
    site.change()?;
    let mut push = site.start(&PUSH)?;
    push.wait_for("seal (")?;
    let following = site.start(&["attach", "production", "-v"])?;
    push.kill()?;
    following
        .end()?
        .expect(0)?
        .says("push of ")?
        .says("serves")?;
    ensure!(coherent(web)? != old);
    wait_until_free(web)?;

    // Who follows can leave; the run cannot tell.
    site.change()?;
    site.hold_trials()?;
    let mut push = site.start(&PUSH)?;
    push.wait_for("units (")?;
    let mut leaving = site.start(&["attach", "production"])?;
    leaving.wait_for("push of ")?;
    leaving.signal("INT")?;
    leaving.end()?.expect(130)?.says("goes on by itself")?;
    site.let_trials_go()?;
    push.end()?.expect(0)?;

    site.on_import("raise SystemExit('not today')")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(7)?;
    site.deployer(&["attach", "production"])?
        .expect(7)?
        .says("not today")?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(
        status.stdout.contains("the last run, by tester@"),
        "{status}"
    );
    site.on_import(HELD)?;
    site.commit()?;
    Ok(())
}

/// Ctrl-C before the switch: everything is as it was.
fn interrupt(site: &Site) -> Result<()> {
    let web = site.web();
    let old = coherent(web)?;
    site.hold_trials()?;
    let before = print(web)?;
    for arguments in [
        &PUSH[..],
        &["rollback", "production"],
        &["restart", "production"],
    ] {
        let mut run = site.start(arguments)?;
        run.wait_for("connected")?;
        sleep(Duration::from_millis(1500));
        run.signal("INT")?;
        run.end()?.expect(130)?.says("nothing was changed")?;
        same(&before, &print(web)?).with_context(|| format!("{arguments:?}"))?;
    }
    site.let_trials_go()?;
    ensure!(coherent(web)? == old);
    tidy(web)
}

/// The pids of the live generation.
fn workers(site: &Site) -> Result<Vec<String>> {
    let master = master(site)?;
    let children = site.web().sh(&format!("pgrep -P {master}"))?;
    Ok(children.lines().map(ToOwned::to_owned).collect())
}

fn master(site: &Site) -> Result<String> {
    let slot = "$(readlink /srv/hello/web.sock | cut -d/ -f4)";
    let pid = site
        .web()
        .sh(&format!("systemctl show -P MainPID hello-{slot}"))?;
    Ok(pid.trim().to_owned())
}
