//! Schedules under each manager: systemd's timers, or cron where there are none.

use std::fmt::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Case, PUSH, at};
use crate::processes::workers::add;
use crate::site::Site;
use crate::wait::until;

const SCHEDULES: &str = r#"
schedules:
  tick:
    run: echo "$DEPLOYER_SCHEDULE $DEPLOYER_RELEASE $GREETING $(id -un) $(python -c 'import click; print("click")')" >> $DEPLOYER_ROOT/shared/ticks
    cron: "* * * * *"
  long:
    run: echo began >> "$DEPLOYER_ROOT/shared/long"; sleep 5
    on_calendar: monthly
  bad:
    run: echo "it's 100 % broken"; exit 3
    on_calendar: "*:0/1"
  stuck:
    run: sleep 600
    timeout: 1s
    cron: "* * * * *"
  nightly:
    run: ./never
    cron: 30 4 * * mon-fri
"#;

pub(super) fn run(site: &Site, case: &Case) -> Result<()> {
    add(site, SCHEDULES)?;
    site.commit()?;
    site.set_up(case.login)?;
    site.deployer(&PUSH)?.expect(0)?;
    site.set_up(case.login)?.says_not("setup:")?;
    let web = site.web();
    let wanted = [
        "schedule tick: done at ",
        "schedule bad: failed (exit 3) at ",
        "schedule stuck: was not done in time and was killed at ",
    ];
    let end = Instant::now() + Duration::from_secs(150);
    let mut status = String::new();
    while !wanted.iter().all(|line| status.contains(line)) {
        ensure!(Instant::now() < end, "{wanted:?} are not in {status}");
        sleep(Duration::from_secs(3));
        status = site.deployer(&["status", "production"])?.expect(0)?.stdout;
    }
    ensure!(
        status.contains("schedule nightly: has not run since the host's boot, next at ")
            && status.contains(" 04:30:00 "),
        "{status}"
    );
    let live = at(site, case)?.release;
    let wanted = format!("tick {live} good day {} click", case.user());
    let ticks = web.sh(&format!("cat {}/shared/ticks", case.root))?;
    ensure!(
        ticks.lines().all(|tick| tick == wanted),
        "{ticks} and not {wanted}"
    );
    // journald may not find out in time whose line it was, of a process that ended at once; there is another each minute.
    until("what a schedule printed", || {
        Ok(web
            .sh(&case.output("schedule-bad"))?
            .contains("it's 100 % broken"))
    })?;
    never_beside_itself(site, case)
}

/// Twice at a time, it runs once.
fn never_beside_itself(site: &Site, case: &Case) -> Result<()> {
    let Some(script) = case.cron_script("long") else {
        return Ok(());
    };
    let mut twice = String::new();
    for _ in 0..2 {
        let _ = write!(twice, "runuser -u {} -- sh {script} & ", case.user());
    }
    let web = site.web();
    web.sh(&format!("{twice} wait"))?;
    let began = web.sh(&format!("cat {}/shared/long", case.root))?;
    ensure!(began == "began", "{began}");
    Ok(())
}

/// None of it is left where the file has none.
pub(super) fn gone(site: &Site) -> Result<()> {
    let left = site.web().sh(
        "ls /etc/cron.d | grep deployer; crontab -l -u deploy 2>/dev/null | grep schedule-
         ls ~deploy/.config/systemd/user 2>/dev/null | grep schedule; :",
    )?;
    ensure!(left.is_empty(), "{left}");
    Ok(())
}
