//! One run at a time, and a lock that dies with its holder.

use anyhow::{Context, Result, ensure};

use crate::random::rounds;
use crate::site::{HELD, Site};
use crate::state::{coherent, print, same, tidy, wait_until_free};

#[test]
fn i10_of_two_pushes_one_wins_and_the_other_changes_nothing() -> Result<()> {
    let site = Site::live()?;
    let web = site.web();
    site.on_import(HELD)?;
    site.commit()?;
    site.hold_trials()?;
    let mut first = site.start(&["push", "production"])?;
    first.wait_for("units (")?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    let before = print(web)?;
    let holder = web.sh("cat /srv/hello/.deployer/holder")?;
    for arguments in [
        &["push", "production"][..],
        &["rollback", "production"],
        &["setup", "production", "--login", "root"],
    ] {
        let second = site.deployer(arguments)?.expect(5)?;
        let second = second.says("tester")?.says("nothing was changed")?;
        let run = holder.split(' ').nth(3).unwrap_or_default();
        let revision = run.trim().rsplit('-').next().unwrap_or_default();
        second.says(&format!("push of {revision}"))?;
    }
    site.deployer(&["status", "production"])?.expect(0)?;
    same(&before, &print(web)?)?;
    site.let_trials_go()?;
    first.end()?.expect(0)?;
    coherent(web)?;
    tidy(web)?;

    // The worker dies: nobody unlocks, nobody cleans.
    site.change()?;
    site.hold_trials()?;
    let mut killed = site.start(&["push", "production"])?;
    killed.wait_for("units (")?;
    let old = site.page()?;
    web.sh("pkill -9 -f '[/]script worker'")?;
    let killed = killed.end()?;
    ensure!(killed.code != 0, "{killed}");
    ensure!(coherent(web)? == old);
    wait_until_free(web)?;
    site.let_trials_go()?;
    site.deployer(&["push", "production"])?.expect(0)?;
    ensure!(coherent(web)? != old);
    tidy(web)?;

    // Whoever comes second waits a second for whom only looks, and not for a run.
    site.on_import("import os, time\nif os.environ.get('DEPLOYER_TRIAL'):\n    time.sleep(2)")?;
    // Those that a rollback goes back to take as long: what is over within that second lets the other have its turn.
    for _ in 0..2 {
        site.change()?;
        site.deployer(&["push", "production"])?.expect(0)?;
    }
    let rounds = rounds("DEPLOYER_TEST_LOCKS", 10, 4);
    for round in 1..=rounds {
        in_the_same_instant(&site, round).with_context(|| format!("round {round}"))?;
    }
    println!("{rounds} times two in the same instant: one won, the other changed nothing");
    Ok(())
}

/// Two clients begin at once: by turns the same push twice, and a push against a rollback.
fn in_the_same_instant(site: &Site, round: u64) -> Result<()> {
    let web = site.web();
    let old = coherent(web)?;
    site.change()?;
    let history = || web.sh("wc -l < /srv/hello/.deployer/history.jsonl");
    let runs = || web.sh("ls /srv/hello/.deployer/runs");
    let (recorded, before) = (history()?.parse::<u32>()?, runs()?);
    let other = ["push", "rollback"][usize::from(round.is_multiple_of(2))];
    let first = site.start(&["push", "production"])?;
    let second = site.start(&[other, "production"])?;
    let (first, second) = (first.end()?, second.end()?);
    let (won, lost) = if first.code == 0 {
        (first, second)
    } else {
        (second, first)
    };
    let won = won.expect(0)?;
    let lost = lost.expect(5)?.says("nothing was changed")?;
    let both = || format!("{won}\n{lost}");
    ensure!(coherent(web)? != old, "{}", both());
    ensure!(history()?.parse::<u32>()? == recorded + 1, "{}", both());
    let begun: Vec<String> = runs()?
        .lines()
        .filter(|run| !before.lines().any(|other| other == *run))
        .map(ToOwned::to_owned)
        .collect();
    ensure!(begun.len() == 1, "{begun:?}\n{}", both());
    tidy(web)
}
