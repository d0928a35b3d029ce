use std::io::{self, Write as _};

use anyhow::{Context as _, Result};

use super::context::Context;
use super::{Unfit, known_hosts, login_keys, session};
use crate::cli::{Global, Setup};
use crate::config::{Host, Reach, UserName};
use crate::event::Event;
use crate::plan::{GitPins, setup};
use crate::report::{self, ExitCode, Verdict};
use crate::run::{Fleet, Job, Mode, News, Policy, Update};
use crate::script::compile;
use crate::target::ReleaseId;

pub(super) fn run(global: &Global, arguments: &Setup) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let hosts = hosts(&context, arguments.login.as_deref())?;
    let fleet = Fleet::connect(&hosts, &context.ssh).context("failed to start")?;
    let mut report = session::report(global, &context, "setup");
    let mut deploy_keys = Vec::new();
    let id = session::run_id("setup");
    report.run(id.as_str());
    fleet.run(
        jobs(global, arguments, &context, &id)?,
        Policy::Apart,
        &mut |update| {
            let host = &context.hosts[update.host].host.name;
            deploy_keys.extend(deploy_key(&update).map(|key| (host.clone(), key)));
            let _ = report.update(&update);
        },
    );
    let verdict = report.close()?;
    if verdict.code() != ExitCode::Done {
        return Ok(verdict.end());
    }
    if arguments.login.is_some() {
        let (_, login) = session::ask(global, &context, "login", &crate::plan::Question::State)?;
        if login.code() != ExitCode::Done {
            return Ok(login.end());
        }
    }
    show(&context, verdict, &deploy_keys)
}

/// Keys that the repository does not accept yet. They are the command's data: they go to standard output, so that they can be piped.
fn show(
    context: &Context,
    mut verdict: Verdict,
    deploy_keys: &[(String, String)],
) -> Result<ExitCode> {
    if !deploy_keys.is_empty() && !verdict.streams() {
        writeln!(
            io::stderr().lock(),
            "hint: before the first push, let this key read `{}`:",
            context.config.repo
        )?;
    }
    for (host, key) in deploy_keys {
        verdict.answer(&mut io::stdout().lock(), report::deploy_key(host, key))?;
    }
    Ok(verdict.end())
}

fn deploy_key(update: &Update) -> Option<String> {
    match &update.news {
        News::Event(Event::Fact { what, fields })
            if what == "deploy-key" && fields.get("works").is_none_or(|works| works == "no") =>
        {
            fields.get("value").cloned()
        }
        _ => None,
    }
}

/// The hosts as the first login reaches them.
pub(super) fn hosts(context: &Context, login: Option<&str>) -> Result<Vec<Host>> {
    let mut hosts = context.fleet_hosts();
    if let Some(login) = login {
        let name = UserName::try_from(login)
            .map_err(|invalid| Unfit::usage(format!("`{login}`: {invalid}")))?;
        for host in &mut hosts {
            if let Reach::Ssh { user, .. } = &mut host.reach {
                *user = Some(name.clone());
            }
        }
    }
    Ok(hosts)
}

fn jobs(global: &Global, arguments: &Setup, context: &Context, id: &ReleaseId) -> Result<Vec<Job>> {
    let pins = GitPins {
        known: known_hosts::pins(&context.config.repo, &context.ssh),
        accepted: arguments.accept_git_host_key.clone().unwrap_or_default(),
    };
    let certificate = context.certificate()?;
    let job = |host: &crate::target::TargetHost| {
        // Who can log in already needs no key.
        let keys = match (&arguments.login, host.login == "root") {
            (Some(_), false) => {
                login_keys::keys(&arguments.public_key, &host.host.reach, &context.ssh)?
            }
            _ => Vec::new(),
        };
        let script = compile(&setup(
            &context.config,
            host,
            &keys,
            &pins,
            context.setup_files(host)?,
        ));
        Ok(Job {
            by: session::by(global),
            wait: arguments.wait.wait.unwrap_or_default(),
            env: certificate.clone(),
            ..Job::new(script, Mode::Run, id.as_str())
        })
    };
    context.hosts.iter().map(job).collect()
}
