//! The examples under each manager: a reload takes them along, and so does the way back; whatever befalls them, they
//! are there again.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::mishaps::{self, release};
use super::{Case, PUSH, switch};
use crate::random::{Random, soak};
use crate::site::Site;

struct Example {
    name: &'static str,
    /// Where gunicorn finds the app.
    module: &'static str,
    style: &'static str,
}

/// In place of the app that is live.
pub(super) fn come_and_go(site: &Site, case: &Case) -> Result<()> {
    let all = vec![
        Example {
            name: "flask",
            module: "hello.py",
            style: "static/style.css",
        },
        Example {
            name: "django",
            module: "mysite/wsgi.py",
            style: "guestbook/static/guestbook/style.css",
        },
        Example {
            name: "fastapi",
            module: "hello.py",
            style: "static/style.css",
        },
    ];
    for example in Random::seeded()?.sample(all, 1) {
        println!("{} under {}", example.name, case.service);
        example.comes_and_goes(site, case).context(example.name)?;
    }
    Ok(())
}

impl Example {
    fn comes_and_goes(&self, site: &Site, case: &Case) -> Result<()> {
        site.take(self.name)?;
        case.asks(site)?;
        self.prepend(site, mishaps::CRASH)?;
        site.commit()?;
        site.set_up(case.login)?;
        site.deployer(&PUSH)?.expect(0)?;
        let first = release(site, case)?;
        let path = site.app.path().join(self.style);
        fs::write(&path, fs::read_to_string(&path)? + "/**/\n")?;
        site.commit()?;
        switch(site, case, &PUSH, "takeover: reload")?;
        ensure!(release(site, case)? != first);
        switch(site, case, &["rollback", "production"], "takeover: reload")?;
        ensure!(release(site, case)? == first);
        if soak() {
            mishaps::killed(site, case).context("killed")?;
            mishaps::crashes(site, case).context("crashes")?;
            mishaps::reboot(site, case).context("reboot")?;
        }
        Ok(())
    }

    fn prepend(&self, site: &Site, lines: &str) -> Result<()> {
        let path = site.app.path().join(self.module);
        let text = fs::read_to_string(&path)?;
        Ok(fs::write(path, format!("{lines}\n{text}"))?)
    }
}
