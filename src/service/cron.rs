//! Schedules by cron, where the manager has no timers: a line or more for its table, and what they run.

use anyhow::Context as _;
use minijinja::{Value, context};

use super::{Service, seconds};
use crate::config::{Config, Cron, Scope, When};
use crate::plan::{File, Name, Place};
use crate::quote;
use crate::template::Templates;

/// `scripts` is where the rest of the app's manager has its own.
pub(super) fn files(
    config: &Config,
    scripts: &str,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let (app, run) = (&config.app, config.run_dir());
    let logs = match config.service.scope {
        Scope::System => format!("/var/log/deployer/{app}"),
        Scope::User => format!("{}/log", config.root),
    };
    let mut files = Vec::new();
    for (name, schedule) in &config.schedules {
        let described = Service::schedule(config, name, schedule);
        let script = format!("{scripts}/{}.sh", described.name);
        let table = match config.service.scope {
            Scope::System => format!("/etc/cron.d/deployer-{app}-{name}"),
            Scope::User => format!("{scripts}/{}.cron", described.name),
        };
        let times = times(&schedule.when).with_context(|| format!("schedule `{name}`"))?;
        let values = context! {
            service => service(&described),
            environment => words(described.whole_environment())?,
            command => words(&described.command)?,
            state => format!("{run}/workers/schedule_{name}"),
            log => format!("{logs}/{}.log", described.name),
            script => script.as_str(),
            // Digits, commas and asterisks.
            times => times.iter().map(|time| Value::from_safe_string(time.to_string())).collect::<Vec<_>>(),
            ..values.clone()
        };
        let file = |name, path, template| {
            anyhow::Ok(File {
                name,
                place: Place::System(path),
                mode: 0o644,
                content: templates.render(template, &values)?,
            })
        };
        let kind = Name::Schedule(name.clone());
        files.push(file(kind, script.clone(), "cron/schedule.sh.j2")?);
        let kind = Name::Timer(name.clone());
        files.push(file(kind, table, "cron/schedule.cron.j2")?);
    }
    Ok(files)
}

fn times(when: &When) -> anyhow::Result<Vec<Cron>> {
    match when {
        When::Cron(cron) => Ok(vec![cron.clone()]),
        When::Calendar(times) => {
            let crons = times.iter().map(|time| {
                let cron = time.as_cron();
                cron.with_context(|| format!("cron cannot say `{time}`"))
            });
            crons.collect()
        }
    }
}

fn service(service: &Service) -> Value {
    context! {
        name => service.name.as_str(),
        // Words of our own and a plain name.
        about => Value::from_safe_string(service.about.clone()),
        directory => service.directory.as_str(),
        user => service.user.as_str(),
        umask => Value::from_safe_string(service.umask.to_string()),
        lasts => service.lasts.map(seconds),
        open_files => service.limits.open_files,
    }
}

/// As a shell reads them.
fn words(words: impl IntoIterator<Item = impl AsRef<str>>) -> anyhow::Result<Value> {
    let quoted = words.into_iter().map(|word| quote::sh(word.as_ref()));
    let quoted: Result<Vec<_>, _> = quoted.collect();
    Ok(Value::from_safe_string(quoted?.join(" ")))
}
