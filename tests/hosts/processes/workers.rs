//! Processes beside the web server: they follow the live release, finish what they do, and are as many as somebody wants.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::site::Site;
use crate::state::{coherent, tidy};
use crate::wait::within;

const PUSH: [&str; 2] = ["push", "production"];
const LOG: &str = "/srv/hello/shared/work.log";

/// Works off nothing, and says in a file what happens to it.
pub(crate) const WORK: &str = r#"
import os, signal, sys, time

NAME, NUMBER, RELEASE = (os.environ["DEPLOYER_" + key] for key in ("WORKER", "INSTANCE", "RELEASE"))

def say(what):
    with open(os.environ["DEPLOYER_ROOT"] + "/shared/work.log", "a") as log:
        log.write("%s %s %s %s\n" % (NAME, NUMBER, what, RELEASE))

def leave(number, frame):
    say("asked")
    time.sleep(float(os.environ.get("TASK", "0.5")))
    say("finished")
    sys.exit()

signal.signal(signal.SIGTERM, leave)
say("began")
#--
number = 0
while True:
    number += 1
    print("line", number, flush=True)
    time.sleep(0.01 if NAME == "clock" else 60)
"#;

/// One of them by this command.
pub(crate) fn workers(mail_out: &str) -> String {
    format!(
        "
workers:
  queue:
    command: python3 work.py
    instances: 2
    stop_timeout: 20s
    min_uptime: 1s
  mail-out:
    command: {mail_out}
    overlap: true
    min_uptime: 1s
  clock:
    command: python3 work.py
    on: first
    min_uptime: 1s
"
    )
}

const MAIL_OUT: &str = r#"[python3, work.py, "it's 100 %, $HOME; \"x\" # \\"]"#;

#[test]
fn workers_follow_the_live_release() -> Result<()> {
    let site = live(&workers(MAIL_OUT))?;
    follow(&site).context("follow")?;
    arguments(&site).context("arguments")?;
    by_hand(&site).context("by hand")?;
    scale(&site).context("scale")?;
    cut(&site).context("cut")
}

#[test]
fn workers_survive_what_befalls_them() -> Result<()> {
    let site = live(&workers(MAIL_OUT).replace("instances: 2", "instances: 1"))?;
    broken(&site).context("broken")?;
    reboot(&site).context("reboot")?;
    power_cut(&site).context("power cut")?;
    rotation(&site).context("rotation")?;
    killed(&site).context("killed")?;
    removed(&site).context("removed")
}

fn live(workers: &str) -> Result<Site> {
    Site::live_after(|site| {
        fs::write(site.app.path().join("work.py"), WORK)?;
        add(site, workers)
    })
}

pub(crate) fn add(site: &Site, text: &str) -> Result<()> {
    let path = site.app.path().join("deploy.yaml");
    let mut file = fs::read_to_string(&path)?;
    let _ = write!(file, "{text}");
    Ok(fs::write(path, file)?)
}

/// A worker: name, number and release.
pub(crate) type Worker = (String, u32, String);

/// All that `status` tells of, which are at work, in the order of their names.
pub(crate) fn told(site: &Site) -> Result<Vec<Worker>> {
    let status = site
        .deployer(&["status", "production", "--json"])?
        .expect(0)?;
    let line = status
        .stdout
        .lines()
        .find(|line| line.contains("\"type\":\"status\""))
        .context("no status")?;
    let status: serde_json::Value = serde_json::from_str(line)?;
    let mut found = Vec::new();
    for worker in status["workers"].as_array().context("no workers")? {
        let text = |key: &str| worker[key].as_str().unwrap_or_default().to_owned();
        ensure!(text("state") == "active", "{status}");
        let number = worker["number"].as_u64().context("no number")?;
        found.push((text("name"), u32::try_from(number)?, text("release")));
    }
    found.sort();
    Ok(found)
}

/// These numbers of each worker run, all in that release.
pub(crate) fn are(found: &[Worker], wanted: &[(&str, u32)], release: &str) -> Result<()> {
    let wanted: Vec<Worker> = wanted
        .iter()
        .map(|&(name, number)| (name.to_owned(), number, release.to_owned()))
        .collect();
    ensure!(found == wanted, "{found:?} and not {wanted:?}");
    Ok(())
}

/// The file has one worker less.
pub(crate) fn without_mail_out(site: &Site) -> Result<()> {
    let path = site.app.path().join("deploy.yaml");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once("  mail-out:").context("mail-out")?;
    let (_, after) = rest.split_once("  clock:").context("clock")?;
    fs::write(&path, format!("{before}  clock:{after}"))?;
    site.commit().map(drop)
}

