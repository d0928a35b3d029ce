//! systemd's units, the directories below `/run`, and the sudoers drop-in that names the units.

use std::time::Duration;

use minijinja::{Value, context};

use super::{NUMBERS, Restart, Service, TRIAL, calendar, program, seconds};
use crate::config::{Config, Respawn, Scope, Server, Size};
use crate::plan::{File, Name, Place};
use crate::quote::{self, Unquotable};
use crate::template::Templates;

const GENERATIONS: [&str; 2] = ["a", "b"];

/// Where the files of one app lie.
struct Places {
    units: String,
    /// What units run.
    scripts: String,
}

impl Places {
    fn of(config: &Config) -> Self {
        match config.service.scope {
            Scope::System => Self {
                units: "/etc/systemd/system".to_owned(),
                scripts: format!("/etc/deployer/{}", config.app),
            },
            Scope::User => Self {
                units: format!("{}/systemd", config.root),
                scripts: format!("{}/systemd", config.root),
            },
        }
    }
}

pub(super) fn files(
    config: &Config,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let app = &config.app;
    let Places { units, scripts } = Places::of(config);
    let values = &context! { scripts => scripts.as_str(), ..values.clone() };
    let unit = |name, end: &str, template: &str, values: &Value| {
        anyhow::Ok(File {
            name,
            place: Place::System(format!("{units}/{app}-{end}.service")),
            mode: 0o644,
            content: templates.render(&format!("systemd/{template}.service.j2"), values)?,
        })
    };
    let mut files = Vec::new();
    let template = match config.server {
        Server::Gunicorn(_) => "gunicorn",
        Server::Own(_) => "server",
    };
    for (name, slot) in [(Name::UnitA, "a"), (Name::UnitB, "b")] {
        let service = service(&Service::generation(config, slot))?;
        let values = context! { slot, service, ..values.clone() };
        files.push(unit(name, slot, template, &values)?);
    }
    let trial = context! { service => service(&Service::trial(config))?, ..values.clone() };
    files.push(unit(Name::Trial, TRIAL, "trial", &trial)?);
    files.push(unit(Name::Recover, "recover", "recover", values)?);
    for (name, worker) in &config.workers {
        let described = Service::worker(config, name, worker);
        let values = context! { service => service(&described)?, ..values.clone() };
        let end = format!("{}@", described.name);
        files.push(unit(Name::Worker(name.clone()), &end, "worker", &values)?);
    }
    for (name, schedule) in &config.schedules {
        let described = Service::schedule(config, name, schedule);
        let end = &described.name;
        let values = context! {
            name => name.as_str(),
            service => service(&described)?,
            // Characters that a unit file reads as themselves.
            times => calendar::lines(&schedule.when).into_iter().map(Value::from_safe_string).collect::<Vec<_>>(),
            ..values.clone()
        };
        files.push(unit(
            Name::Schedule(name.clone()),
            end,
            "schedule",
            &values,
        )?);
        files.push(File {
            name: Name::Timer(name.clone()),
            place: Place::System(format!("{units}/{app}-{end}.timer")),
            mode: 0o644,
            content: templates.render("systemd/schedule.timer.j2", &values)?,
        });
    }
    if !config.workers.is_empty() {
        // At boot, as the tree's owner.
        let start = match config.service.scope {
            Scope::System => "sudo -n systemctl start",
            Scope::User => "systemctl --user start",
        };
        files.push(unit(Name::Boot, "workers", "workers", values)?);
        files.push(File {
            name: Name::BootScript,
            place: Place::System(format!("{scripts}/workers.sh")),
            mode: 0o644,
            content: program(
                config,
                &[("APP", app.as_str()), ("START", start)],
                include_str!("../../templates/script/boot.sh"),
            )?,
        });
    }
    if config.server.bind().is_some() {
        files.extend(listener(config, &units, values, templates)?);
    }
    files.push(File {
        name: Name::RecoverScript,
        place: Place::System(format!("{scripts}/recover.sh")),
        mode: 0o644,
        content: program(
            config,
            &[("RUNDIR", &config.run_dir())],
            include_str!("../../templates/script/recover.sh"),
        )?,
    });
    match config.service.scope {
        Scope::System => files.extend(of_root(config, values, templates)?),
        Scope::User => {}
    }
    Ok(files)
}

