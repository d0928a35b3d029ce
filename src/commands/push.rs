use anyhow::{Context as _, Result};

use super::context::Context;
use super::{assets, revision, session};
use crate::cli::{Global, Push, RealPush};
use crate::git::WorkingCopy;
use crate::plan::push;
use crate::report::ExitCode;
use crate::run::{Fleet, Job, Mode, Policy, Rules};
use crate::script::compile;
use crate::target::{ReleaseId, Revision, Target};

pub(super) fn run(global: &Global, arguments: &RealPush) -> Result<ExitCode> {
    let (wait, arguments) = (&arguments.wait, &arguments.push);
    let mut context = Context::load(global, &arguments.environment.environment)?;
    let wanted = revision::wanted(&arguments.which, &context)?;
    context.resolve_secrets()?;
    // The repository is asked beside the connects, which take as long.
    let fleet = Fleet::connect(&context.fleet_hosts(), &context.ssh_for_fetching())
        .context("failed to start")?;
    let mut report = session::report(global, &context, "push");
    let target = target(
        &context,
        revision::current(&wanted, &context)?,
        Some(arguments),
    );
    let copy = context.working_copy.as_ref();
    let unpushed = copy
        .and_then(|copy| copy.unpushed(&target.revision.sha))
        .unwrap_or(0);
    report.run(target.release.as_str());
    report.revision(
        &target.revision,
        unpushed,
        copy.map_or(0, WorkingCopy::uncommitted),
    )?;
    let policy = Policy::Together(Rules {
        on_failure: target.config.rollout.on_failure,
        batch: target.config.rollout.batch,
        migrate: target.config.migrate.as_ref().map(|migrate| migrate.on),
    });
    let storage = assets::storage(&context)?;
    if let Some(storage) = &storage {
        report = report.masking(context.mask_with(storage.secrets()));
    }
    let build = assets::build(&context, &target.revision);
    let by = session::by(global);
    let job = |host| {
        let script = compile(&push(&target, host, context.files(host)?));
        Ok(Job {
            by: by.clone(),
            wait: wait.wait.unwrap_or_default(),
            env: context.environment_file(host)?,
            token: context.token.clone(),
            storage: storage.clone(),
            build: build.clone(),
            ..Job::new(script, Mode::Run, target.release.as_str())
        })
    };
    let jobs = target.hosts.iter().map(job).collect::<Result<Vec<_>>>()?;
    report.scripts(&session::digests(&jobs))?;
    fleet.run(jobs, policy, &mut |update| {
        let _ = report.update(&update);
    });
    if let Some(build) = build {
        build.stop();
    }
    Ok(report.close()?.end())
}

/// Now is when the release gets its name.
pub(super) fn target(context: &Context, revision: Revision, options: Option<&Push>) -> Target {
    Target {
        config: context.config.clone(),
        hosts: context.hosts.clone(),
        release: ReleaseId::new(jiff::Timestamp::now(), revision.short()),
        revision,
        allow_older: options.is_some_and(|options| options.allow_older),
        refresh_packages: options.is_some_and(|options| options.refresh_packages),
    }
}
