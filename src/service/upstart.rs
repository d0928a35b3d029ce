//! Upstart's jobs, and the sudoers drop-in that names them.
//!
//! A job is read by init(5)'s grammar, whose quotes are not those of a shell: each value is written by the rules that
//! were measured, in [`quote`].

use minijinja::{Value, context};

use super::{Restart, SLOTS, Service, TRIAL, program, seconds};
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
    let boot = templates.render("upstart/boot.sh.j2", values)?;
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
            &context! { slots => SLOTS, ..values.clone() },
        )?,
    });
    Ok(files)
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
        stop_timeout => seconds(service.stop.timeout),
        open_files => service.limits.open_files,
    })
}
