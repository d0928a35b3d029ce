//! The examples under each manager: a reload takes them along, and so does the way back.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::{Case, PUSH, switch};
use crate::machines::get;
use crate::random::Random;
use crate::site::{NAME, Site};

/// In place of the app that is live.
pub(super) fn come_and_go(site: &Site, case: &Case) -> Result<()> {
    let all = vec![
        ("flask", "static/style.css"),
        ("django", "guestbook/static/guestbook/style.css"),
        ("fastapi", "static/style.css"),
    ];
    for (example, style) in Random::seeded()?.sample(all, 1) {
        comes_and_goes(site, case, example, style).with_context(|| example.to_owned())?;
    }
    Ok(())
}

fn comes_and_goes(site: &Site, case: &Case, example: &str, style: &str) -> Result<()> {
    site.take(example)?;
    case.asks(site)?;
    site.commit()?;
    site.set_up(case.login)?;
    site.deployer(&PUSH)?.expect(0)?;
    let first = release(site, case)?;
    let path = site.app.path().join(style);
    fs::write(&path, fs::read_to_string(&path)? + "/**/\n")?;
    site.commit()?;
    switch(site, case, &PUSH, "takeover: reload")?;
    ensure!(release(site, case)? != first);
    switch(site, case, &["rollback", "production"], "takeover: reload")?;
    ensure!(release(site, case)? == first);
    Ok(())
}

fn release(site: &Site, case: &Case) -> Result<String> {
    let reply = get((site.web().ip(), case.port).into(), NAME, "/")?;
    let line = reply
        .body
        .lines()
        .find_map(|line| line.strip_prefix("Howdy from "));
    Ok(line.with_context(|| format!("{reply:?}"))?.to_owned())
}
