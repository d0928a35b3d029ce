use super::push::{decide, finish, gate, replaceable};
use super::task::hooks;
use super::{Action, Back, File, HostPlan, Identity, Kind, Step};
use crate::config::{Config, Moment};
use crate::target::TargetHost;

/// Where a rollback goes.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub back: Back,
    /// With the environment that is live now, instead of its own.
    pub keep_environment: bool,
}

/// What was live before the live release.
impl Default for Earlier {
    fn default() -> Self {
        Self {
            back: Back::Steps(1),
            keep_environment: false,
        }
    }
}

/// The same activation with a release the host has already.
pub fn rollback(
    config: &Config,
    host: &TargetHost,
    earlier: Earlier,
    first: bool,
    files: Vec<File>,
) -> HostPlan {
    let Earlier {
        back,
        keep_environment,
    } = earlier;
    let mut prepare = vec![Step::new("choose", Action::Choose(back))];
    if keep_environment {
        prepare.push(Step::new("environment", Action::KeepEnvironment));
    }
    prepare.push(Step::new(
        "units",
        Action::RestoreSystem {
            files: replaceable(&files),
        },
    ));
    prepare.extend(gate(config.server.trial()));
    prepare.push(Step::new("decide", decide(config)));
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Rollback,
        identity: Identity::new(config, host),
        prepare,
        migrate: Vec::new(),
        activate: hooks(config, Moment::BeforeRollback, first),
        finish: finish(config, Moment::AfterRollback, first),
        files,
    }
}
