use std::time::Duration;

use anyhow::{Context as _, Result};

use super::context::Context;
use super::{Unfit, confirm, session};
use crate::cli::{self, Environment, Global};
use crate::plan::{ByHand, Kind, by_hand};
use crate::report::ExitCode;
use crate::run::{Fleet, Job, Mode, Policy, Rules};
use crate::script::compile;

/// Longer ones are letters, not reasons.
const MESSAGE: usize = 200;

/// A reason of one line, as a person writes it.
pub(super) fn line(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() || text.len() > MESSAGE || text.contains(char::is_control) {
        return Err(Unfit::usage(format!(
            "`-m` takes one line of at most {MESSAGE} bytes"
        )));
    }
    Ok(text)
}

pub(super) fn run(global: &Global, arguments: &cli::ByHand, what: &ByHand) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    work(global, &context, what, arguments.wait.wait)
}

pub(super) fn stop(global: &Global, arguments: &cli::Stop) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    if !arguments.yes && !confirmed(&context)? {
        return Err(Unfit::usage("not stopped; `-y` stops without asking"));
    }
    work(global, &context, &ByHand::Stop, arguments.wait.wait)
}

/// A worker of the first host alone is one of no other.
pub(super) fn scale(global: &Global, arguments: &cli::Scale) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let workers = &context.config.workers;
    let named = |name: &str| workers.keys().any(|worker| worker.as_str() == name);
    if let Some((stranger, _)) = arguments.counts.iter().find(|(name, _)| !named(name)) {
        let known: Vec<_> = workers.keys().map(|name| format!("`{name}`")).collect();
        return Err(Unfit::usage(match known.as_slice() {
            [] => format!("no worker `{stranger}`: this environment has no `workers`"),
            known => format!("no worker `{stranger}`; there is {}", known.join(", ")),
        }));
    }
    let counts = arguments.counts.clone();
    work(
        global,
        &context,
        &ByHand::Scale { counts },
        arguments.wait.wait,
    )
}

pub(super) fn lock(global: &Global, arguments: &cli::Lock) -> Result<ExitCode> {
    let message = line(&arguments.message)?;
    let context = Context::load(global, &arguments.environment.environment)?;
    let what = ByHand::Lock {
        message: message.to_owned(),
    };
    work(global, &context, &what, None)
}

pub(super) fn unlock(global: &Global, arguments: &Environment) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment)?;
    work(global, &context, &ByHand::Unlock, None)
}

pub(super) fn work(
    global: &Global,
    context: &Context,
    what: &ByHand,
    wait: Option<Duration>,
) -> Result<ExitCode> {
    let fleet = Fleet::connect(&context.fleet_hosts(), &context.ssh).context("failed to start")?;
    let kind = what.kind();
    let mut report = session::report(global, context, kind.as_str());
    let id = session::run_id(kind.as_str());
    let job = |host| {
        let plan = by_hand(&context.config, host, what, context.files(host)?);
        Ok(Job {
            by: session::by(global),
            wait: wait.unwrap_or_default(),
            ..Job::new(compile(&plan), Mode::Run, id.as_str())
        })
    };
    let jobs = context.hosts.iter().map(job).collect::<Result<Vec<_>>>()?;
    report.run(id.as_str());
    report.scripts(&session::digests(&jobs))?;
    let policy = match kind {
        Kind::Reload | Kind::Restart => Policy::Together(Rules {
            on_failure: context.config.rollout.on_failure,
            batch: context.config.rollout.batch,
            migrate: None,
        }),
        _ => Policy::Apart,
    };
    fleet.run(jobs, policy, &mut |update| {
        let _ = report.update(&update);
    });
    Ok(report.close()?.end())
}

fn confirmed(context: &Context) -> Result<bool> {
    let names: Vec<&str> = context
        .hosts
        .iter()
        .map(|host| host.host.name.as_str())
        .collect();
    confirm::confirmed(&format!(
        "stop {} on {}? Visitors will get an error page (502)",
        context.config.environment,
        names.join(", ")
    ))
}
