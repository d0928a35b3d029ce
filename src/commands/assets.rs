//! What a push needs of this machine for static files.

use std::sync::Arc;

use anyhow::Result;

use super::Unfit;
use super::context::Context;
use crate::cli;
use crate::run::{Login, Storage};

/// Asked before any host is told anything: credentials that do not fit change nothing.
pub(super) fn storage(context: &Context) -> Result<Option<Arc<Storage>>> {
    let Some(assets) = &context.config.assets else {
        return Ok(None);
    };
    let Some(storage) = &assets.publish else {
        return Ok(None);
    };
    let login = Login {
        directory: &context.directory,
        variable: cli::variable,
    };
    match Storage::open(storage, &assets.url, &login) {
        Ok(opened) => Ok(Some(Arc::new(opened))),
        Err(fault) => Err(Unfit::storage(&fault, storage)),
    }
}
