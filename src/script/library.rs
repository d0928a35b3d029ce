//! The fixed shell of a script, from `templates/script/`; not overridable.

use crate::config::{Manager, Scope};
use crate::plan::{Action, HostPlan, Identity, Kind};

const BASE: &str = include_str!("../../templates/script/base.sh");
const SYSTEMD: &str = include_str!("../../templates/script/manager/systemd.sh");
const SYSTEMD_SETUP: &str = include_str!("../../templates/script/manager/systemd_setup.sh");
const SYSTEMD_SYSTEM: &str = include_str!("../../templates/script/manager/systemd_system.sh");
const SYSTEMD_SYSTEM_SETUP: &str =
    include_str!("../../templates/script/manager/systemd_system_setup.sh");
const SYSTEMD_USER: &str = include_str!("../../templates/script/manager/systemd_user.sh");
const SYSTEMD_USER_SETUP: &str =
    include_str!("../../templates/script/manager/systemd_user_setup.sh");
const SUPERVISOR: &str = include_str!("../../templates/script/manager/supervisor.sh");
const SUPERVISOR_SETUP: &str = include_str!("../../templates/script/manager/supervisor_setup.sh");
const SUPERVISOR_SYSTEM: &str = include_str!("../../templates/script/manager/supervisor_system.sh");
const SUPERVISOR_SYSTEM_SETUP: &str =
    include_str!("../../templates/script/manager/supervisor_system_setup.sh");
const SUPERVISOR_USER: &str = include_str!("../../templates/script/manager/supervisor_user.sh");
const SUPERVISOR_USER_SETUP: &str =
    include_str!("../../templates/script/manager/supervisor_user_setup.sh");
const CRON: &str = include_str!("../../templates/script/manager/cron.sh");
const CRON_SYSTEM: &str = include_str!("../../templates/script/manager/cron_system.sh");
const CRON_USER: &str = include_str!("../../templates/script/manager/cron_user.sh");
const UPSTART: &str = include_str!("../../templates/script/manager/upstart.sh");
const UPSTART_SETUP: &str = include_str!("../../templates/script/manager/upstart_setup.sh");
const SCOPE_SYSTEM: &str = include_str!("../../templates/script/scope/system.sh");
const SCOPE_SYSTEM_SETUP: &str = include_str!("../../templates/script/scope/system_setup.sh");
const SCOPE_USER: &str = include_str!("../../templates/script/scope/user.sh");
const SCOPE_USER_SETUP: &str = include_str!("../../templates/script/scope/user_setup.sh");
const SESSION: &str = include_str!("../../templates/script/session.sh");
const LOCK: &str = include_str!("../../templates/script/lock.sh");
const WORKER: &str = include_str!("../../templates/script/worker.sh");
const GIT: &str = include_str!("../../templates/script/git.sh");
const EXPORT: &str = include_str!("../../templates/script/export.sh");
const LFS: &str = include_str!("../../templates/script/lfs.sh");
const SUBMODULES: &str = include_str!("../../templates/script/submodules.sh");
const PREPARE: &str = include_str!("../../templates/script/prepare.sh");
const RELEASE: &str = include_str!("../../templates/script/release.sh");
const ENVIRONMENT: &str = include_str!("../../templates/script/environment.sh");
const PYTHON: &str = include_str!("../../templates/script/python.sh");
const PACKAGES: &str = include_str!("../../templates/script/packages.sh");
const SYSTEM: &str = include_str!("../../templates/script/system.sh");
const ACME: &str = include_str!("../../templates/script/acme.sh");
const MAINTENANCE: &str = include_str!("../../templates/script/maintenance.sh");
const PAGES: &str = include_str!("../../templates/script/pages.sh");
const NGINX: &str = include_str!("../../templates/script/nginx.sh");
const DEFAULT: &str = include_str!("../../templates/script/default.sh");
const CERTIFICATE: &str = include_str!("../../templates/script/certificate.sh");
const GATES: &str = include_str!("../../templates/script/gates.sh");
const ACTIVATE: &str = include_str!("../../templates/script/activate.sh");
const TASK: &str = include_str!("../../templates/script/task.sh");
const COLLECT: &str = include_str!("../../templates/script/collect.sh");
const FRAMEWORK: &str = include_str!("../../templates/script/framework.sh");
const BUILD: &str = include_str!("../../templates/script/build.sh");
const STATIC: &str = include_str!("../../templates/script/static.sh");
const UPLOAD: &str = include_str!("../../templates/script/upload.sh");
const SHARED: &str = include_str!("../../templates/script/shared.sh");
const MIGRATE: &str = include_str!("../../templates/script/migrate.sh");
const WORKERS: &str = include_str!("../../templates/script/workers.sh");
const SCALE: &str = include_str!("../../templates/script/scale.sh");
const FINISH: &str = include_str!("../../templates/script/finish.sh");
const PRUNE: &str = include_str!("../../templates/script/prune.sh");
const ROLLBACK: &str = include_str!("../../templates/script/rollback.sh");
const SETUP: &str = include_str!("../../templates/script/setup.sh");
const AGAIN: &str = include_str!("../../templates/script/again.sh");
const CONTROL: &str = include_str!("../../templates/script/control.sh");
const READ: &str = include_str!("../../templates/script/read.sh");
const CHECK: &str = include_str!("../../templates/script/check.sh");
const PROBE: &str = include_str!("../../templates/script/probe.py");
const DIRECTORIES: &str = include_str!("../../templates/script/directories.py");
const POINTERS: &str = include_str!("../../templates/script/pointers.py");
const TASK_PY: &str = include_str!("../../templates/script/task.py");
const NAMES_PY: &str = include_str!("../../templates/script/names.py");
const UPLOAD_PY: &str = include_str!("../../templates/script/upload.py");
/// One program: the second part calls the first.
const PACKAGES_PY: &str = concat!(
    include_str!("../../templates/script/project.py"),
    "\n",
    include_str!("../../templates/script/requirements.py")
);
const STATIC_PY: &str = concat!(
    include_str!("../../templates/script/references.py"),
    "\n",
    include_str!("../../templates/script/manifests.py"),
    "\n",
    include_str!("../../templates/script/static.py")
);
pub(super) const MAIN: &str = include_str!("../../templates/script/main.sh");

