use anyhow::{Context as _, Result};

use super::context::Context;
use super::session;
use crate::cli::{Environment, Global};
use crate::plan::Question;
use crate::report::ExitCode;
use crate::run::{Fleet, Mode, Policy};

/// Only listens: the run does not know of it.
pub(super) fn run(global: &Global, arguments: &Environment) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment)?;
    let id = session::run_id("read");
    let jobs = session::questions(&context, &Question::State, Mode::Follow, &id)?;
    let fleet = Fleet::connect(&context.fleet_hosts(), &context.ssh).context("failed to start")?;
    let mut report = session::report(global, &context, "attach");
    report.run(id.as_str());
    fleet.run(jobs, Policy::Apart, &mut |update| {
        let _ = report.update(&update);
    });
    Ok(report.close()?.end())
}
