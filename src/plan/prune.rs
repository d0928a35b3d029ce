use super::push::keep_days;
use super::{Action, File, HostPlan, Identity, Kind, Step};
use crate::config::Config;
use crate::target::TargetHost;

/// What a host has to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruning {
    /// It says which files of a storage it needs.
    pub tells: bool,
    /// It is of the environment itself, and not of another that has files in the same storage.
    pub tidies: bool,
    /// Nothing is removed.
    pub dry_run: bool,
}

pub fn prune(config: &Config, host: &TargetHost, how: Pruning, files: Vec<File>) -> HostPlan {
    let keep = config.keep_releases;
    let action = if how.dry_run {
        Action::ForeseePrune { keep }
    } else {
        let days = keep_days(config);
        Action::Tidy { keep, days }
    };
    let tells = how.tells.then(|| Step::new("names", Action::TellNames));
    let tidies = how.tidies.then(|| Step::new("prune", action));
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Prune,
        identity: Identity::new(config, host),
        prepare: tells.into_iter().collect(),
        migrate: Vec::new(),
        activate: Vec::new(),
        finish: tidies.into_iter().collect(),
        files,
    }
}
