use super::{Meaning, text};
use crate::event::Fields;
use crate::report::Subject;
use crate::report::words::harmless;
use crate::report::{site, sources, statics};

/// A step did not do what it should.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(in crate::report) fn failed(
    step: &str,
    fields: &Fields,
    host: &str,
    subject: &Subject,
) -> Meaning {
    let reason = fields.get("reason").map(String::as_str);
    let field = |key: &str| text(fields, key);
    let environment = &subject.environment;
    let release = match subject.command.as_str() {
        "reload" | "restart" | "start" => "the release",
        _ => "the new release",
    };
    let when = if subject.command == "start" || matches!(step, "trial" | "import") {
        ""
    } else {
        " after the switch"
    };
    let source = sources::failed(reason.unwrap_or(step), fields, host, subject);
    if let Some(meaning) = source.or_else(|| sources::failed(step, fields, host, subject)) {
        return meaning;
    }
    let own = site::failed(reason.unwrap_or(step), fields, host);
    if let Some(meaning) = own.or_else(|| statics::failed(reason.unwrap_or(step), fields, host)) {
        return meaning;
    }
    let (what, hint) = match (reason.unwrap_or(step), step) {
        (_, "fetch") => (
            format!("{host} could not keep a copy of the repository"),
            None,
        ),
        ("export" | "archive", _) => (format!("{host} could not write the release"), None),
        ("reserved", _) => (
            format!(
                "the repository holds `{}`, a name that deployer needs in a release",
                field("name")
            ),
            Some("rename it in the repository".to_owned()),
        ),
        ("link-leaves-release", _) => (
            "a link in the repository leads out of the release".to_owned(),
            None,
        ),
        ("requirements", _) => (
            "the requirement files cannot be read".to_owned(),
            Some("check them, and `python.requirements`: paths in the repository".to_owned()),
        ),
        ("install", _) => (
            format!("the packages cannot be installed on {host}"),
            Some(format!(
                "correct what the installer names, in the requirements or on the host; `deployer push {environment} -v` shows all that it says"
            )),
        ),
        ("build", _) => (
            format!("the project cannot be built on {host}, which its dependencies are asked of"),
            Some(format!(
                "`deployer push {environment} -v` shows all that the build says; dependencies in the table `project` of pyproject.toml need no build"
            )),
        ),
        ("gunicorn-lock", _) => (
            "`uv.lock` lacks gunicorn, and nothing is added to what a lock holds".to_owned(),
            Some("run `uv add gunicorn`, and commit pyproject.toml and uv.lock".to_owned()),
        ),
        ("lock-pip", _) => (
            "only uv reads `uv.lock`, and `python.installer` is pip".to_owned(),
            Some(
                "remove `python.installer`, or name requirement files as `python.requirements`"
                    .to_owned(),
            ),
        ),
        ("no-hashes", _) => (
            format!(
                "`{}` holds no hashes, and `python.require_hashes` lets nothing else in",
                field("from")
            ),
            Some(
                "lock the project with `uv lock`, or use requirement files with hashes".to_owned(),
            ),
        ),
        ("gunicorn-hash", _) => (
            "the requirements lack gunicorn, and `python.require_hashes` lets nothing be added"
                .to_owned(),
            Some("add gunicorn to the requirements, with its hashes".to_owned()),
        ),
        ("journal", _) => (format!("{host} could not write the journal"), None),
        ("release-gone", _) => (format!("the old release is gone from {host}"), None),
        ("reload", _) => (
            format!("the process manager could not reload the app on {host}"),
            Some("where sudo refused it, `deployer setup` renews what the login may do".to_owned()),
        ),
        ("shared", _) => (
            format!(
                "`{}` cannot become a link into `shared/` on {host}",
                field("path")
            ),
            None,
        ),
        ("check", _) => (
            format!("`migrate.check` cannot say on {host} whether something is pending"),
            Some(
                "exit 0 says no, any other status yes; 126, 127 and a timeout are neither"
                    .to_owned(),
            ),
        ),
        (_, "migrate") => (format!("the migration failed on {host}"), None),
        (_, "backup") => (
            format!("the backup before the migration failed on {host}"),
            None,
        ),
        (_, step) if step.starts_with("before_") || step.starts_with("after_") => {
            (format!("hook `{}` failed on {host}", harmless(step)), None)
        }
        (_, "static") => (
            format!("the static files cannot be published on {host}"),
            None,
        ),
        ("worker", _) => (
            format!(
                "worker `{}` (number {}) does not stay up on {host}",
                field("name"),
                field("number")
            ),
            None,
        ),
        ("worker-runs", _) => (
            format!(
                "worker `{}` (number {}) could not be stopped on {host}",
                field("name"),
                field("number")
            ),
            None,
        ),
        ("stop", _) => (
            format!("the process manager could not stop the app on {host}"),
            None,
        ),
        ("import", _) => (format!("{release} cannot be imported on {host}"), None),
        ("unit-check" | "unit-refused", _) => (
            format!("the process manager on {host} does not accept its definition of the app"),
            None,
        ),
        ("no-package", _) => {
            let names = field("names");
            let brotli = names.contains("brotli");
            let hint = if brotli {
                "Debian from 12 and Ubuntu from 24.04 have it; on others take `brotli` out of `static.precompress`"
            } else {
                "look at `setup.packages`, and at the sources of apt there"
            };
            (
                format!(
                    "apt on {host} knows no package {}",
                    names.replace(' ', ", ")
                ),
                Some(hint.to_owned()),
            )
        }
        ("site-check" | "site-refused", _) => (
            format!("nginx on {host} does not accept its configuration"),
            None,
        ),
        ("listen", _) => (
            format!("nothing can listen on {host} at the address of `gunicorn.bind`"),
            Some("`ss -ltnp` there names the program that has the port".to_owned()),
        ),
        ("install-manager", _) => (
            format!("supervisord could not be installed below the app's root on {host}"),
            None,
        ),
        ("manager", _) => (
            format!("supervisord on {host} does not answer"),
            Some(
                "its own log there says why: `log/supervisord.log` below the app's root".to_owned(),
            ),
        ),
        ("sudoers-refused", _) => (format!("sudo on {host} does not accept its rules"), None),
        ("start" | "trial-start", _) => (
            format!("the process manager could not start {release} on {host}"),
            None,
        ),
        ("died" | "stranger" | "timeout" | "boot-timeout" | "health" | "mixed" | "workers", _)
        | (_, "trial" | "proof") => (
            format!("{release} {} on {host}{when}", booted(reason, fields)),
            None,
        ),
        ("switch", _) => (format!("{host} could not switch to the new release"), None),
        _ => (format!("step `{}` failed on {host}", harmless(step)), None),
    };
    Meaning { what, hint }
}

fn booted(reason: Option<&str>, fields: &Fields) -> String {
    match (reason, fields.get("status")) {
        (Some("died"), _) => "does not boot".to_owned(),
        (Some("timeout" | "boot-timeout"), _) => "does not boot in time".to_owned(),
        (Some("health"), Some(status)) => match fields.get("path") {
            Some(path) => format!("answers {} at `{}`", harmless(status), harmless(path)),
            None => format!("answers {}", harmless(status)),
        },
        (Some("health"), None) => "does not answer as it should".to_owned(),
        (Some("mixed"), _) => "has workers of another release".to_owned(),
        (Some("stranger"), _) => {
            "is not what answers at nginx's port: something else has it".to_owned()
        }
        (Some("workers"), _) => "has not all its workers".to_owned(),
        (Some(other), _) => format!("did not prove itself ({})", harmless(other)),
        (None, _) => "did not prove itself".to_owned(),
    }
}
