//! Plan -> Script: the bytes a host runs.
//!
//! A script is a header of literals, a fixed library (`templates/script/`), the rendered files and the plan's steps.
//! It is a pure function of the plan: run id, nonce, environment and user reach it when it runs.

mod library;
mod heredoc;
mod steps;

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::config::Scope;
use crate::plan::{Action, File, GitLogin, HostPlan, Identity, Kind, Place, Step};
use crate::quote::sh_literal;
use heredoc::heredoc;

/// The shell program for one host. What is previewed is what is executed.
#[derive(Debug, Clone)]
pub struct Script {
    pub text: String,
}

impl Script {
    /// Hex SHA-256 of the text, as `render`, `plan` and `push` print it.
    pub fn digest(&self) -> String {
        digest(&self.text)
    }
}

/// Compiles one host's plan.
pub fn compile(plan: &HostPlan) -> Script {
    let mut text = String::from("#!/bin/sh\n");
    header(&mut text, plan);
    for part in library::parts(plan) {
        text.push('\n');
        text.push_str(part);
    }
    text.push_str("\n# --- rendered files ---\n\n");
    rendered(&mut text, &plan.files);
    text.push_str("\n# --- the plan ---\n\n");
    match plan.kind {
        Kind::Push | Kind::Rollback | Kind::Reload | Kind::Restart => {
            function(&mut text, "plan_prepare", &plan.prepare, "step");
            migration(&mut text, &plan.migrate);
            text.push_str("plan_activate() { go; }\n");
            text.push_str("plan_switch() {\n");
            for step in &plan.activate {
                let (name, call) = (sh_literal(step.name), steps::call(&step.action));
                let _ = writeln!(text, "  run_step {name} {call} || return 1");
            }
            text.push_str("  :\n}\n");
            function(&mut text, "plan_finish", &plan.finish, "run_step");
        }
        Kind::Prune => {
            function(&mut text, "plan_prepare", &plan.prepare, "step");
            function(&mut text, "plan_finish", &plan.finish, "run_step");
        }
        Kind::Setup => function(&mut text, "plan_setup", &plan.prepare, "setup_step"),
        Kind::Stop
        | Kind::Start
        | Kind::Scale
        | Kind::Lock
        | Kind::Unlock
        | Kind::Maintenance
        | Kind::MaintenanceEnd => {
            function(&mut text, "plan_control", &plan.prepare, "step");
        }
        Kind::Read | Kind::Check => function(&mut text, "plan_read", &plan.prepare, ""),
    }
    text.push('\n');
    text.push_str(library::MAIN);
    Script { text }
}

fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "system",
        Scope::User => "user",
    }
}

/// Where a run keeps its script, its log and its lock.
fn state(plan: &HostPlan) -> String {
    let Identity {
        app, root, scope, ..
    } = &plan.identity;
    match (plan.kind, scope) {
        (Kind::Setup, Scope::System) => format!("/var/lib/deployer/{app}"),
        _ => format!("{root}/.deployer"),
    }
}

