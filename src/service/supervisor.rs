//! supervisord's programs: of an instance of our own, which needs no root, or of the host's.

use minijinja::{Value, context};

use super::{NUMBERS, Restart, Service, TRIAL, cron, program, seconds};
use crate::config::{Config, Respawn, Scope};
use crate::plan::{File, Name, Place};
use crate::quote::{self, Unquotable};
use crate::template::Templates;

const GENERATIONS: [&str; 2] = ["a", "b"];

/// Where the host's supervisord looks for programs, as Debian packages it.
const SYSTEM_PROGRAMS: &str = "/etc/supervisor/conf.d";

/// A program that ends sooner has not started. Long enough for the import of an app that is broken.
const START_SECONDS: u64 = 10;

/// Where the files of one app lie.
struct Places {
    /// Definitions of programs.
    programs: String,
    /// What they run, and what speaks to supervisord.
    scripts: String,
    /// What names of logs begin with: in a directory that is there whenever supervisord starts, or it would not.
    logs: String,
}

impl Places {
    fn of(config: &Config) -> Self {
        match config.service.scope {
            Scope::System => Self {
                programs: SYSTEM_PROGRAMS.to_owned(),
                scripts: format!("/etc/deployer/{}", config.app),
                logs: format!("/var/log/supervisor/{}-", config.app),
            },
            Scope::User => Self {
                programs: format!("{}/supervisor/programs", config.root),
                scripts: format!("{}/supervisor", config.root),
                logs: format!("{}/log/", config.root),
            },
        }
    }
}

pub(super) fn files(
    config: &Config,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let places = Places::of(config);
    let values = &context! {
        logs => places.logs.as_str(),
        scripts => places.scripts.as_str(),
        programs => places.programs.as_str(),
        system => config.service.scope == Scope::System,
        ..values.clone()
    };
    let mut files = Vec::new();
    let mut program = |name, end: &str, template: &str, values: &Value| {
        files.push(File {
            name,
            place: Place::System(format!("{}/{}-{end}.conf", places.programs, config.app)),
            mode: 0o644,
            content: templates.render(&format!("supervisor/{template}.conf.j2"), values)?,
        });
        anyhow::Ok(())
    };
    for (name, slot) in [(Name::UnitA, "a"), (Name::UnitB, "b")] {
        let service = service(&Service::generation(config, slot), &[])?;
        program(
            name,
            slot,
            "gunicorn",
            &context! { slot, service, ..values.clone() },
        )?;
    }
    // A deploy that died must not leave it running.
    let limit = ["timeout", "--foreground", "-k", "5", "3600"];
    let service = service(&Service::trial(config), &limit)?;
    let trial = context! { slot => TRIAL, service, ..values.clone() };
    program(Name::Trial, TRIAL, "trial", &trial)?;
    program(Name::Recover, "recover", "recover", values)?;
    if config.server.bind().is_some() {
        program(Name::Listen, "listen", "listen", values)?;
    }
    files.extend(workers(config, &places, values, templates)?);
    files.extend(cron::files(config, &places.scripts, values, templates)?);
    files.extend(scripts(config, &places, values, templates)?);
    Ok(files)
}

/// What a program of each kind of worker is made of: supervisord would want to know beforehand how many there are.
fn workers(
    config: &Config,
    places: &Places,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for (name, worker) in &config.workers {
        let described = Service::worker(config, name, worker);
        let service = service(&described, &[])?;
        let values = context! { service, ..values.clone() };
        let path = format!("{}/{}-{}.conf", places.scripts, config.app, described.name);
        files.push(File {
            name: Name::Worker(name.clone()),
            place: Place::System(path),
            mode: 0o644,
            content: templates.render("supervisor/worker.conf.j2", &values)?,
        });
    }
    Ok(files)
}