/// What runs, as systemd and the processes have it too.
fn running(site: &Site) -> Result<Vec<Worker>> {
    let (web, found) = (site.web(), told(site)?);
    for (name, number, release) in &found {
        let unit = format!("hello-worker-{name}@{number}.service");
        let cwd = web.sh(&format!(
            "readlink /proc/$(systemctl show -P MainPID {unit})/cwd"
        ))?;
        ensure!(
            cwd == format!("/srv/hello/releases/{release}"),
            "{unit} is in {cwd}: {found:?}"
        );
    }
    let units = web.sh("systemctl list-units --plain --no-legend 'hello-worker-*' | wc -l")?;
    ensure!(units == found.len().to_string(), "{units} units, {found:?}");
    Ok(found)
}

/// These numbers of each worker run, all in the live release.
fn ran(site: &Site, wanted: &[(&str, u32)]) -> Result<String> {
    let live = coherent(site.web())?.release;
    are(&running(site)?, wanted, &live)?;
    Ok(live)
}

fn log(site: &Site) -> Result<Vec<String>> {
    let log = site.web().sh(&format!("cat {LOG}; : > {LOG}"))?;
    Ok(log.lines().map(str::to_owned).collect())
}

/// A push and a rollback move them, each once it has finished what it does; an overlapping one starts before.
fn follow(site: &Site) -> Result<()> {
    let first = ran(
        site,
        &[("clock", 1), ("mail-out", 1), ("queue", 1), ("queue", 2)],
    )?;
    log(site)?;
    site.change()?;
    let plan = site.deployer(&["plan", "production"])?.expect(0)?;
    ensure!(
        plan.stdout
            .contains("queue (2, each has 20s to finish what it does and is killed then)"),
        "{plan}"
    );
    let load = site.load();
    site.deployer(&PUSH)?.expect(0)?.says("takeover: reload")?;
    let report = load.stop();
    ensure!(report.failed.is_empty(), "{:?}", report.failed);
    let second = ran(
        site,
        &[("clock", 1), ("mail-out", 101), ("queue", 1), ("queue", 2)],
    )?;
    let log = self::log(site)?;
    let at = |line: String| {
        log.iter()
            .position(|one| *one == line)
            .with_context(|| format!("no `{line}` in {log:?}"))
    };
    for (name, old, new) in [("clock", 1, 1), ("queue", 1, 1), ("queue", 2, 2)] {
        let finished = at(format!("{name} {old} finished {first}"))?;
        ensure!(
            finished < at(format!("{name} {new} began {second}"))?,
            "{log:?}"
        );
    }
    let began = at(format!("mail-out 101 began {second}"))?;
    ensure!(began < at(format!("mail-out 1 asked {first}"))?, "{log:?}");
    at(format!("mail-out 1 finished {first}"))?;

    site.deployer(&["rollback", "production"])?.expect(0)?;
    let third = ran(
        site,
        &[("clock", 1), ("mail-out", 1), ("queue", 1), ("queue", 2)],
    )?;
    ensure!(third == first, "{third} and not {first}");
    // The same again changes nothing.
    site.deployer(&["rollback", "production", &second])?
        .expect(0)?;
    site.deployer(&PUSH)?.expect(0)?.says("already live")?;
    tidy(site.web())
}

/// A list of words arrives as it stands.
fn arguments(site: &Site) -> Result<()> {
    let found = site.web().sh(
        "tr '\\0' '\\n' </proc/$(systemctl show -P MainPID hello-worker-mail-out@101.service)/cmdline",
    )?;
    ensure!(
        found == "python3\nwork.py\nit's 100 %, $HOME; \"x\" # \\",
        "{found}"
    );
    Ok(())
}

fn by_hand(site: &Site) -> Result<()> {
    let web = site.web();
    site.deployer(&["stop", "production", "-y"])?.expect(0)?;
    let left = web.sh("systemctl list-units --plain --no-legend 'hello-worker-*'")?;
    ensure!(left.is_empty(), "{left}");
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(
        status.stdout.contains("worker queue: 0 of 2 run"),
        "{status}"
    );
    site.deployer(&["start", "production"])?.expect(0)?;
    let all = [("clock", 1), ("mail-out", 101), ("queue", 1), ("queue", 2)];
    ran(site, &all)?;
    log(site)?;
    site.deployer(&["reload", "production"])?.expect(0)?;
    ensure!(
        log(site)?.is_empty(),
        "a reload is for the web server alone"
    );
    site.deployer(&["restart", "production"])?.expect(0)?;
    ran(
        site,
        &[("clock", 1), ("mail-out", 1), ("queue", 1), ("queue", 2)],
    )?;
    tidy(web)
}

