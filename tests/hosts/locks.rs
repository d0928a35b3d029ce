//! One run at a time, and a lock that dies with its holder.

use anyhow::{Result, ensure};

use crate::site::{HELD, Site};
use crate::state::{coherent, print, same, tidy, wait_until_free};

#[test]
fn of_two_pushes_one_wins_and_the_other_changes_nothing() -> Result<()> {
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
    tidy(web)
}
