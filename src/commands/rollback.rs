use anyhow::{Context as _, Result};

use super::context::Context;
use super::{Unfit, session};
use crate::cli::{Global, Rollback};
use crate::plan::{Back, Earlier, rollback};
use crate::report::ExitCode;
use crate::run::{Fleet, Job, Mode, Policy, Rules};
use crate::script::compile;

pub(super) fn run(global: &Global, arguments: &Rollback) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let back = back(arguments)?;
    let fleet = Fleet::connect(&context.fleet_hosts(), &context.ssh).context("failed to start")?;
    let mut report = session::report(global, &context, "rollback");
    let id = session::run_id("rollback");
    let job = |host| {
        let earlier = Earlier {
            back: back.clone(),
            keep_environment: arguments.keep_env,
        };
        let script = compile(&rollback(
            &context.config,
            host,
            earlier,
            context.hosts.first() == Some(host),
            context.files(host)?,
        ));
        Ok(Job {
            by: session::by(global),
            wait: arguments.wait.wait.unwrap_or_default(),
            ..Job::new(script, Mode::Run, id.as_str())
        })
    };
    let jobs = context.hosts.iter().map(job).collect::<Result<Vec<_>>>()?;
    report.run(id.as_str());
    report.scripts(&session::digests(&jobs))?;
    let policy = Policy::Together(Rules {
        on_failure: context.config.rollout.on_failure,
        batch: context.config.rollout.batch,
        migrate: None,
    });
    fleet.run(jobs, policy, &mut |update| {
        let _ = report.update(&update);
    });
    Ok(report.close()?.end())
}

/// Shorter ones would mean another release tomorrow.
const SHORTEST: usize = 4;

pub(super) fn back(arguments: &Rollback) -> Result<Back> {
    let Some(release) = &arguments.release else {
        return Ok(Back::Steps(arguments.steps.unwrap_or(1)));
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if release.len() < SHORTEST || !release.chars().all(plain) {
        return Err(Unfit::usage(format!(
            "`{release}` is no release: name its id, or at least {SHORTEST} letters of its id or revision"
        )));
    }
    Ok(Back::To(release.clone()))
}
