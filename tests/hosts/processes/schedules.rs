//! Commands at their times: in the live release, as the app, never beside themselves, with their end in `status`.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::site::Site;
use crate::state::{coherent, tidy};

const PUSH: [&str; 2] = ["push", "production"];

/// Every second, so that a test need not wait: the times themselves are systemd's.
const SCHEDULES: &str = r#"
schedules:
  tick:
    run: echo "$DEPLOYER_SCHEDULE $DEPLOYER_RELEASE $GREETING $(id -un) $(python -c 'import click; print("click")')" >> $DEPLOYER_ROOT/shared/ticks
    on_calendar: ["*:*:0/2"]
  long:
    run: |
      echo began >> "$DEPLOYER_ROOT/shared/long"; sleep 3
      echo ended >> "$DEPLOYER_ROOT/shared/long"
    on_calendar: "*:*:*"
  bad:
    run: echo "it's 100 % broken"; exit 3
    on_calendar: "*:*:0/2"
  stuck:
    run: sleep 600
    timeout: 1s
    on_calendar: "*:*:0/2"
  nightly:
    run: ./never
    cron: 30 4 * * mon-fri
"#;

#[test]
fn schedules_run_in_the_live_release() -> Result<()> {
    let site = Site::live_after(|site| {
        let path = site.app.path().join("deploy.yaml");
        let text = fs::read_to_string(&path)?;
        Ok(fs::write(path, text + SCHEDULES)?)
    })?;
    ticks(&site).context("ticks")?;
    never_beside_itself(&site).context("long")?;
    ends(&site).context("status")?;
    removed(&site).context("removed")
}

/// The lines of a file that is there after a while.
fn lines(site: &Site, file: &str) -> Result<Vec<String>> {
    let path = format!("/srv/hello/shared/{file}");
    site.web().sh(&format!("rm -f {path}"))?;
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let text = site.web().sh(&format!("cat {path} 2>/dev/null; :"))?;
        if text.lines().count() >= 4 {
            return Ok(text.lines().map(str::to_owned).collect());
        }
        ensure!(Instant::now() < until, "{file}: {text}");
        sleep(Duration::from_millis(200));
    }
}

fn ticks(site: &Site) -> Result<()> {
    for push in [false, true] {
        if push {
            site.change()?;
            site.deployer(&PUSH)?.expect(0)?;
        }
        let live = coherent(site.web())?.release;
        let wanted = format!("tick {live} good day hello click");
        let lines = lines(site, "ticks")?;
        ensure!(lines.iter().all(|line| *line == wanted), "{lines:?}");
        // The moment of the push is over, so the rest is of one release.
    }
    Ok(())
}

fn never_beside_itself(site: &Site) -> Result<()> {
    let lines = lines(site, "long")?;
    let mixed = lines.windows(2).find(|pair| pair[0] == pair[1]);
    ensure!(mixed.is_none(), "{lines:?}");
    Ok(())
}

fn ends(site: &Site) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    let mut status = site.deployer(&["status", "production"])?.expect(0)?;
    // At the moment of a look it may run.
    while !status.stdout.contains("schedule tick: done at ")
        || status.stdout.contains("bad: runs now")
    {
        ensure!(Instant::now() < until, "{status}");
        status = site.deployer(&["status", "production"])?.expect(0)?;
    }
    for says in [
        "schedule bad: failed (exit 3) at ",
        "schedule nightly: has not run since the host's boot, next at ",
        " 04:30:00 ",
    ] {
        ensure!(status.stdout.contains(says), "{says}: {status}");
    }
    let stuck = status
        .stdout
        .lines()
        .find(|line| line.contains("schedule stuck:"))
        .context("stuck")?;
    ensure!(
        stuck.contains("runs now") || stuck.contains("was not done in time and was killed at"),
        "{stuck}"
    );
    let log = site
        .web()
        .sh("journalctl -q -o cat -u hello-schedule-bad.service")?;
    ensure!(log.contains("it's 100 % broken"), "{log}");
    site.deployer(&["status", "production", "--json"])?
        .expect(0)?;
    // What fails by itself fails no push.
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?;
    tidy(site.web())
}

/// A release that has it no more does not run it, whoever may write its unit.
fn removed(site: &Site) -> Result<()> {
    let web = site.web();
    let path = site.app.path().join("deploy.yaml");
    let text = fs::read_to_string(&path)?;
    let (before, _) = text.split_once("  tick:").context("tick")?;
    let (_, after) = text.split_once("  nightly:").context("nightly")?;
    fs::write(&path, format!("{before}  nightly:{after}"))?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    web.sh("rm -f /srv/hello/shared/ticks")?;
    sleep(Duration::from_secs(3));
    web.sh("! test -e /srv/hello/shared/ticks")?;
    site.deployer(&["rollback", "production"])?.expect(0)?;
    lines(site, "ticks")?;
    site.deployer(&PUSH)?.expect(0)?;
    site.set_up(&["--login", "root"])?
        .says("remove /etc/systemd/system/hello-schedule-tick.timer")?;
    let units = web.sh("cd /etc/systemd/system && ls -d hello-schedule-*; systemctl list-units --plain --no-legend --type timer 'hello-*' | cut -d' ' -f1")?;
    ensure!(
        units
            == "hello-schedule-nightly.service\nhello-schedule-nightly.timer\nhello-schedule-nightly.timer",
        "{units}"
    );
    // Another time is another unit, which root writes.
    site.edit("deploy.yaml", "cron: 30 4", "cron: 31 4")?;
    site.commit()?;
    site.deployer(&PUSH)?
        .expect(6)?
        .says("hello-schedule-nightly.timer")?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&PUSH)?.expect(0)?;
    let status = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(status.stdout.contains(" 04:31:00 "), "{status}");
    site.edit(
        "deploy.yaml",
        "cron: 31 4 * * mon-fri",
        "on_calendar: someday",
    )?;
    site.set_up_fails()?;
    tidy(web)
}

impl Site {
    /// systemd has the last word on a time.
    fn set_up_fails(&self) -> Result<()> {
        self.deployer(&["setup", "production", "--login", "root"])?
            .expect(7)?
            .says("someday")?;
        Ok(())
    }
}