/// More and fewer, without touching those that stay; until the file says another number.
fn scale(site: &Site) -> Result<()> {
    let scale = |counts: &[&str]| site.deployer(&[&["scale", "production"], counts].concat());
    scale(&["queue=100"])?.expect(2)?;
    scale(&["quene=1"])?
        .expect(2)?
        .says("there is `clock`, `mail-out`, `queue`")?;
    log(site)?;
    scale(&["queue=12"])?.expect(0)?.says("scaled on")?;
    let log = self::log(site)?;
    ensure!(
        log.len() == 10 && log.iter().all(|line| line.contains(" began ")),
        "{log:?}"
    );
    scale(&["queue=12"])?.expect(0)?.says("as many already")?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(
        status
            .stdout
            .contains("worker queue: 12 of 12 run (scaled; the file says 2)"),
        "{status}"
    );
    scale(&["queue=3", "mail-out=2"])?.expect(0)?;
    let three = [
        ("clock", 1),
        ("mail-out", 1),
        ("mail-out", 2),
        ("queue", 1),
        ("queue", 2),
        ("queue", 3),
    ];
    ran(site, &three)?;
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?;
    ran(
        site,
        &[
            ("clock", 1),
            ("mail-out", 101),
            ("mail-out", 102),
            ("queue", 1),
            ("queue", 2),
            ("queue", 3),
        ],
    )?;
    scale(&["mail-out=1"])?.expect(0)?;
    site.edit("deploy.yaml", "instances: 2", "instances: 1")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    ran(site, &[("clock", 1), ("mail-out", 1), ("queue", 1)])?;
    tidy(site.web())
}

/// Who is not done in time is killed, and the push says so: also where the time is that of another release.
fn cut(site: &Site) -> Result<()> {
    let web = site.web();
    site.edit(
        "deploy.yaml",
        "GREETING: good day",
        "GREETING: good day\n      TASK: \"5\"",
    )?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?.says_not("was killed")?;
    // Less time than the release had that runs.
    site.edit("deploy.yaml", "TASK: \"5\"", "TASK: \"3\"")?;
    site.edit("deploy.yaml", "stop_timeout: 20s", "stop_timeout: 2s")?;
    // A login with the drop-in cannot write the unit.
    site.deployer(&PUSH)?
        .expect(6)?
        .says("hello-worker-queue@.service")?;
    site.set_up(&["--login", "root"])?;
    site.commit()?;
    log(site)?;
    let began = Instant::now();
    let run = site.deployer(&PUSH)?.expect(0)?;
    run.says("worker `queue` (number 1) was not done after ")?
        .says_not("worker `mail-out`")?;
    ensure!(began.elapsed() > Duration::from_secs(2));
    let log = self::log(site)?;
    let finished = |log: &[String], name: &str| {
        log.iter()
            .any(|line| line.starts_with(name) && line.contains(" finished "))
    };
    ensure!(
        !finished(&log, "queue ") && finished(&log, "mail-out "),
        "{log:?}"
    );

    // Somebody else cut it: nobody does so again.
    web.sh("systemctl stop hello-worker-queue@1.service")?;
    ensure!(web.sh("systemctl show -p Result hello-worker-queue@1.service")? == "Result=timeout");
    site.deployer(&["restart", "production"])?
        .expect(0)?
        .says_not("was killed")?;

    // More time than it had, and it needs some of that.
    site.edit("deploy.yaml", "TASK: \"3\"", "TASK: \"0.2\"")?;
    site.edit("deploy.yaml", "stop_timeout: 2s", "stop_timeout: 20s")?;
    site.set_up(&["--login", "root"])?;
    site.commit()?;
    self::log(site)?;
    site.deployer(&PUSH)?.expect(0)?.says_not("was killed")?;
    let log = self::log(site)?;
    ensure!(finished(&log, "queue "), "{log:?}");
    tidy(web)
}

