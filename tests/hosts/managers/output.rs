//! What processes print, where supervisord and cron's scripts keep it: nothing is lost when a log becomes an old one.

use std::fs;

use anyhow::{Result, ensure};

use super::{Case, PUSH, until};
use crate::processes::workers::add;
use crate::site::Site;

/// Two files full, and a third.
const LINES: usize = 130_000;

const LOUD: &str = "import time
for number in range(1, 130001):
    print('line', number, 'x' * 180)
print('that is all', flush=True)
time.sleep(100000)
";

const WORKER: &str = "  loud: {command: python3 loud.py, min_uptime: 1s}\n";

/// A worker prints more than a log takes.
pub(super) fn of_a_worker(site: &Site, case: &Case) -> Result<()> {
    fs::write(site.app.path().join("loud.py"), LOUD)?;
    add(site, WORKER)?;
    site.commit()?;
    site.set_up(case.login)?;
    site.deployer(&PUSH)?.expect(0)?;
    let (web, log) = (site.web(), "/var/log/supervisor/hello-worker-loud-1.log");
    until("the last line", || {
        Ok(web.exec(&format!("grep -q '^that is all' {log}"))?.code == 0)
    })?;
    let numbers = web.sh(&format!(
        "cat {log}.2 {log}.1 {log} | sed -n 's/^line \\([0-9]*\\) x*$/\\1/p'"
    ))?;
    let numbers: Vec<usize> = numbers
        .lines()
        .map_while(|line| line.parse().ok())
        .collect();
    ensure!(
        numbers.iter().copied().eq(1..=LINES),
        "{} lines of {LINES}",
        numbers.len()
    );
    site.edit("deploy.yaml", WORKER, "")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

/// A schedule whose log is full begins another one.
pub(super) fn of_a_schedule(site: &Site, case: &Case) -> Result<()> {
    let Some(script) = case.cron_script("bad") else {
        return Ok(());
    };
    let (web, user) = (site.web(), case.user());
    let log = case.output("schedule-bad");
    let log = log.trim_start_matches("cat ");
    let found = web.sh(&format!(
        "runuser -u {user} -- sh -c 'flock {}/workers/schedule_bad_lock sh -c \"yes full | head -c 10485761 > {log}; echo >> {log}\"; sh {script}'
         stat -c %s {log}.1; cat {log}",
        case.run
    ))?;
    ensure!(
        found == "10485762\nit's 100 % broken"
            || found.starts_with("10485762\nit's 100 % broken\n"),
        "{found}"
    );
    Ok(())
}
