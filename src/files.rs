//! Config -> every file that a host receives, rendered.

use crate::config::Config;
use crate::plan::File;
use crate::template::Templates;
use crate::web;

/// What setup looks after beside [`host_files`], for all apps of a host.
pub fn shared_files(config: &Config, templates: &Templates) -> anyhow::Result<Vec<File>> {
    let mut files = config.service.manager.shared_files(templates)?;
    files.extend(web::default_sites(config, templates)?);
    Ok(files)
}

/// The files of one host, whose tree belongs to the login user `owner`.
///
/// A pure function of its arguments: what differs between two releases is the work of a push.
pub fn host_files(
    config: &Config,
    owner: &str,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let mut files = config.service.manager.files(config, owner, templates)?;
    files.extend(web::site(config, templates)?);
    Ok(files)
}