/// What the programs run.
fn scripts(
    config: &Config,
    places: &Places,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let run = config.run_dir();
    let script = |name, file: &str, content| File {
        name,
        place: Place::System(format!("{}/{file}", places.scripts)),
        mode: 0o644,
        content,
    };
    let mut files = vec![
        script(
            Name::Control,
            "control.py",
            templates.render("supervisor/control.py.j2", values)?,
        ),
        script(
            Name::RecoverScript,
            "recover.sh",
            program(
                config,
                &[("RUNDIR", &run)],
                include_str!("../../templates/script/recover.sh"),
            )?,
        ),
        script(
            Name::BootScript,
            "boot.sh",
            templates.render("supervisor/boot.sh.j2", values)?,
        ),
    ];
    if config.server.bind().is_some() {
        files.push(script(
            Name::Listener,
            "listen.py",
            templates.render("program/listen.py.j2", values)?,
        ));
    }
    match config.service.scope {
        Scope::User => {
            let start = templates.render("supervisor/start.sh.j2", values)?;
            files.push(script(Name::StartScript, "start.sh", start));
            let main = templates.render("supervisor/supervisord.conf.j2", values)?;
            files.push(script(Name::Supervisord, "supervisord.conf", main));
        }
        Scope::System => {
            let values = context! { grants => grants(config), ..values.clone() };
            files.push(File {
                name: Name::Sudoers,
                place: Place::System(format!("/etc/sudoers.d/deployer-{}", config.app)),
                mode: 0o440,
                content: templates.render("supervisor/sudoers.j2", &values)?,
            });
        }
    }
    Ok(files)
}

/// A service in the words of a program's section. `before` is what the command is started by.
fn service(service: &Service, before: &[&str]) -> anyhow::Result<Value> {
    let tries = match service.restart {
        Restart::Never => 0,
        Restart::OnFailure(respawn, _) | Restart::Always(respawn, _) => match respawn {
            Respawn::Limited { count, .. } => count,
            Respawn::Unlimited => u32::MAX,
        },
    };
    let restart = match service.restart {
        Restart::Never => "false",
        Restart::OnFailure(..) => "unexpected",
        Restart::Always(..) => "true",
    };
    Ok(context! {
        name => service.name.as_str(),
        command => Value::from_safe_string(command(service, before)?),
        directory => service.directory.as_str(),
        user => service.user.as_str(),
        umask => service.umask.to_string(),
        restart, tries,
        start_seconds => START_SECONDS,
        stop_signal => service.stop.signal.as_str(),
        stop_timeout => seconds(service.stop.timeout),
    })
}

/// Program and verbs that the owner may use without a password.
fn grants(config: &Config) -> Vec<(Value, Vec<&'static str>)> {
    // Plain names, and brackets for digits that sudo is to read.
    let plain = |name: String| Value::from_safe_string(name);
    let of_slot = ["start", "stop", "reload", "state", "lines", "pid"];
    let of_worker = ["start", "stop", "state", "lines", "pid"];
    let slots = [GENERATIONS.as_slice(), &[TRIAL]].concat();
    let mut grants: Vec<_> = slots
        .into_iter()
        .map(|slot| (plain(slot.to_owned()), of_slot.to_vec()))
        .collect();
    for name in config.workers.keys() {
        for number in NUMBERS {
            grants.push((plain(format!("worker-{name}@{number}")), of_worker.to_vec()));
        }
    }
    grants
}

/// supervisord hands its own environment on, and has no limits of its own for a program: a shell sets both.
fn command(service: &Service, before: &[&str]) -> Result<String, Unquotable> {
    // A host's limit may be lower than the wish, and only root can raise it.
    let limits = format!(
        r#"ulimit -c 0; ulimit -n {files} 2>/dev/null || {{ ulimit -n "$(ulimit -Hn)"; echo "open_files: this host allows $(ulimit -n) of {files}" >&2; }}; exec "$@""#,
        files = service.limits.open_files
    );
    let shell = ["/bin/sh", "-c", &limits, "sh", "/usr/bin/env", "-i"];
    let words = shell
        .into_iter()
        .map(str::to_owned)
        .chain(service.whole_environment())
        .chain(before.iter().map(|word| (*word).to_owned()))
        .chain(service.command.iter().cloned());
    let quoted: Result<Vec<_>, _> = words.map(|word| quote::supervisor(&word)).collect();
    Ok(quoted?.join(" "))
}
