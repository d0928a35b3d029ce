//! What a host is like, looked at from outside of deployer.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::machines::Machine;
use crate::site::{Page, Site};

/// Names, kinds, modes, owners, targets and times of the app's tree; content of /etc; states of the units.
/// What a run may leave without having changed anything: its record, a number that was given once, and what the next
/// run finds fetched or made already, by its content.
const PRINT: &str = r"
cd /srv/hello
find . \( -path ./.deployer/runs -o -path ./repo.git -o -path ./lfs -o -path './venvs/.*' -o -path ./static/store -o -path ./static/trees \) -prune -o ! -path ./.deployer/lock ! -path ./.deployer/holder ! -path ./.deployer/sequence ! -path ./.deployer/static ! -path ./.deployer/uploaded \
    \( -type d -printf '%p %m %u %g\n' -o -printf '%p %y %m %u %g %l %s %T@\n' \) | sort
find /etc -xdev -type f ! -name '*.cache' -exec sha256sum {} + | sort -k 2
find /etc -xdev -printf '%p %y %m %u %g %l\n' | sort
systemctl show -p Id,ActiveState,SubState,UnitFileState,MainPID hello-a hello-b hello-trial hello-recover nginx
";

/// The lines that a run must leave as they were.
pub(crate) fn print(host: &Machine) -> Result<Vec<String>> {
    Ok(host.sh(PRINT)?.lines().map(ToOwned::to_owned).collect())
}

/// Fails with the lines that differ.
pub(crate) fn same(before: &[String], after: &[String]) -> Result<()> {
    let only = |these: &[String], those: &[String]| {
        these
            .iter()
            .filter(|line| !those.contains(line))
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    };
    ensure!(
        before == after,
        "was:\n{}\nis:\n{}",
        only(before, after),
        only(after, before)
    );
    Ok(())
}

/// The release that serves, after a look at everything that must agree with it.
pub(crate) fn coherent(host: &Machine) -> Result<Page> {
    let pages = (0..6)
        .map(|_| Site::page_of(host))
        .collect::<Result<Vec<_>>>()?;
    let page = pages[0].clone();
    ensure!(pages.iter().all(|other| *other == page), "{pages:?}");
    let found = host.sh(
        "cd /srv/hello && readlink current web.sock && ls slots && readlink slots/a slots/b; :",
    )?;
    let mut lines = found.lines();
    let current = lines.next().unwrap_or_default();
    let slot = lines
        .next()
        .and_then(|socket| socket.split('/').nth(3))
        .context("no slot")?;
    ensure!(
        current == format!("releases/{}", page.release),
        "{page:?}\n{found}"
    );
    let of_slot = host.sh(&format!("readlink /srv/hello/slots/{slot}"))?;
    ensure!(
        of_slot == format!("../releases/{}", page.release),
        "{page:?}\n{found}"
    );
    let whole = format!(
        "cd /srv/hello/releases/{} && cat .deployer/manifest.json && test -x venv/bin/gunicorn",
        page.release
    );
    host.sh(&whole)?;
    Ok(page)
}

/// Nothing of a run that is over.
pub(crate) fn tidy(host: &Machine) -> Result<()> {
    tidy_of("hello", host)
}

pub(crate) fn tidy_of(app: &str, host: &Machine) -> Result<()> {
    let left = host.sh(&format!(
        "cd /srv/{app} && find . -path ./shared -prune -o -path ./.deployer/runs -prune -o \
         \\( -name '*.part' -o -name '*.[0-9]*' -path '*.deployer/*' -o -path './env/*.*' -o -path './slots/*.[0-9]*' \\) -print
         ls -d .deployer/journal slots/trial /tmp/deployer.* /run/deployer.* 2>/dev/null
         find /etc -name '*.deployer' -o -name '.deployer-*'
         systemctl is-active {app}-trial | grep -v inactive
         one=0; for slot in a b; do [ ! -L slots/$slot ] || one=$((one + 1)); done; [ $one -eq 1 ] || echo $one slots
         one=0; for slot in a b; do ! systemctl -q is-active {app}-$slot || one=$((one + 1)); done; [ $one -eq 1 ] || echo $one active units; :",
    ))?;
    ensure!(left.is_empty(), "left behind:\n{left}");
    nobody_holds_the_lock(app, host)
}

/// Processes of a run that is over, daemons that it started among them: none has the lock open.
fn nobody_holds_the_lock(app: &str, host: &Machine) -> Result<()> {
    let holders = format!(
        "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -F '/srv/{app}/.deployer/lock'
        pgrep -af '[/]script (worker|run)'; :"
    );
    let end = Instant::now() + Duration::from_secs(3);
    loop {
        let held = host.sh(&holders)?;
        if held.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < end, "still there:\n{held}");
        sleep(Duration::from_millis(50));
    }
}

/// Waits until the lock is free: what a lost client left to itself has ended.
pub(crate) fn wait_until_free(host: &Machine) -> Result<Duration> {
    wait_until_free_of("hello", host)
}

pub(crate) fn wait_until_free_of(app: &str, host: &Machine) -> Result<Duration> {
    let began = Instant::now();
    host.sh(&format!("timeout 60 flock /srv/{app}/.deployer/lock true"))
        .context("the lock stays taken")?;
    Ok(began.elapsed())
}
