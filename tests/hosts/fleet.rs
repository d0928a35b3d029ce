//! Three web hosts: all or none.

use anyhow::{Result, ensure};

use crate::machines::Machine;
use crate::processes::workers::add;
use crate::run::Run;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy, wait_until_free};

/// Boots everywhere in the trial, and on one host not at all.
const TRAITOR: &str = "import os, socket
if socket.gethostname() == 'web2' and not os.environ.get('DEPLOYER_TRIAL'):
    raise SystemExit('not on this host')";

const SCHEDULES: &str = "
schedules:
  once: {run: ./never, cron: '@monthly'}
  everywhere: {run: ./never, cron: '@monthly', on: each}
";

#[test]
fn i5_i26_a_fleet_switches_together_or_not_at_all() -> Result<()> {
    let site = Site::machines(3)?;
    add(&site, SCHEDULES)?;
    site.all_go_live()?;
    what_runs_once_runs_on_the_first(&site)?;
    let first = serving(&site)?;
    let pins = "/srv/hello/.deployer/known_hosts";
    let before = prints(&site)?;
    site.web[1].sh(&format!("mv {pins} {pins}.away"))?;
    site.change()?;
    let run = site
        .deployer(&["push", "production"])?
        .expect(7)?
        .says("nothing was changed")?;
    site.web[1].sh(&format!("mv {pins}.away {pins}"))?;
    for (host, before) in site.web.iter().zip(&before) {
        wait_until_free(host)?;
        same(before, &print(host)?)?;
    }
    ensure!(serving(&site)? == first, "{run}");

    site.deployer(&["push", "production"])?.expect(0)?;
    let second = serving(&site)?;
    ensure!(second != first);

    site.on_import(TRAITOR)?;
    site.commit()?;
    let run = site
        .deployer(&["push", "production"])?
        .expect(9)?
        .says("not on this host")?;
    for host in &site.web {
        wait_until_free(host)?;
    }
    ensure!(serving(&site)? == second, "{run}");

    site.on_import("")?;
    site.change()?;
    site.web[2].kill9()?;
    let before = [print(&site.web[0])?, print(&site.web[1])?];
    let run = site
        .deployer(&["push", "production"])?
        .expect(4)?
        .says("cannot connect to deploy@web3")?;
    for (host, before) in site.web.iter().zip(&before) {
        wait_until_free(host)?;
        same(before, &print(host)?)?;
        ensure!(coherent(host)?.release == second, "{run}");
    }
    site.web[2].boot()?;
    ensure!(serving(&site)? == second);
    site.deployer(&["push", "production"])?.expect(0)?;
    ensure!(serving(&site)? != second);

    let own = "{address: deploy@web2, env: {GREETING: good evening}}";
    site.edit("deploy.yaml", "deploy@web2", own)?;
    let run = site.deployer(&["push", "production"])?.expect(0)?;
    let pages = site.web.iter().map(coherent).collect::<Result<Vec<_>>>()?;
    let greetings: Vec<&str> = pages.iter().map(|page| page.greeting.as_str()).collect();
    ensure!(
        greetings == ["good day", "good evening", "good day"],
        "{greetings:?}\n{run}"
    );
    // What two of them have already is not deployed again.
    ensure!(
        pages[0].release == pages[2].release && pages[0].release != pages[1].release,
        "{run}"
    );
    one_at_a_time(&site)
}

fn what_runs_once_runs_on_the_first(site: &Site) -> Result<()> {
    let timers = "systemctl list-units --plain --no-legend 'hello-schedule-*.timer' | sed 's/[.].*//; s/.*-//'";
    let timers = |host: &Machine| host.sh(timers);
    let timers = site.web.iter().map(timers).collect::<Result<Vec<_>>>()?;
    ensure!(
        timers == ["everywhere\nonce", "everywhere", "everywhere"],
        "{timers:?}"
    );
    Ok(())
}

/// The second of three fails; the third is not told to go, or is all the same.
fn one_at_a_time(site: &Site) -> Result<()> {
    site.on_import(TRAITOR)?;
    let rollout = "rollout: {batch: 1, on_failure: stop}\nenvironments:";
    site.edit("deploy.yaml", "environments:", rollout)?;
    stays(
        site,
        "called off, nothing changed",
        "serves on deploy@web1 and not on deploy@web2, deploy@web3; run `deployer push production` again, or put the \
         old release back on deploy@web1 with `deployer rollback production --hosts deploy@web1`",
    )?;
    site.edit("deploy.yaml", "on_failure: stop", "on_failure: continue")?;
    stays(
        site,
        "live",
        "serves on deploy@web1, deploy@web3 and not on deploy@web2; run `deployer push production` again, or put the \
         old release back on deploy@web1, deploy@web3 with `deployer rollback production --hosts deploy@web1,deploy@web3`",
    )
}

/// A push of which the second host stays behind, with the third as this outcome says.
fn stays(site: &Site, third: &str, mixed: &str) -> Result<()> {
    let before = each(site)?;
    site.change()?;
    let run = site
        .deployer(&["push", "production"])?
        .expect(11)?
        .says("not on this host")?;
    for host in &site.web {
        wait_until_free(host)?;
        tidy(host)?;
    }
    let after = each(site)?;
    let fresh = &after[0];
    let last = if third == "live" { fresh } else { &before[2] };
    ensure!(
        !before.contains(fresh) && after[1] == before[1] && after[2] == *last,
        "{before:?} {after:?}\n{run}"
    );
    let wanted = [
        ("live", fresh),
        ("failed, old release serves", &before[1]),
        (third, last),
    ];
    for (number, (outcome, release)) in (1..).zip(wanted) {
        let row = row(&run, &format!("deploy@web{number}"));
        ensure!(row == [outcome, release.as_str()], "{row:?}\n{run}");
    }
    run.says(&format!("the fleet is mixed: {fresh} {mixed}"))?;
    Ok(())
}

/// What the table at the end says of a host: its outcome and its release.
fn row<'a>(run: &'a Run, host: &str) -> Vec<&'a str> {
    let start = format!("  {host}  ");
    let rest = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix(&start));
    let cells = rest.unwrap_or_default().split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).take(2).collect()
}

/// The release that each host serves.
fn each(site: &Site) -> Result<Vec<String>> {
    let of = |host| Ok(coherent(host)?.release);
    site.web.iter().map(of).collect()
}

/// The one release that all hosts serve.
fn serving(site: &Site) -> Result<String> {
    let pages = site.web.iter().map(coherent).collect::<Result<Vec<_>>>()?;
    ensure!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    for host in &site.web {
        tidy(host)?;
    }
    Ok(pages[0].release.clone())
}

fn prints(site: &Site) -> Result<Vec<Vec<String>>> {
    site.web.iter().map(print).collect()
}
