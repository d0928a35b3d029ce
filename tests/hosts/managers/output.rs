//! What processes print, where supervisord and cron's scripts keep it: nothing is lost when a log becomes an old one.

use std::fs;

use anyhow::{Result, ensure};

use super::{Case, PUSH};
use crate::processes::workers::add;
use crate::site::Site;
use crate::wait::until;

/// Two files full, and a third.
const LINES: usize = 130_000;

const LOUD: &str = "import time
for number in range(1, 130001):
    print('line', number, 'x' * 180)
print('that is all', flush=True)
time.sleep(100000)
";

const WORKER: &str = "  loud: {command: python3 loud.py, min_uptime: 1s}\n";

/// The same of an app: of its workers, one prints, and each line is one write, since all of them share a log.
const LOUD_APP: &str = "import os, sys, threading
def loud():
    try:
        os.close(os.open(os.environ['HOME'] + '/loud', os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    for number in range(1, 130001):
        sys.stdout.write('line %d %s\\n' % (number, 'x' * 180))
    sys.stdout.write('that is all\\n')
if 'DEPLOYER_TRIAL' not in os.environ: threading.Thread(target=loud).start()";

/// A worker prints more than a log takes.
pub(super) fn of_a_worker(site: &Site, case: &Case) -> Result<()> {
    fs::write(site.app.path().join("loud.py"), LOUD)?;
    add(site, WORKER)?;
    site.commit()?;
    site.set_up(case.login)?;
    site.deployer(&PUSH)?.expect(0)?;
    whole(site, &case.log("worker-loud-1"))?;
    site.edit("deploy.yaml", WORKER, "")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

/// The same of the app.
pub(super) fn of_the_app(site: &Site, case: &Case) -> Result<()> {
    site.on_import(LOUD_APP)?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    let socket = site.web().sh(&format!("readlink {}/web.sock", case.root))?;
    let slot = if socket.contains("/a/") { "a" } else { "b" };
    whole(site, &case.log(slot))?;
    site.on_import("")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

/// All lines are in this log or in the two before it, in their order.
fn whole(site: &Site, log: &str) -> Result<()> {
    let web = site.web();
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
        "{} lines of {LINES} in {log}",
        numbers.len()
    );
    println!("{log}: all of {LINES} lines");
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
