use super::push::{decide, finish, gate, replaceable};
use super::{Action, File, HostPlan, Identity, Kind, Step};
use crate::config::{Config, Moment};
use crate::target::TargetHost;

/// The same activation with a release the host has already; `None` means what was live before the live one.
pub fn rollback(
    config: &Config,
    host: &TargetHost,
    release: Option<&str>,
    first: bool,
    files: Vec<File>,
) -> HostPlan {
    let mut prepare = vec![
        Step::new(
            "choose",
            Action::Choose {
                release: release.map(ToOwned::to_owned),
            },
        ),
        Step::new(
            "units",
            Action::RestoreSystem {
                files: replaceable(&files),
            },
        ),
    ];
    prepare.extend(gate(config.gunicorn.trial));
    prepare.push(Step::new("decide", decide(config)));
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Rollback,
        identity: Identity::new(config, host),
        prepare,
        migrate: Vec::new(),
        activate: Vec::new(),
        finish: finish(config, Moment::AfterRollback, first),
        files,
    }
}
