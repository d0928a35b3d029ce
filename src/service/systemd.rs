//! systemd's units, the directories below `/run`, and the sudoers drop-in that names the units.

use minijinja::{Value, context};

use super::{TRIAL, seconds};
use crate::config::{Bind, Config, Hardening, Service};
use crate::plan::{File, Name, Place};
use crate::quote;
use crate::template::Templates;

const GENERATIONS: [&str; 2] = ["a", "b"];

pub(super) fn files(
    config: &Config,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let app = &config.app;
    let units = [
        (Name::UnitA, "a", "systemd/gunicorn.service.j2"),
        (Name::UnitB, "b", "systemd/gunicorn.service.j2"),
        (Name::Trial, TRIAL, "systemd/trial.service.j2"),
        (Name::Recover, "recover", "systemd/recover.service.j2"),
    ];
    let mut files = Vec::new();
    for (name, slot, template) in units {
        let values = context! { slot, ..values.clone() };
        files.push(File {
            name,
            place: Place::System(format!("/etc/systemd/system/{app}-{slot}.service")),
            mode: 0o644,
            content: templates.render(template, &values)?,
        });
    }
    if config.gunicorn.bind.is_some() {
        files.extend(listener(config, values, templates)?);
    }
    files.push(File {
        name: Name::Tmpfiles,
        place: Place::System(format!("/etc/tmpfiles.d/deployer-{app}.conf")),
        mode: 0o644,
        content: templates.render("tmpfiles.conf.j2", values)?,
    });
    let with_grants = context! { grants => grants(config), ..values.clone() };
    files.push(File {
        name: Name::RecoverScript,
        place: Place::System(format!("/etc/deployer/{app}/recover.sh")),
        mode: 0o644,
        content: recover_script(config)?,
    });
    files.push(File {
        name: Name::Sudoers,
        place: Place::System(format!("/etc/sudoers.d/deployer-{app}")),
        mode: 0o440,
        content: templates.render("sudoers.j2", &with_grants)?,
    });
    Ok(files)
}

/// The TCP listener that all generations share, and what it would start.
fn listener(config: &Config, values: &Value, templates: &Templates) -> anyhow::Result<[File; 2]> {
    let file = |name, kind: &str| {
        anyhow::Ok(File {
            name,
            place: Place::System(format!("/etc/systemd/system/{}-listen.{kind}", config.app)),
            mode: 0o644,
            content: templates.render(&format!("systemd/listen.{kind}.j2"), values)?,
        })
    };
    Ok([
        file(Name::ListenSocket, "socket")?,
        file(Name::Listen, "service")?,
    ])
}

pub(super) fn listen(bind: Bind) -> Value {
    context! {
        // Digits, dots, colons and brackets: nothing that a unit file could read as more.
        stream => Value::from_safe_string(bind.to_string()),
        address => bind.address().to_string(),
        port => bind.port(),
    }
}

/// The boot-time recovery: a program of its own, so that a new version of deployer seldom changes it.
fn recover_script(config: &Config) -> anyhow::Result<String> {
    let (root, run) = (
        quote::sh(config.root.as_str())?,
        quote::sh(&config.run_dir())?,
    );
    Ok(format!(
        "#!/bin/sh\nROOT={root}\nRUNDIR={run}\n\n{}",
        include_str!("../../templates/script/recover.sh")
    ))
}

pub(super) fn values(service: &Service) -> Value {
    context! {
        after => service.after.iter().map(ToString::to_string).collect::<Vec<_>>(),
        open_files => service.open_files,
        memory_max => service.memory_max.map(crate::config::Size::bytes),
        start_timeout => seconds(service.start_timeout),
        hardening => service.hardening == Hardening::Basic,
    }
}

/// Unit and verbs that the owner may use without a password.
fn grants(config: &Config) -> Vec<(String, Vec<&'static str>)> {
    let unit = |slot: &str| format!("{}-{slot}.service", config.app);
    let mut grants: Vec<_> = GENERATIONS
        .iter()
        .map(|slot| (unit(slot), vec!["start", "stop", "reload", "reset-failed"]))
        .collect();
    grants.push((unit(TRIAL), vec!["start", "stop", "reset-failed"]));
    grants
}
