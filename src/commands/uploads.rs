use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, Result};

use super::context::Context;
use super::{Unfit, confirm, session};
use crate::cli::{self, Global, UploadsOptions, UploadsWay};
use crate::config::{Reach, Scope};
use crate::report::{ExitCode, uploads_failed};
use crate::run::{Transfer, Transferred, Way, transfer};
use crate::target::TargetHost;

pub(super) fn run(global: &Global, arguments: &cli::Uploads) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let (way, options) = match &arguments.way {
        UploadsWay::Pull(options) => (Way::Pull, options),
        UploadsWay::Push(options) => (Way::Push, options),
    };
    let transfers = transfers(global, &context, way, options)?;
    if options.delete && !options.dry_run && !options.yes && !confirmed(&context, &transfers)? {
        return Err(Unfit::usage("nothing copied; `-y` deletes without asking"));
    }
    for (name, each) in &transfers {
        let done = transfer(each).context("failed to run `rsync`")?;
        let code = match done {
            Transferred::Whole => continue,
            Transferred::NotHere | Transferred::NotThere => ExitCode::NotReady,
            Transferred::Unreachable => ExitCode::Connect,
            Transferred::Interrupted => ExitCode::Interrupted,
            Transferred::Partly | Transferred::Failed(_) => ExitCode::Internal,
        };
        let text = uploads_failed(name, context.config.environment.as_str(), done);
        return Err(Unfit { code, text }.into());
    }
    if let Some(stream) = session::stream(global) {
        stream.done();
    }
    Ok(ExitCode::Done)
}

/// One for each host; files come from one host alone.
fn transfers<'a>(
    global: &Global,
    context: &'a Context,
    way: Way,
    options: &UploadsOptions,
) -> Result<Vec<(&'a str, Transfer<'a>)>> {
    let Some(uploads) = &context.config.uploads else {
        return Err(Unfit::usage(
            "there is no section `uploads` in the file: it says which files these are",
        ));
    };
    if way == Way::Pull && context.hosts.len() > 1 {
        let names: Vec<&str> = context
            .hosts
            .iter()
            .map(|host| host.host.name.as_str())
            .collect();
        return Err(Unfit::usage(format!(
            "several hosts: choose the one to copy from, such as `--hosts {}`; there are {}",
            names[0],
            names.join(", ")
        )));
    }
    let local = match &options.directory {
        Some(directory) => directory.clone(),
        None => context.directory.join(uploads.path.as_str()),
    };
    if way == Way::Push && !local.is_dir() {
        let local = local.display();
        return Err(Unfit::usage(format!(
            "`{local}` is no directory of this machine"
        )));
    }
    let remote = format!("{}/shared/{}", context.config.root, uploads.path);
    // Without root the app is the login itself.
    let user = match context.config.service.scope {
        Scope::System => Some(&context.config.user),
        Scope::User => None,
    };
    let one = |host: &'a TargetHost| {
        let name = host.host.name.as_str();
        let Reach::Ssh { address, port, .. } = &host.host.reach else {
            return Err(Unfit::usage(format!(
                "{name} is this machine: the files are in `{remote}`"
            )));
        };
        let transfer = Transfer {
            ssh: &context.ssh,
            login: &host.login,
            address,
            port: *port,
            user,
            remote: remote.clone(),
            local: local.clone(),
            way,
            delete: options.delete,
            dry_run: options.dry_run,
            quiet: global.quiet || global.json || !io::stderr().is_terminal(),
        };
        Ok((name, transfer))
    };
    context.hosts.iter().map(one).collect()
}

fn confirmed(context: &Context, transfers: &[(&str, Transfer<'_>)]) -> Result<bool> {
    let names: Vec<&str> = transfers.iter().map(|(name, _)| *name).collect();
    let (from, to) = match transfers.first().map(|(_, transfer)| transfer) {
        Some(transfer) if transfer.way == Way::Pull => {
            (names.join(", "), transfer.local.display().to_string())
        }
        Some(transfer) => (transfer.local.display().to_string(), names.join(", ")),
        None => return Ok(false),
    };
    confirm::confirmed(&format!(
        "delete uploads of {} on {to} that {from} does not have? `--dry-run` lists them",
        context.config.environment
    ))
}
