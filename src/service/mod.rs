//! Config -> what keeps the app running on a host: units, gunicorn's configuration, who may switch them.

mod calendar;
mod cron;
mod gunicorn;
mod launcher;
mod spec;
mod supervisor;
mod systemd;
mod upstart;

pub use spec::{Limits, Restart, Service, Stop};

use std::fmt::Write as _;
use std::time::Duration;

use minijinja::{Value, context};

use crate::config::{Assets, Bind, Config, Manager, Scope, Server};
use crate::plan::File;
use crate::quote;
use crate::template::Templates;

/// The two generations, and the trial that a release passes before it becomes one.
pub const SLOTS: [&str; 3] = ["a", "b", TRIAL];
pub const TRIAL: &str = "trial";

/// 1 to 199, as sudoers can say it: each bracket stands for one digit, and for nothing else.
const NUMBERS: [&str; 3] = ["[1-9]", "[1-9][0-9]", "1[0-9][0-9]"];

/// Group of nginx's workers on Debian.
const WEB_GROUP: &str = "www-data";

impl Manager {
    /// Everything this manager needs on a host whose tree belongs to `owner`.
    pub fn files(
        self,
        config: &Config,
        owner: &str,
        templates: &Templates,
    ) -> anyhow::Result<Vec<File>> {
        let values = values(config, owner);
        let mut files = match self {
            Self::Systemd => systemd::files(config, &values, templates)?,
            Self::Supervisor => supervisor::files(config, &values, templates)?,
            Self::Upstart => upstart::files(config, &values, templates)?,
        };
        match &config.server {
            Server::Gunicorn(own) => files.extend(gunicorn::files(own, &values, templates)?),
            Server::Own(own) => files.push(launcher::server(config, own, templates)?),
        }
        files.extend(launcher::files(config, templates)?);
        Ok(files)
    }

    /// What setup looks after beside [`Self::files`], for all apps of a host.
    pub fn shared_files(self, templates: &Templates) -> anyhow::Result<Vec<File>> {
        match self {
            Self::Systemd | Self::Supervisor => Ok(Vec::new()),
            Self::Upstart => Ok(vec![upstart::logrotate(templates)?]),
        }
    }
}

/// What the templates of this module may name.
fn values(config: &Config, owner: &str) -> Value {
    let rootless = config.service.scope == Scope::User;
    let user = if rootless {
        owner
    } else {
        config.user.as_str()
    };
    context! {
        app => config.app.as_str(),
        root => config.root.as_str(),
        run => config.run_dir(),
        user,
        rootless,
        owner => owner,
        web_group => if config.nginx.is_some() { WEB_GROUP } else { user },
        slots => SLOTS,
        listen => config.server.bind().map(|bind| listen(bind, config.service.manager)),
        static_url => config.assets.as_ref().map(Assets::base),
        patience => seconds(config.server.patience()),
        start_timeout => seconds(config.service.start_timeout),
        workers => !config.workers.is_empty(),
        schedules => !config.schedules.is_empty(),
        processes => !config.workers.is_empty() || !config.schedules.is_empty(),
    }
}

fn listen(bind: Bind, manager: Manager) -> Value {
    context! {
        // Digits, dots, colons and brackets: nothing that a unit file could read as more.
        stream => Value::from_safe_string(bind.to_string()),
        address => bind.address().to_string(),
        port => bind.port(),
        // systemd holds it itself.
        held => manager != Manager::Systemd,
    }
}

/// What runs at boot: a program of its own, so that a new version of deployer seldom changes it.
fn program(config: &Config, values: &[(&str, &str)], text: &str) -> anyhow::Result<String> {
    let mut program = format!("#!/bin/sh\nROOT={}\n", quote::sh(config.root.as_str())?);
    for (name, value) in values {
        let _ = writeln!(program, "{name}={}", quote::sh(value)?);
    }
    Ok(program + "\n" + text)
}

/// Whole seconds, rounded up: gunicorn and systemd take no less, and 0 has another meaning.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
