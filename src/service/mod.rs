//! Config -> what keeps the app running on a host: units, gunicorn's configuration, who may switch them.

mod gunicorn;
mod launcher;
mod spec;
mod systemd;

pub use spec::{Limits, Restart, Service, Stop};

use std::time::Duration;

use minijinja::{Value, context};

use crate::config::{Assets, Config, Manager};
use crate::plan::File;
use crate::template::Templates;

/// The two generations, and the trial that a release passes before it becomes one.
pub const SLOTS: [&str; 3] = ["a", "b", TRIAL];
pub const TRIAL: &str = "trial";

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
        };
        files.extend(gunicorn::files(&values, templates)?);
        files.extend(launcher::files(config, templates)?);
        Ok(files)
    }
}

/// What the templates of this module may name.
fn values(config: &Config, owner: &str) -> Value {
    context! {
        app => config.app.as_str(),
        root => config.root.as_str(),
        run => config.run_dir(),
        user => config.user.as_str(),
        owner => owner,
        web_group => if config.nginx.is_some() { WEB_GROUP } else { config.user.as_str() },
        slots => SLOTS,
        gunicorn => gunicorn::values(&config.gunicorn),
        settings => gunicorn::settings(&config.gunicorn),
        listen => config.gunicorn.bind.map(systemd::listen),
        static_url => config.assets.as_ref().map(Assets::base),
        start_timeout => seconds(config.service.start_timeout),
        workers => !config.workers.is_empty(),
    }
}

/// Whole seconds, rounded up: gunicorn and systemd take no less, and 0 has another meaning.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