/// What a run needs, in order.
pub(super) fn parts(plan: &HostPlan) -> Vec<&'static str> {
    let tasks = plan.has_tasks().then_some(TASK);
    let migrate = (!plan.migrate.is_empty()).then_some(MIGRATE);
    let collect = plan.has(|action| matches!(action, Action::CollectStatic { .. }));
    let collect = collect.then_some(COLLECT);
    let framework = plan.has(|action| matches!(action, Action::CheckFramework { .. }));
    let framework = framework.then_some(FRAMEWORK);
    let build = plan.has(|action| matches!(action, Action::BuildStatic { .. }));
    let build = build.then_some(BUILD);
    let publish = plan.publishes().then_some(STATIC);
    let upload = plan.has(|action| matches!(action, Action::UploadStatic { .. }));
    let upload = upload.then_some(UPLOAD);
    let files = plan.has(|action| matches!(action, Action::LinkFiles { .. }));
    let files = files.then_some(SHARED);
    let submodules = plan.has(|action| {
        matches!(
            action,
            Action::Export {
                submodules: Some(true),
                ..
            }
        )
    });
    let submodules = submodules.then_some(SUBMODULES);
    let certificate = plan.has(|action| matches!(action, Action::Certificate));
    let certificate = certificate.then_some(CERTIFICATE);
    let acme = plan.has(|action| matches!(action, Action::Acme { .. }));
    let acme = acme.then_some(ACME);
    let pages = plan.has(|action| matches!(action, Action::PublishPages { .. }));
    let pages = pages.then_some(PAGES);
    let own = of_kind(plan.kind).iter().copied();
    let wanted = [
        submodules,
        files,
        tasks,
        build,
        collect,
        framework,
        publish,
        upload,
        migrate,
        certificate,
        acme,
        pages,
    ];
    let manager = manager(&plan.identity, plan.kind);
    let base = [BASE].into_iter().chain(manager);
    base.chain(own)
        .chain(wanted.into_iter().flatten())
        .collect()
}

/// The functions by which everything else speaks to what runs the app, and becomes who may do so: the file of each
/// manager, and of each scope, defines the same.
fn manager(identity: &Identity, kind: Kind) -> Vec<&'static str> {
    let scope = match identity.scope {
        Scope::System => SCOPE_SYSTEM,
        Scope::User => SCOPE_USER,
    };
    let (manager, of_setup): (&[&str], &[&str]) = match (identity.manager, identity.scope) {
        (Manager::Systemd, Scope::System) => (
            &[SYSTEMD, SYSTEMD_SYSTEM],
            &[SYSTEMD_SETUP, SYSTEMD_SYSTEM_SETUP],
        ),
        (Manager::Systemd, Scope::User) => (
            &[SYSTEMD, SYSTEMD_USER],
            &[SYSTEMD_SETUP, SYSTEMD_USER_SETUP],
        ),
        (Manager::Supervisor, Scope::System) => (
            &[SUPERVISOR, SUPERVISOR_SYSTEM, CRON, CRON_SYSTEM],
            &[SUPERVISOR_SETUP, SUPERVISOR_SYSTEM_SETUP],
        ),
        (Manager::Supervisor, Scope::User) => (
            &[SUPERVISOR, SUPERVISOR_USER, CRON, CRON_USER],
            &[SUPERVISOR_SETUP, SUPERVISOR_USER_SETUP],
        ),
        // Its jobs are root's; the configuration refuses another scope.
        (Manager::Upstart, _) => (&[UPSTART, CRON, CRON_SYSTEM], &[UPSTART_SETUP]),
    };
    let scope_of_setup = match identity.scope {
        Scope::System => SCOPE_SYSTEM_SETUP,
        Scope::User => SCOPE_USER_SETUP,
    };
    match kind {
        Kind::Lock | Kind::Unlock | Kind::Maintenance | Kind::MaintenanceEnd => vec![scope],
        Kind::Setup => [&[scope], manager, of_setup, &[scope_of_setup]].concat(),
        _ => [&[scope], manager].concat(),
    }
}

