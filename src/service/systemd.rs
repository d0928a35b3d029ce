//! systemd's units, the directories below `/run`, and the sudoers drop-in that names the units.

use minijinja::{Value, context};

use super::{TRIAL, seconds};
use crate::config::{Config, Hardening, Service};
use crate::plan::{File, Place};
use crate::template::Templates;

const GENERATIONS: [&str; 2] = ["a", "b"];

pub(super) fn files(
    config: &Config,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let app = &config.app;
    let units = [
        ("a", "systemd/gunicorn.service.j2"),
        ("b", "systemd/gunicorn.service.j2"),
        (TRIAL, "systemd/trial.service.j2"),
        ("recover", "systemd/recover.service.j2"),
    ];
    let mut files = Vec::new();
    for (slot, template) in units {
        let values = context! { slot, ..values.clone() };
        files.push(File {
            place: Place::System(format!("/etc/systemd/system/{app}-{slot}.service")),
            mode: 0o644,
            content: templates.render(template, &values)?,
        });
    }
    files.push(File {
        place: Place::System(format!("/etc/tmpfiles.d/deployer-{app}.conf")),
        mode: 0o644,
        content: templates.render("tmpfiles.conf.j2", values)?,
    });
    let with_grants = context! { grants => grants(config), ..values.clone() };
    files.push(File {
        place: Place::System(format!("/etc/sudoers.d/deployer-{app}")),
        mode: 0o440,
        content: templates.render("sudoers.j2", &with_grants)?,
    });
    Ok(files)
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
