use super::push::{decide, finish, gate, replaceable};
use super::{Action, Back, File, HostPlan, Identity, Kind, Step};
use crate::config::Config;
use crate::target::TargetHost;

/// The same activation with a release the host has already.
pub fn rollback(config: &Config, host: &TargetHost, back: &Back, files: Vec<File>) -> HostPlan {
    let mut prepare = vec![
        Step::new("choose", Action::Choose(back.clone())),
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
        finish: finish(config),
        files,
    }
}
