//! What a push needs of this machine for static files.

use std::path::Path;
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use anyhow::Result;

use super::Unfit;
use super::context::Context;
use crate::cli;
use crate::config::{self, BuildOn, GitAuth, UrlPath};
use crate::report::{Finding, storage_finding};
use crate::run::{Build, Checkout, Login, Storage, StorageFault};
use crate::target::Revision;

/// Asked before any host is told anything: credentials that do not fit change nothing.
pub(super) fn storage(context: &Context) -> Result<Option<Arc<Storage>>> {
    let Some((storage, url)) = published(context) else {
        return Ok(None);
    };
    match open(storage, url, &context.directory) {
        Ok(opened) => Ok(Some(Arc::new(opened))),
        Err(fault) => Err(Unfit::storage(&fault, storage)),
    }
}

/// Whether a push could use it, asked beside whatever else is asked.
pub(super) fn ask(context: &Context) -> Option<JoinHandle<Finding>> {
    let (storage, url) = published(context)?;
    let (storage, url, directory) = (storage.clone(), url.clone(), context.directory.clone());
    Some(spawn(move || {
        let opened = open(&storage, &url, &directory);
        storage_finding(&opened.and_then(|opened| opened.objects()), &storage)
    }))
}

pub(super) fn published(context: &Context) -> Option<(&config::Storage, &UrlPath)> {
    let assets = context.config.assets.as_ref()?;
    Some((assets.publish.as_ref()?, &assets.url))
}

fn open(
    storage: &config::Storage,
    url: &UrlPath,
    directory: &Path,
) -> Result<Storage, StorageFault> {
    Storage::open(storage, url, &login(directory))
}

/// Where credentials are looked for.
pub(super) fn login(directory: &Path) -> Login<'_> {
    Login {
        directory,
        variable: cli::variable,
    }
}

/// What this machine builds, where the file says that it does.
pub(super) fn build(context: &Context, revision: &Revision) -> Option<Arc<Build>> {
    let build = context.config.assets.as_ref()?.build.as_ref()?;
    if build.on == BuildOn::Host {
        return None;
    }
    let git = &context.config.git;
    let login = match (&git.auth, context.config.repo.https_origin()) {
        (GitAuth::Token(token), Some(origin)) => Some((
            origin.to_owned(),
            token.username.clone(),
            context.token.clone(),
        )),
        _ => None,
    };
    let checkout = Checkout {
        directory: context.directory.clone(),
        repo: context.config.repo.clone(),
        ssh_config: context.ssh.config.clone(),
        login,
        sha: revision.sha.clone(),
        reference: revision.reference.clone(),
        path: git.path.clone(),
    };
    Some(Arc::new(Build::new(
        checkout,
        build.run.to_string(),
        build.output.to_string(),
        build.timeout,
    )))
}
