//! The fixed shell of a script, from `templates/script/`; not overridable.

use crate::plan::Kind;

const BASE: &str = include_str!("../../templates/script/base.sh");
const SESSION: &str = include_str!("../../templates/script/session.sh");
const WORKER: &str = include_str!("../../templates/script/worker.sh");
const GIT: &str = include_str!("../../templates/script/git.sh");
const PREPARE: &str = include_str!("../../templates/script/prepare.sh");
const SYSTEM: &str = include_str!("../../templates/script/system.sh");
const GATES: &str = include_str!("../../templates/script/gates.sh");
const ACTIVATE: &str = include_str!("../../templates/script/activate.sh");
const FINISH: &str = include_str!("../../templates/script/finish.sh");
const ROLLBACK: &str = include_str!("../../templates/script/rollback.sh");
const SETUP: &str = include_str!("../../templates/script/setup.sh");
const READ: &str = include_str!("../../templates/script/read.sh");
const CHECK: &str = include_str!("../../templates/script/check.sh");
const PROBE: &str = include_str!("../../templates/script/probe.py");
const DIRECTORIES: &str = include_str!("../../templates/script/directories.py");
const REQUIREMENTS: &str = include_str!("../../templates/script/requirements.py");
pub(super) const MAIN: &str = include_str!("../../templates/script/main.sh");

/// What a kind of run needs, in order.
pub(super) fn parts(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Push => &[
            BASE, SESSION, WORKER, GIT, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, READ,
        ],
        Kind::Rollback => &[
            BASE, SESSION, WORKER, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, ROLLBACK, READ,
        ],
        Kind::Setup => &[BASE, SESSION, GIT, SYSTEM, SETUP, READ],
        Kind::Read => &[
            BASE, SESSION, GIT, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, READ,
        ],
        Kind::Check => &[BASE, SESSION, GIT, SYSTEM, CHECK],
    }
}

/// Python that the script hands to the host's interpreter: parsing and HTTP are not shell's work.
pub(super) fn programs(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Push => &[("PROBE_PY", PROBE), ("REQUIREMENTS_PY", REQUIREMENTS)],
        Kind::Rollback => &[("PROBE_PY", PROBE)],
        Kind::Setup => &[("DIRECTORIES_PY", DIRECTORIES)],
        Kind::Read | Kind::Check => &[],
    }
}