fn header(text: &mut String, plan: &HostPlan) {
    let Identity {
        app,
        environment,
        root,
        manager: _,
        scope,
        run_dir,
        user,
        owner,
        workers,
        boot,
        health,
        decide,
        git,
        static_url,
    } = &plan.identity;
    let kind = plan.kind.as_str();
    let work = match plan.kind {
        Kind::Push | Kind::Rollback | Kind::Reload | Kind::Restart => "worker",
        Kind::Stop
        | Kind::Start
        | Kind::Scale
        | Kind::Lock
        | Kind::Unlock
        | Kind::Maintenance
        | Kind::MaintenanceEnd => "control",
        Kind::Prune => "prune_run",
        Kind::Setup => "setup_run",
        Kind::Read => "read_only",
        Kind::Check => "check_only",
    };
    let (scope, state) = (scope_word(*scope), state(plan));
    let (auth, origin, username) = match git {
        GitLogin::Key => ("key", "", ""),
        GitLogin::Agent => ("agent", "", ""),
        GitLogin::Token { origin, username } => ("token", origin.as_str(), username.as_str()),
    };
    let table = system(&plan.files)
        .map(|(name, digest, mode, path)| format!("{name} {digest} {mode:04o} {path}"));
    // What any login can read, in the form of `sha256sum -c`.
    let readable = system(&plan.files)
        .filter(|(_, _, mode, _)| mode & 0o004 != 0)
        .map(|(_, digest, _, path)| format!("{digest}  {path}"));
    let values = [
        ("APP", app.clone()),
        ("ROOT", root.clone()),
        ("RUNDIR", run_dir.clone()),
        ("SCOPE", scope.to_owned()),
        ("RUNAS", user.clone()),
        ("OWNER", owner.clone()),
        ("KIND", kind.to_owned()),
        ("WORK", work.to_owned()),
        ("STATE", state),
        ("WORKERS", workers.to_string()),
        ("BOOT", boot.to_string()),
        ("DECIDE", decide.to_string()),
        ("HEALTH_HOST", health.host.clone()),
        ("HEALTH_PATH", health.path.clone()),
        ("HEALTH_LOW", health.status.0.to_string()),
        ("HEALTH_HIGH", health.status.1.to_string()),
        ("HEALTH_TIMEOUT", health.timeout.to_string()),
        ("SCHEME", health.scheme.to_owned()),
        (
            "NGINX_PORT",
            health.nginx_ports.first().unwrap_or(&0).to_string(),
        ),
        ("NGINX_PORTS", words(&health.nginx_ports)),
        ("GIT_AUTH", auth.to_owned()),
        ("GIT_ORIGIN", origin.to_owned()),
        ("GIT_USERNAME", username.to_owned()),
        ("SYSTEM_TABLE", lines(table)),
        ("SYSTEM_FILES", lines(readable)),
    ];
    let _ = writeln!(
        text,
        "# deployer {}: {kind} of {app} ({environment})",
        env!("CARGO_PKG_VERSION")
    );
    let _ = writeln!(
        text,
        "# shellcheck disable=SC2034 # not every kind of run uses every value"
    );
    text.push_str("{\n");
    for (name, value) in values {
        let _ = writeln!(text, "  {name}={}", sh_literal(&value));
    }
    // Only then: any other script must not depend on it.
    if refreshes(plan) {
        text.push_str("  REFRESH=yes\n");
    }
    if let Some(url) = static_url {
        let _ = writeln!(text, "  STATIC_URL={}", sh_literal(url));
    }
    if plan.has_tasks() {
        let _ = writeln!(text, "  ENVIRONMENT={}", sh_literal(environment));
    }
    for (name, program) in library::programs(plan) {
        let _ = writeln!(text, "  {name}={}", sh_literal(program));
    }
    text.push_str("}\n");
}

fn refreshes(plan: &HostPlan) -> bool {
    let of = |step: &Step| matches!(&step.action, Action::Virtualenv(made) if made.refresh);
    plan.prepare.iter().any(of)
}

fn rendered(text: &mut String, files: &[File]) {
    for file in files {
        let name = file.name.word();
        let _ = writeln!(
            text,
            "file_{name}() {{\n  cat <<{}}}\n",
            heredoc(&file.content)
        );
    }
    let digests = system(files).map(|(name, digest, ..)| format!("\"{name}\":\"{digest}\""));
    let json = digests.collect::<Vec<_>>().join(",");
    let _ = writeln!(
        text,
        "system_json() {{ printf '%s' {}; }}",
        sh_literal(&json)
    );
}

/// The root-owned files: name, digest, mode and path.
fn system(files: &[File]) -> impl Iterator<Item = (Cow<'static, str>, String, u32, &str)> {
    files.iter().filter_map(|file| match &file.place {
        Place::System(path) => Some((
            file.name.word(),
            digest(&file.content),
            file.mode,
            path.as_str(),
        )),
        Place::Host(_) | Place::Root(_) | Place::Release(_) => None,
    })
}

fn words(numbers: &[u16]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    words.join(" ")
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// What the verb `migrate` does: nothing where there is no migration.
fn migration(text: &mut String, steps: &[Step]) {
    if steps.is_empty() {
        text.push_str("plan_migrate() { :; }\n");
        return;
    }
    function(text, "migration_steps", steps, "migration_step");
    text.push_str("plan_migrate() { migrate; }\n");
}

fn function(text: &mut String, name: &str, steps: &[Step], runner: &str) {
    let _ = writeln!(text, "{name}() {{");
    for step in steps {
        let call = steps::call(&step.action);
        if runner.is_empty() {
            let _ = writeln!(text, "  {call}");
        } else {
            let _ = writeln!(text, "  {runner} {} {call}", sh_literal(step.name));
        }
    }
    text.push_str("  :\n}\n");
}

fn digest(text: &str) -> String {
    let hex = |mut hex: String, byte: &u8| {
        let _ = write!(hex, "{byte:02x}");
        hex
    };
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), hex)
}