/// A release whose worker does not stay up takes no other's place.
fn broken(site: &Site) -> Result<()> {
    let live = coherent(site.web())?;
    let workers = running(site)?;
    site.edit(
        "work.py",
        "#--\n",
        "raise SystemExit(\"no queue today\")\n#--\n",
    )?;
    site.commit()?;
    let load = site.load();
    site.deployer(&PUSH)?
        .expect(9)?
        .says("does not stay up on deploy@web1")?
        .says("no queue today")?;
    let report = load.stop();
    ensure!(report.failed.is_empty(), "{:?}", report.failed);
    ensure!(coherent(site.web())? == live);
    let after = running(site)?;
    let names = |found: &[Worker]| {
        found
            .iter()
            .map(|(name, _, release)| (name.clone(), release.clone()))
            .collect::<Vec<_>>()
    };
    ensure!(names(&after) == names(&workers), "{after:?}, {workers:?}");
    tidy(site.web())?;
    site.edit(
        "work.py",
        "raise SystemExit(\"no queue today\")\n#--\n",
        "#--\n",
    )?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

fn reboot(site: &Site) -> Result<()> {
    let before = running(site)?;
    site.web().reboot()?;
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match running(site) {
            Ok(after) if after == before => return tidy(site.web()),
            found if Instant::now() > until => bail!("{found:?} and not {before:?}"),
            _ => std::thread::sleep(Duration::from_millis(300)),
        }
    }
}

/// A host that goes down while its workers change has all of them in one release after its boot.
fn power_cut(site: &Site) -> Result<()> {
    let web = site.web();
    let live = coherent(web)?;
    let before = running(site)?;
    site.change()?;
    let push = site.start(&PUSH)?;
    // Its workers move for a moment only.
    let until = Instant::now() + Duration::from_secs(60);
    while web.exec("test -e /srv/hello/.deployer/workers.was")?.code != 0 {
        ensure!(Instant::now() < until, "no worker was moved");
        std::thread::sleep(Duration::from_millis(20));
    }
    web.kill9()?;
    push.kill()?;
    web.boot()?;
    let until = Instant::now() + Duration::from_secs(60);
    let journal = web.root_path().join("srv/hello/.deployer/journal");
    while journal.exists() || running(site).ok().as_ref() != Some(&before) {
        ensure!(
            Instant::now() < until,
            "{:?} and not {before:?}",
            running(site)
        );
        std::thread::sleep(Duration::from_millis(300));
    }
    ensure!(coherent(web)? == live);
    site.deployer(&PUSH)?.expect(0)?;
    tidy(web)
}

/// The journal begins new files while a worker prints: no line is missing.
fn rotation(site: &Site) -> Result<()> {
    let lines = site.web().sh(
        "invocation=$(systemctl show -P InvocationID hello-worker-clock@1.service)
         for again in 1 2 3 4 5; do sleep 0.3; journalctl -q --rotate; done
         sleep 0.5; journalctl -q --sync
         journalctl -q -o cat _SYSTEMD_INVOCATION_ID=$invocation | grep '^line '",
    )?;
    let numbers: Vec<usize> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("line ")?.parse().ok())
        .collect();
    ensure!(numbers.len() > 50, "{} lines", numbers.len());
    ensure!(
        numbers.iter().copied().eq(1..=numbers.len()),
        "of {} lines some are missing",
        numbers.len()
    );
    Ok(())
}

fn killed(site: &Site) -> Result<()> {
    let before = running(site)?;
    site.web()
        .sh("systemctl kill --kill-whom=main -s KILL hello-worker-queue@1.service")?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(
        status
            .stdout
            .contains("worker queue: 0 of 1 run; number 1 "),
        "{status}"
    );
    within(20, "new start", || {
        Ok(running(site).ok().as_ref() == Some(&before))
    })?;
    tidy(site.web())
}

/// What the file no longer has leaves with the push, and its unit with the next setup.
fn removed(site: &Site) -> Result<()> {
    let web = site.web();
    without_mail_out(site)?;
    log(site)?;
    site.deployer(&PUSH)?.expect(0)?;
    ran(site, &[("clock", 1), ("queue", 1)])?;
    let log = self::log(site)?;
    ensure!(
        log.iter()
            .any(|line| line.starts_with("mail-out ") && line.contains(" finished ")),
        "{log:?}"
    );
    let units = "ls /etc/systemd/system";
    ensure!(web.sh(units)?.contains("mail-out"), "this login wrote it");
    site.set_up(&["--login", "root"])?
        .says("remove /etc/systemd/system/hello-worker-mail-out@.service")?;
    ensure!(!web.sh(units)?.contains("mail-out"));
    // A release that had it needs its unit, which is root's to write.
    site.deployer(&["rollback", "production"])?
        .expect(6)?
        .says("hello-worker-mail-out@.service")?;
    tidy(web)
}
