//! Upstart's jobs, and the sudoers drop-in that names them.
//!
//! A job is read by init(5)'s grammar, whose quotes are not those of a shell: each value is written by the rules that
//! were measured, in [`quote`].

use minijinja::{Value, context};

use super::{NUMBERS, Restart, SLOTS, Service, TRIAL, cron, program, seconds};
use crate::config::{Config, Respawn};
use crate::plan::{File, Name, Place};
use crate::quote::{self, Unquotable};
use crate::template::Templates;

pub(super) fn files(
    config: &Config,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let app = &config.app;
    let scripts = format!("/etc/deployer/{app}");
    let values = &context! { scripts => scripts.as_str(), ..values.clone() };
    let job = |name, end: &str, template: &str, values: &Value| {
        anyhow::Ok(File {
            name,
            // A regular file that is renamed into place is seen at once; a link is not.
            place: Place::System(format!("/etc/init/{app}-{end}.conf")),
            mode: 0o644,
            content: templates.render(&format!("upstart/{template}.conf.j2"), values)?,
        })
    };
    let mut files = Vec::new();
    for (name, slot) in [(Name::UnitA, "a"), (Name::UnitB, "b")] {
        let service = service(&Service::generation(config, slot), &[])?;
        files.push(job(
            name,
            slot,
            "gunicorn",
            &context! { service, ..values.clone() },
        )?);
    }
    // A deploy that died must not leave it running.
    let limit = ["/usr/bin/timeout", "--foreground", "-k", "5", "3600"];
    let trial = service(&Service::trial(config), &limit)?;
    let trial = context! { service => trial, ..values.clone() };
    files.push(job(Name::Trial, TRIAL, "trial", &trial)?);
    files.push(job(Name::Recover, "recover", "recover", values)?);
    for (name, worker) in &config.workers {
        let described = Service::worker(config, name, worker);
        let values = context! { service => service(&described, &[])?, ..values.clone() };
        let name = Name::Worker(name.clone());
        files.push(job(name, &described.name, "worker", &values)?);
    }
    if !config.workers.is_empty() {
        files.push(job(Name::Boot, "workers", "workers", values)?);
    }
    files.extend(cron::files(config, &scripts, values, templates)?);
    let script = |name, file: &str, content| File {
        name,
        place: Place::System(format!("{scripts}/{file}")),
        mode: 0o644,
        content,
    };
    if config.server.bind().is_some() {
        files.push(job(Name::Listen, "listen", "listen", values)?);
        let listener = templates.render("program/listen.py.j2", values)?;
        files.push(script(Name::Listener, "listen.py", listener));
    }
    let boot = context! { after => config.service.starts_after(), ..values.clone() };
    let boot = templates.render("upstart/boot.sh.j2", &boot)?;
    files.push(script(Name::BootScript, "boot.sh", boot));
    let run = config.run_dir();
    let recover = include_str!("../../templates/script/recover.sh");
    let recover = program(config, &[("RUNDIR", &run)], recover)?;
    files.push(script(Name::RecoverScript, "recover.sh", recover));
    files.push(File {
        name: Name::Sudoers,
        place: Place::System(format!("/etc/sudoers.d/deployer-{app}")),
        mode: 0o440,
        content: templates.render(
            "upstart/sudoers.j2",
            &context! { grants => grants(config), ..values.clone() },
        )?,
    });
    Ok(files)
}

/// For all apps of a host, where it has no such file.
pub(super) fn logrotate(templates: &Templates) -> anyhow::Result<File> {
    Ok(File {
        name: Name::Logrotate,
        place: Place::Host("/etc/logrotate.d/upstart".to_owned()),
        mode: 0o644,
        content: templates.render("upstart/logrotate.conf.j2", &context! {})?,
    })
}

/// Job, log and verbs that the owner may use without a password.
fn grants(config: &Config) -> Vec<(Value, Value, Vec<&'static str>)> {
    let app = &config.app;
    // Plain names, and brackets for digits that sudo is to read; a `=` is one for it after a backslash alone.
    let plain = |name: String| Value::from_safe_string(name);
    let mut grants: Vec<_> = SLOTS
        .iter()
        .map(|slot| {
            let job = plain(format!("{app}-{slot}"));
            (job.clone(), job, vec!["start", "stop", "reload"])
        })
        .collect();
    for name in config.workers.keys() {
        for number in NUMBERS {
            let job = plain(format!("{app}-worker-{name} NUMBER\\={number}"));
            let log = plain(format!("{app}-worker-{name}-{number}"));
            grants.push((job, log, vec!["start", "stop"]));
        }
    }
    grants
}

/// A service in the words of a job. `before` is what the command is started by.
fn service(service: &Service, before: &[&str]) -> anyhow::Result<Value> {
    let environment = service.environment.iter();
    let environment: Result<Vec<_>, Unquotable> = environment
        .map(|(name, value)| quote::upstart_env(name, value).map(Value::from_safe_string))
        .collect();
    let command = before
        .iter()
        .copied()
        .chain(service.command.iter().map(String::as_str));
    let words: Result<Vec<_>, Unquotable> = command.map(quote::upstart_exec).collect();
    let respawn = match service.restart {
        Restart::Never => String::new(),
        Restart::OnFailure(respawn, _) | Restart::Always(respawn, _) => match respawn {
            Respawn::Unlimited => "unlimited".to_owned(),
            Respawn::Limited { count, interval } => format!("{count} {}", seconds(interval)),
        },
    };
    Ok(context! {
        // Words of our own and plain names.
        about => Value::from_safe_string(service.about.clone()),
        command => Value::from_safe_string(words?.join(" ")),
        directory => service.directory.as_str(),
        user => service.user.as_str(),
        group => service.group.as_str(),
        umask => service.umask.to_string(),
        environment => environment?,
        respawn => Value::from_safe_string(respawn),
        stop_signal => service.stop.signal.as_str(),
        stop_timeout => seconds(service.stop.timeout),
        open_files => service.limits.open_files,
    })
}