fn of_kind(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Push => &[
            SESSION,
            LOCK,
            WORKER,
            GIT,
            EXPORT,
            LFS,
            PREPARE,
            ENVIRONMENT,
            PYTHON,
            PACKAGES,
            RELEASE,
            SYSTEM,
            NGINX,
            GATES,
            ACTIVATE,
            WORKERS,
            FINISH,
            READ,
        ],
        Kind::Rollback => &[
            SESSION,
            LOCK,
            WORKER,
            PREPARE,
            ENVIRONMENT,
            SYSTEM,
            NGINX,
            GATES,
            ACTIVATE,
            WORKERS,
            FINISH,
            ROLLBACK,
            READ,
        ],
        Kind::Reload | Kind::Restart => &[
            SESSION, LOCK, WORKER, PREPARE, SYSTEM, NGINX, GATES, ACTIVATE, WORKERS, FINISH, AGAIN,
            READ,
        ],
        Kind::Stop | Kind::Start => &[
            SESSION, LOCK, PREPARE, SYSTEM, NGINX, GATES, ACTIVATE, WORKERS, FINISH, CONTROL, READ,
        ],
        Kind::Scale => &[
            SESSION, LOCK, PREPARE, SYSTEM, NGINX, GATES, ACTIVATE, WORKERS, SCALE, FINISH,
            CONTROL, READ,
        ],
        Kind::Prune => &[
            SESSION, LOCK, PREPARE, SYSTEM, NGINX, GATES, ACTIVATE, WORKERS, FINISH, PRUNE, READ,
        ],
        Kind::Lock | Kind::Unlock => &[SESSION, LOCK, PREPARE, FINISH, CONTROL, READ],
        Kind::Maintenance | Kind::MaintenanceEnd => {
            &[SESSION, LOCK, PREPARE, FINISH, CONTROL, MAINTENANCE, READ]
        }
        Kind::Setup => &[SESSION, LOCK, GIT, SYSTEM, NGINX, SETUP, DEFAULT, READ],
        Kind::Read => &[
            SESSION,
            LOCK,
            GIT,
            PREPARE,
            ENVIRONMENT,
            SYSTEM,
            NGINX,
            GATES,
            ACTIVATE,
            WORKERS,
            FINISH,
            READ,
        ],
        Kind::Check => &[SESSION, GIT, SYSTEM, NGINX, PYTHON, CHECK],
    }
}

/// Python that the script hands to the host's interpreter: parsing and HTTP are not shell's work.
pub(super) fn programs(plan: &HostPlan) -> Vec<(&'static str, &'static str)> {
    let tasks = plan.has_tasks().then_some(("TASK_PY", TASK_PY));
    let own = match plan.kind {
        Kind::Push => &[
            ("PROBE_PY", PROBE),
            ("PACKAGES_PY", PACKAGES_PY),
            ("POINTERS_PY", POINTERS),
        ][..],
        Kind::Rollback | Kind::Reload | Kind::Restart | Kind::Stop | Kind::Start | Kind::Scale => {
            &[("PROBE_PY", PROBE)][..]
        }
        Kind::Prune => &[("PROBE_PY", PROBE), ("NAMES_PY", NAMES_PY)][..],
        Kind::Setup => &[("DIRECTORIES_PY", DIRECTORIES)][..],
        Kind::Lock
        | Kind::Unlock
        | Kind::Maintenance
        | Kind::MaintenanceEnd
        | Kind::Read
        | Kind::Check => &[][..],
    };
    let publish = plan.publishes().then_some(("STATIC_PY", STATIC_PY));
    let upload = plan.has(|action| matches!(action, Action::UploadStatic { .. }));
    let upload = upload.then_some(("UPLOAD_PY", UPLOAD_PY));
    let wanted = [tasks, publish, upload].into_iter().flatten();
    own.iter().copied().chain(wanted).collect()
}
