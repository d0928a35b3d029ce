//! The fixed shell of a script, from `templates/script/`; not overridable.

use crate::plan::{Action, HostPlan, Kind};

const BASE: &str = include_str!("../../templates/script/base.sh");
const SESSION: &str = include_str!("../../templates/script/session.sh");
const WORKER: &str = include_str!("../../templates/script/worker.sh");
const GIT: &str = include_str!("../../templates/script/git.sh");
const EXPORT: &str = include_str!("../../templates/script/export.sh");
const SUBMODULES: &str = include_str!("../../templates/script/submodules.sh");
const PREPARE: &str = include_str!("../../templates/script/prepare.sh");
const ENVIRONMENT: &str = include_str!("../../templates/script/environment.sh");
const PACKAGES: &str = include_str!("../../templates/script/packages.sh");
const SYSTEM: &str = include_str!("../../templates/script/system.sh");
const GATES: &str = include_str!("../../templates/script/gates.sh");
const ACTIVATE: &str = include_str!("../../templates/script/activate.sh");
const FINISH: &str = include_str!("../../templates/script/finish.sh");
const ROLLBACK: &str = include_str!("../../templates/script/rollback.sh");
const SETUP: &str = include_str!("../../templates/script/setup.sh");
const READ: &str = include_str!("../../templates/script/read.sh");
const PROBE: &str = include_str!("../../templates/script/probe.py");
const DIRECTORIES: &str = include_str!("../../templates/script/directories.py");
/// One program: the second part calls the first.
const PACKAGES_PY: &str = concat!(
    include_str!("../../templates/script/project.py"),
    "\n",
    include_str!("../../templates/script/requirements.py")
);
pub(super) const MAIN: &str = include_str!("../../templates/script/main.sh");

/// What a kind of run needs, in order.
pub(super) fn parts(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Push => &[
            BASE,
            SESSION,
            WORKER,
            GIT,
            EXPORT,
            PREPARE,
            ENVIRONMENT,
            PACKAGES,
            SYSTEM,
            GATES,
            ACTIVATE,
            FINISH,
            READ,
        ],
        Kind::Rollback => &[
            BASE,
            SESSION,
            WORKER,
            PREPARE,
            ENVIRONMENT,
            SYSTEM,
            GATES,
            ACTIVATE,
            FINISH,
            ROLLBACK,
            READ,
        ],
        Kind::Setup => &[BASE, SESSION, GIT, SYSTEM, SETUP, READ],
        Kind::Read => &[
            BASE,
            SESSION,
            GIT,
            PREPARE,
            ENVIRONMENT,
            SYSTEM,
            GATES,
            ACTIVATE,
            FINISH,
            READ,
        ],
    }
}

/// What only some plans need.
pub(super) fn extra(plan: &HostPlan) -> Option<&'static str> {
    let recursive = |action: &Action| {
        matches!(
            action,
            Action::Export {
                submodules: Some(true),
                ..
            }
        )
    };
    plan.prepare
        .iter()
        .any(|step| recursive(&step.action))
        .then_some(SUBMODULES)
}

/// Python that the script hands to the host's interpreter: parsing and HTTP are not shell's work.
pub(super) fn programs(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Push => &[("PROBE_PY", PROBE), ("PACKAGES_PY", PACKAGES_PY)],
        Kind::Rollback => &[("PROBE_PY", PROBE)],
        Kind::Setup => &[("DIRECTORIES_PY", DIRECTORIES)],
        Kind::Read => &[],
    }
}
