//! A TCP port for a proxy of one's own: systemd holds it, and no generation's end is anybody's loss.

use anyhow::{Context as _, Result, ensure};

use crate::machines::{Load, get};
use crate::site::{NAME, Page, Site};
use crate::state::{coherent, print, same, tidy};

const PUSH: [&str; 2] = ["push", "production"];

#[test]
fn a_port_loses_nothing_and_outlives_every_generation() -> Result<()> {
    let site = Site::live_after(|site| {
        site.edit(
            "deploy.yaml",
            "app: hello:app",
            "app: hello:app\n  bind: 0.0.0.0:8000",
        )
    })?;
    at(&site, 8000)?;

    site.change()?;
    switch(&site, "takeover: reload")?;
    site.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    site.commit()?;
    switch(&site, "takeover: replace (packages)")?;
    tidy(site.web())?;

    // A crash of gunicorn leaves the port; whoever connects waits until it is back.
    site.web().sh("pkill -9 -u hello gunicorn")?;
    at(&site, 8000)?;
    site.web().reboot()?;
    at(&site, 8000)?;

    site.edit("deploy.yaml", "bind: 0.0.0.0:8000", "bind: 0.0.0.0:8001")?;
    let before = print(site.web())?;
    site.deployer(&PUSH)?
        .expect(6)?
        .says("`gunicorn.bind` is not what deploy@web1 was set up with")?;
    same(&before, &print(site.web())?)?;
    site.set_up(&["--login", "root"])?;
    // The live generation keeps the old address.
    at(&site, 8000)?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("takeover: replace (settings)")?;
    at(&site, 8001)?;
    ensure!(get((site.web().ip(), 8000).into(), NAME, "/").is_err());

    site.edit("deploy.yaml", "\n  bind: 0.0.0.0:8001", "")?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&PUSH)?.expect(0)?.says("takeover: replace")?;
    coherent(site.web())?;
    ensure!(get((site.web().ip(), 8001).into(), NAME, "/").is_err());
    ensure!(
        site.web()
            .sh("ls /etc/systemd/system | grep -c listen || :")?
            == "0"
    );
    Ok(())
}

/// The port answers as nginx does.
fn at(site: &Site, port: u16) -> Result<()> {
    let reply = get((site.web().ip(), port).into(), NAME, "/")?;
    let page = Page::of(&reply.body).with_context(|| format!("{reply:?}"))?;
    ensure!(page == coherent(site.web())?, "{page:?}");
    Ok(())
}

/// A push under load on the port; until the old generation is drained, either may answer.
fn switch(site: &Site, takeover: &str) -> Result<()> {
    let load = Load::start((site.web().ip(), 8000).into(), NAME, "/", 100);
    let run = site.deployer(&PUSH)?.expect(0)?.says(takeover)?;
    let report = load.stop();
    ensure!(report.failed.is_empty(), "{:?}\n{run}", report.failed);
    ensure!(report.bodies.len() == 2, "{:?}\n{run}", report.bodies);
    println!(
        "{takeover}: {} requests, longest {:?}",
        report.ok, report.longest_stall
    );
    at(site, 8000)
}
