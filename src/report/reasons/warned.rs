use super::{described, text};
use crate::event::Fields;
use crate::report::words::harmless;
use crate::report::{holder, site, statics};

pub(in crate::report) fn warned(reason: &str, fields: &Fields) -> String {
    let field = |key: &str| text(fields, key);
    if let Some(text) = site::warned(reason, fields).or_else(|| statics::warned(reason, fields)) {
        return text;
    }
    match (reason, fields.get("count"), fields.get("names")) {
        ("unpinned", Some(count), Some(names)) => unpinned(count, names),
        ("no-cron", ..) => format!(
            "nothing starts the app with the host: there is no cron that the login may use; let its start include `{}`",
            field("line").trim_start_matches("@reboot ")
        ),
        ("no-service", ..) => unknown_service(&field("name")),
        ("hook-failed", ..) => format!(
            "hook `{}` failed (exit {}); the release serves all the same",
            field("name"),
            field("rc")
        ),
        ("framework-issues", Some(count), Some(names)) => framework(count, names),
        ("framework-failed", ..) => format!(
            "`manage.py check --deploy` failed (exit {}); the trial decides",
            field("rc")
        ),
        ("worker-cut", ..) => format!(
            "worker `{}` (number {}) was not done after {}s and was killed: what it did may be lost; `workers.{0}.stop_timeout` gives it longer",
            field("name"),
            field("number"),
            field("seconds")
        ),
        ("worker-stays", ..) => format!(
            "worker `{}` (number {}) is in the file no more, and this login may not stop it; `deployer setup` does",
            field("name"),
            field("number")
        ),
        ("not-removed", Some(count), _) => not_removed(count, &field("path")),
        ("unit-stays", ..) => format!(
            "`{}` stays as it is: this login may not write it",
            field("path")
        ),
        ("database-stays", ..) => format!(
            "the database stays as `{}` migrated it; a rollback takes back no migration",
            field("release")
        ),
        ("frozen", ..) => format!(
            "frozen {}; this is no push, so it goes on",
            holder::frozen(fields)
        ),
        _ => described(reason, fields),
    }
}

/// Said by `check` as well.
pub(in crate::report) fn unknown_service(name: &str) -> String {
    format!("the host has no `{name}`, which `service.after` names: nothing waits for it")
}

fn not_removed(count: &str, path: &str) -> String {
    let others = match count.parse().unwrap_or(0_u64) {
        0 | 1 => String::new(),
        2 => " (and another)".to_owned(),
        more => format!(" (and {} others)", more - 1),
    };
    format!(
        "`{path}`{others} is no longer needed, but holds files that this login cannot remove; root can"
    )
}

fn unpinned(count: &str, names: &str) -> String {
    let are = if count == "1" {
        "requirement is"
    } else {
        "requirements are"
    };
    format!(
        "{} {are} not pinned ({}): any new virtualenv may have newer ones",
        harmless(count),
        some_of(count, names)
    )
}

fn framework(count: &str, names: &str) -> String {
    let issues = if count == "1" { "issue" } else { "issues" };
    format!(
        "`manage.py check --deploy` finds {} {issues} ({}); `-v` shows them",
        harmless(count),
        some_of(count, names)
    )
}

/// The names that the host sent, which may be the first of more.
fn some_of(count: &str, names: &str) -> String {
    let shown = names.split(',').count();
    let more = if count.parse().is_ok_and(|count: usize| count > shown) {
        ", ..."
    } else {
        ""
    };
    harmless(&names.replace(',', ", ")) + more
}
