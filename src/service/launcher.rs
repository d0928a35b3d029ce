//! What starts the processes of a release: it belongs to the release, so that a new command needs no new unit.

use std::fmt::Write as _;

use minijinja::{Value, context};

use super::seconds;
use crate::config::{Assets, Config, Manager, OwnServer, Program, WorkerName};
use crate::plan::{File, Name, Place};
use crate::template::Templates;

pub(super) fn files(config: &Config, templates: &Templates) -> anyhow::Result<Vec<File>> {
    let of = |name, path: String, content| File {
        name,
        place: Place::Release(path),
        mode: 0o640,
        content,
    };
    let mut files = Vec::new();
    for (name, worker) in &config.workers {
        let (line, words) = started(&worker.command);
        let path = format!(".deployer/worker-{name}");
        let content = launcher(config, templates, "worker", name, line.as_deref(), &words)?;
        files.push(of(Name::Launcher(name.clone()), path, content));
    }
    if !config.workers.is_empty() {
        let path = ".deployer/workers".to_owned();
        files.push(of(Name::Workers, path, workers(config)));
    }
    for (name, schedule) in &config.schedules {
        let path = format!(".deployer/schedule-{name}");
        let line = Some(schedule.run.as_str());
        let content = launcher(config, templates, "schedule", name, line, &[])?;
        files.push(of(Name::Job(name.clone()), path, content));
    }
    if !config.schedules.is_empty() {
        let path = ".deployer/schedules".to_owned();
        let names = config.schedules.keys().map(|name| format!("{name}\n"));
        files.push(of(Name::Schedules, path, names.collect()));
    }
    Ok(files)
}

/// The server of a release, in place of gunicorn's configuration.
pub(super) fn server(
    config: &Config,
    own: &OwnServer,
    templates: &Templates,
) -> anyhow::Result<File> {
    let (line, words) = started(&own.command);
    let values = context! { line, words, ..values(config) };
    Ok(File {
        name: Name::Server,
        place: Place::Release(".deployer/server".to_owned()),
        mode: 0o640,
        content: templates.render("process/server.sh.j2", &values)?,
    })
}

/// The program takes the place of the shell, and gets the signals.
fn started(program: &Program) -> (Option<String>, Vec<String>) {
    match program {
        Program::Line(line) => (Some(format!("exec {line}")), Vec::new()),
        Program::Words(words) => (None, words.clone()),
    }
}

fn values(config: &Config) -> Value {
    context! {
        app => config.app.as_str(),
        environment => config.environment.as_str(),
        root => config.root.as_str(),
        run => config.run_dir(),
        static_url => config.assets.as_ref().map(Assets::base),
        paced => config.service.manager == Manager::Upstart,
    }
}

fn launcher(
    config: &Config,
    templates: &Templates,
    kind: &str,
    name: &WorkerName,
    line: Option<&str>,
    words: &[String],
) -> anyhow::Result<String> {
    let values = context! {
        kind,
        name => name.as_str(),
        line,
        words => words.to_vec(),
        ..values(config)
    };
    templates.render("process/launcher.sh.j2", &values)
}

/// A line for each: its name, how many of it, seconds it may take to stop, whether old and new overlap, seconds it has
/// to run.
fn workers(config: &Config) -> String {
    config
        .workers
        .iter()
        .fold(String::new(), |mut list, (name, worker)| {
            let overlap = if worker.overlap { "yes" } else { "no" };
            let (stop, uptime) = (seconds(worker.stop_timeout), seconds(worker.min_uptime));
            let _ = writeln!(
                list,
                "{name} {} {stop} {overlap} {uptime}",
                worker.instances
            );
            list
        })
}
