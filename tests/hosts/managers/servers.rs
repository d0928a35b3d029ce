//! Another server than gunicorn under each manager: each release is a second generation, and no request is lost.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::mishaps::main_killed;
use super::values::Values;
use super::{Case, PUSH, at, master, switch};
use crate::random::soak;
use crate::site::Site;

const REPLACE: &str = "takeover: replace";

/// In place of the app that is live; of a case without a site, behind a web server of somebody else's.
pub(super) fn come_and_go(site: &Site, case: &Case) -> Result<()> {
    let case = &case.in_front(site)?;
    let servers: &[_] = if soak() {
        &["uvicorn", "uwsgi"]
    } else {
        &["uvicorn"]
    };
    for server in servers {
        comes_and_goes(site, case, server).with_context(|| (*server).to_owned())?;
    }
    Ok(())
}

fn comes_and_goes(site: &Site, case: &Case, server: &str) -> Result<()> {
    site.take(server)?;
    case.asks(site)?;
    let values = Values::drawn()?;
    values.asked_for(site)?;
    site.commit()?;
    site.set_up(case.login)?;
    site.deployer(&PUSH)?.expect(0)?.says(REPLACE)?;
    let first = at(site, case)?;
    values.of_a_process(site, &master(site, case)?.to_string())?;

    let path = site.app.path().join("README.md");
    fs::write(&path, fs::read_to_string(&path)? + "\n")?;
    site.commit()?;
    switch(site, case, &PUSH, REPLACE)?;
    let second = at(site, case)?;
    ensure!(second.release != first.release, "{second:?}");
    switch(site, case, &["restart", "production"], REPLACE)?;
    ensure!(at(site, case)? == second);
    switch(site, case, &["rollback", "production"], REPLACE)?;
    ensure!(at(site, case)? == first);
    site.deployer(&["reload", "production"])?
        .expect(6)?
        .says("nothing is known of how its server would do it")?;

    site.on_import("raise RuntimeError('not today')")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(7)?.says("not today")?;
    ensure!(at(site, case)? == first);
    site.on_import("")?;
    main_killed(site, case)
}