/// What only root can have: directories in a file system that is empty at boot, and rights.
fn of_root(config: &Config, values: &Value, templates: &Templates) -> anyhow::Result<[File; 2]> {
    let app = &config.app;
    let tmpfiles = File {
        name: Name::Tmpfiles,
        place: Place::System(format!("/etc/tmpfiles.d/deployer-{app}.conf")),
        mode: 0o644,
        content: templates.render("tmpfiles.conf.j2", values)?,
    };
    let with_grants = context! { grants => grants(config), ..values.clone() };
    let sudoers = File {
        name: Name::Sudoers,
        place: Place::System(format!("/etc/sudoers.d/deployer-{app}")),
        mode: 0o440,
        content: templates.render("sudoers.j2", &with_grants)?,
    };
    Ok([tmpfiles, sudoers])
}

/// The TCP listener that all generations share, and what it would start.
fn listener(
    config: &Config,
    units: &str,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<[File; 2]> {
    let file = |name, kind: &str| {
        anyhow::Ok(File {
            name,
            place: Place::System(format!("{units}/{}-listen.{kind}", config.app)),
            mode: 0o644,
            content: templates.render(&format!("systemd/listen.{kind}.j2"), values)?,
        })
    };
    Ok([
        file(Name::ListenSocket, "socket")?,
        file(Name::Listen, "service")?,
    ])
}

/// A service in the words of a unit file.
fn service(service: &Service) -> anyhow::Result<Value> {
    let words = |words: &mut dyn Iterator<Item = Result<String, Unquotable>>| {
        let words: Result<Vec<_>, _> = words.collect();
        words.map(|words| Value::from_safe_string(words.join(" ")))
    };
    let number = service.numbered.then(|| Ok("%i".to_owned()));
    let command = service.command.iter().map(|word| quote::systemd_exec(word));
    let environment = service.environment.iter();
    let environment = environment.map(|(name, value)| quote::systemd(&format!("{name}={value}")));
    let (restart, respawn, delay) = match service.restart {
        Restart::Never => ("no", None, Duration::ZERO),
        Restart::OnFailure(respawn, delay) => ("on-failure", Some(respawn), delay),
        Restart::Always(respawn, delay) => ("always", Some(respawn), delay),
    };
    let (count, interval) = match respawn {
        Some(Respawn::Limited { count, interval }) => (count, seconds(interval)),
        // No interval, no limit.
        Some(Respawn::Unlimited) | None => (0, 0),
    };
    Ok(context! {
        // Words of our own and plain names.
        name => service.name.as_str(),
        about => Value::from_safe_string(service.about.clone()),
        command => words(&mut command.chain(number))?,
        directory => service.directory.as_str(),
        user => service.user.as_str(),
        group => service.group.as_str(),
        umask => service.umask.to_string(),
        environment => words(&mut { environment })?,
        after => service.after.clone(),
        restart, count, interval,
        delay => seconds(delay),
        stop_signal => service.stop.signal.as_str(),
        stop_timeout => seconds(service.stop.timeout),
        lasts => service.lasts.map(seconds),
        open_files => service.limits.open_files,
        memory_max => service.limits.memory_max.map(Size::bytes),
        writable => words(&mut service.writable.iter().map(|path| quote::systemd(path)))?,
        hardening => service.hardened,
    })
}

/// As `unit` of `templates/script/manager/systemd.sh` has it. Versions before 252 know no `--kill-whom`; later ones take the
/// beginning of it.
const RELOAD: &str = "kill -s HUP --kill-who main";

/// Unit and verbs that the owner may use without a password.
fn grants(config: &Config) -> Vec<(Value, Vec<Value>)> {
    // Plain words and names, and brackets for digits that sudo is to read.
    let word = |text: &str| Value::from_safe_string(text.to_owned());
    let grant = |end: &str, more: &[&str]| {
        let unit = word(&format!("{}-{end}.service", config.app));
        let verbs = ["start", "stop", "reset-failed"].iter().chain(more);
        (unit, verbs.map(|verb| word(verb)).collect())
    };
    let generations = GENERATIONS.iter().map(|slot| grant(slot, &[RELOAD]));
    let mut grants: Vec<_> = generations.chain([grant(TRIAL, &[])]).collect();
    for name in config.workers.keys() {
        for number in NUMBERS {
            grants.push(grant(&format!("worker-{name}@{number}"), &[]));
        }
    }
    grants
}
