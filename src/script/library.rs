//! The fixed shell of a script, from `templates/script/`; not overridable.

use crate::plan::Kind;

const BASE: &str = include_str!("../../templates/script/base.sh");
const SESSION: &str = include_str!("../../templates/script/session.sh");
const LOCK: &str = include_str!("../../templates/script/lock.sh");
const WORKER: &str = include_str!("../../templates/script/worker.sh");
const GIT: &str = include_str!("../../templates/script/git.sh");
const PREPARE: &str = include_str!("../../templates/script/prepare.sh");
const SYSTEM: &str = include_str!("../../templates/script/system.sh");
const GATES: &str = include_str!("../../templates/script/gates.sh");
const ACTIVATE: &str = include_str!("../../templates/script/activate.sh");
const FINISH: &str = include_str!("../../templates/script/finish.sh");
const ROLLBACK: &str = include_str!("../../templates/script/rollback.sh");
const SETUP: &str = include_str!("../../templates/script/setup.sh");
const AGAIN: &str = include_str!("../../templates/script/again.sh");
const CONTROL: &str = include_str!("../../templates/script/control.sh");
const READ: &str = include_str!("../../templates/script/read.sh");
const PROBE: &str = include_str!("../../templates/script/probe.py");
const DIRECTORIES: &str = include_str!("../../templates/script/directories.py");
const REQUIREMENTS: &str = include_str!("../../templates/script/requirements.py");
pub(super) const MAIN: &str = include_str!("../../templates/script/main.sh");

/// What a kind of run needs, in order.
pub(super) fn parts(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Push => &[
            BASE, SESSION, LOCK, WORKER, GIT, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, READ,
        ],
        Kind::Rollback => &[
            BASE, SESSION, LOCK, WORKER, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, ROLLBACK, READ,
        ],
        Kind::Reload | Kind::Restart => &[
            BASE, SESSION, LOCK, WORKER, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, AGAIN, READ,
        ],
        Kind::Stop | Kind::Start => &[
            BASE, SESSION, LOCK, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, CONTROL, READ,
        ],
        Kind::Lock | Kind::Unlock => &[BASE, SESSION, LOCK, PREPARE, FINISH, CONTROL, READ],
        Kind::Setup => &[BASE, SESSION, LOCK, GIT, SYSTEM, SETUP, READ],
        Kind::Read => &[
            BASE, SESSION, LOCK, GIT, PREPARE, SYSTEM, GATES, ACTIVATE, FINISH, READ,
        ],
    }
}

/// Python that the script hands to the host's interpreter: parsing and HTTP are not shell's work.
pub(super) fn programs(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Push => &[("PROBE_PY", PROBE), ("REQUIREMENTS_PY", REQUIREMENTS)],
        Kind::Rollback | Kind::Reload | Kind::Restart | Kind::Stop | Kind::Start => {
            &[("PROBE_PY", PROBE)]
        }
        Kind::Setup => &[("DIRECTORIES_PY", DIRECTORIES)],
        Kind::Lock | Kind::Unlock | Kind::Read => &[],
    }
}
