use std::fs;
use std::io::stdout;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::context::Context;
use super::{Unfit, assets, confirm, session};
use crate::cli::{self, Global};
use crate::config::{Config, Host};
use crate::plan::{Pruning, prune};
use crate::report::{ExitCode, not_swept, swept};
use crate::run::{Fleet, Job, Mode, Policy, Rules, Sweep, Terms};
use crate::script::compile;
use crate::target::TargetHost;

pub(super) fn run(global: &Global, arguments: &cli::Prune) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let storage = assets::published(&context).is_some();
    if storage && !global.hosts.is_empty() {
        return Err(Unfit::usage(
            "every host is asked what it needs of the storage: leave `--hosts` out",
        ));
    }
    let others = if storage {
        others(global, &context)?
    } else {
        Vec::new()
    };
    let environments: Vec<&Context> = [&context].into_iter().chain(&others).collect();
    if !arguments.dry_run && !arguments.yes && !confirmed(&context)? {
        return Err(Unfit::usage(
            "nothing was removed; `-y` removes without asking, `--dry-run` lists what would go",
        ));
    }
    let sweep = sweep(&environments, arguments.dry_run)?;
    let hosts: Vec<Host> = environments
        .iter()
        .flat_map(|of| of.fleet_hosts())
        .collect();
    let fleet = Fleet::connect(&hosts, &context.ssh).context("failed to start")?;
    let command = if arguments.dry_run {
        "prune --dry-run"
    } else {
        "prune"
    };
    let names = environments.iter().flat_map(|of| names(of, &context));
    let mut report = session::report_of(global, &context, command, names.collect());
    if let Some(sweep) = &sweep {
        report = report.masking(context.mask_with(sweep.secrets()));
    }
    let id = session::run_id("prune");
    let mut jobs = Vec::new();
    for (index, of) in environments.iter().enumerate() {
        let how = Pruning {
            tells: storage,
            tidies: index == 0,
            dry_run: arguments.dry_run,
        };
        for host in &of.hosts {
            let plan = prune(&of.config, host, how, of.files(host)?);
            jobs.push(Job {
                by: session::by(global),
                wait: arguments.wait.wait.unwrap_or_default(),
                sweep: sweep.clone(),
                ..Job::new(compile(&plan), Mode::Run, id.as_str())
            });
        }
    }
    report.run(id.as_str());
    report.scripts(&session::digests(&jobs))?;
    fleet.run(jobs, Policy::Together(Rules::default()), &mut |update| {
        let _ = report.update(&update);
    });
    let mut verdict = report.close()?;
    let mut complete = true;
    if let (Some(sweep), Some((storage, _))) = (&sweep, assets::published(&context)) {
        let result = sweep.result();
        complete = result.as_ref().is_some_and(|result| result.complete);
        let answer = swept(result.as_ref(), storage, arguments.dry_run);
        verdict.answer(&mut stdout().lock(), answer)?;
        if let Some(fault) = result.and_then(|result| result.fault) {
            let (code, text) = not_swept(&fault, storage);
            return Err(Unfit { code, text }.into());
        }
    }
    Ok(match verdict.end() {
        ExitCode::Done if !complete => ExitCode::Internal,
        code => code,
    })
}

/// A host of another environment is told apart by its name.
fn names(of: &Context, own: &Context) -> Vec<String> {
    let environment = &of.config.environment;
    let name = |host: &TargetHost| match &host.host.name {
        name if environment == &own.config.environment => name.clone(),
        name => format!("{name} ({environment})"),
    };
    of.hosts.iter().map(name).collect()
}

/// The other environments of the file: a release of any may be from a time when its files were in the same place.
fn others(global: &Global, context: &Context) -> Result<Vec<Context>> {
    let own = context.config.environment.as_str();
    environments(&global.config)?
        .iter()
        .filter(|name| *name != own)
        .map(|name| Context::load(global, name))
        .collect()
}

fn environments(file: &Path) -> Result<Vec<String>> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("failed to read `{name}`"))?;
    let names = Config::environments(&text, &name)?;
    Ok(names.iter().map(ToString::to_string).collect())
}

/// What is there, asked before any host is told anything.
fn sweep(environments: &[&Context], dry_run: bool) -> Result<Option<Arc<Sweep>>> {
    let Some((own, (storage, url))) = environments
        .first()
        .and_then(|context| Some((context, assets::published(context)?)))
    else {
        return Ok(None);
    };
    let all = environments.iter();
    let assets = all
        .clone()
        .filter_map(|context| context.config.assets.as_ref());
    let terms = Terms {
        keep_days: assets.map(|assets| assets.keep_days).max().unwrap_or(0),
        hosts: all.map(|context| context.hosts.len()).sum(),
        dry_run,
    };
    let login = assets::login(&own.directory);
    match Sweep::open(storage, url, &login, terms) {
        Ok(sweep) => Ok(Some(Arc::new(sweep))),
        Err(fault) => Err(Unfit::storage(&fault, storage)),
    }
}

fn confirmed(context: &Context) -> Result<bool> {
    let bucket = assets::published(context).map(|(storage, _)| storage.name());
    let places: Vec<String> = context
        .hosts
        .iter()
        .map(|host| host.host.name.clone())
        .chain(bucket)
        .collect();
    confirm::confirmed(&format!(
        "remove what no kept release of {} needs from {}? `--dry-run` lists it",
        context.config.environment,
        places.join(", ")
    ))
}
