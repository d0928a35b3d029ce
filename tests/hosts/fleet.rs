//! Three web hosts: all or none.

use anyhow::{Result, ensure};

use crate::site::Site;
use crate::state::{coherent, print, same, tidy, wait_until_free};

/// Boots everywhere in the trial, and on one host not at all.
const TRAITOR: &str = "import os, socket
if socket.gethostname() == 'web2' and not os.environ.get('DEPLOYER_TRIAL'):
    raise SystemExit('not on this host')";

#[test]
fn i5_i26_a_fleet_switches_together_or_not_at_all() -> Result<()> {
    let site = Site::fleet(3)?;
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
    Ok(())
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
