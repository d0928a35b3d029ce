//! What starts the processes of a release: it belongs to the release, so that a new command needs no new unit.

use std::fmt::Write as _;

use minijinja::{Value, context};

use super::seconds;
use crate::config::{Assets, Config, Program, Worker, WorkerName};
use crate::plan::{File, Name, Place};
use crate::template::Templates;

pub(super) fn files(config: &Config, templates: &Templates) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for (name, worker) in &config.workers {
        files.push(File {
            name: Name::Launcher(name.clone()),
            place: Place::Release(format!(".deployer/worker-{name}")),
            mode: 0o640,
            content: templates.render("process/worker.sh.j2", &values(config, name, worker))?,
        });
    }
    if !files.is_empty() {
        files.push(File {
            name: Name::Workers,
            place: Place::Release(".deployer/workers".to_owned()),
            mode: 0o640,
            content: list(config),
        });
    }
    Ok(files)
}

fn values(config: &Config, name: &WorkerName, worker: &Worker) -> Value {
    let (line, words) = match &worker.command {
        Program::Line(line) => (Some(line.as_str()), [].as_slice()),
        Program::Words(words) => (None, words.as_slice()),
    };
    context! {
        app => config.app.as_str(),
        environment => config.environment.as_str(),
        root => config.root.as_str(),
        run => config.run_dir(),
        name => name.as_str(),
        static_url => config.assets.as_ref().map(Assets::base),
        line,
        words => words.to_vec(),
    }
}

/// A line for each: its name, how many of it, seconds it may take to stop, whether old and new overlap, seconds it has
/// to run.
fn list(config: &Config) -> String {
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
