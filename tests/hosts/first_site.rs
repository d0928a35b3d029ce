//! From an empty host to a site, and back and forth between its releases.

use anyhow::{Result, ensure};

use crate::machines::Options;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

#[test]
fn a_site_goes_up_and_its_releases_come_and_go() -> Result<()> {
    let site = Site::of("flask", &[Options::default()])?;
    let web = site.web();
    site.set_up(&["--login", "root"])?;
    let fresh = print(web)?;
    site.set_up(&["--login", "root"])?.says_not("setup:")?;
    site.set_up(&["--login", "root"])?;
    same(&fresh, &print(web)?)?;

    site.deployer(&["push", "production"])?.expect(0)?;
    let first = coherent(web)?;
    ensure!(
        first.click == "8.5.1" && first.greeting == "good day",
        "{first:?}"
    );
    tidy(web)?;

    let before = print(web)?;
    site.deployer(&["push", "production"])?
        .expect(0)?
        .says("already live")?;
    same(&before, &print(web)?)?;

    let master = "systemctl show -p MainPID --value hello-a hello-b";
    let pids = web.sh(master)?;
    site.change()?;
    site.deployer(&["push", "production"])?
        .expect(0)?
        .says("virtualenv reused")?;
    let second = coherent(web)?;
    ensure!(
        second.release != first.release && web.sh(master)? == pids,
        "{second:?}"
    );

    site.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    site.commit()?;
    site.deployer(&["push", "production"])?
        .expect(0)?
        .says("takeover: replace (packages)")?;
    let third = coherent(web)?;
    ensure!(
        third.click == "8.1.8" && web.sh(master)? != pids,
        "{third:?}"
    );
    tidy(web)?;

    for expected in [&second, &first] {
        site.deployer(&["rollback", "production"])?.expect(0)?;
        ensure!(coherent(web)? == *expected, "{expected:?}");
        tidy(web)?;
    }
    site.deployer(&["rollback", "production"])?.expect(6)?;
    site.deployer(&["rollback", "production", &third.release])?
        .expect(0)?;
    ensure!(coherent(web)? == third);
    tidy(web)
}
