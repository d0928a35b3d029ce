//! What the script's reasons mean, and what to do about them. A reason that is not listed here still prints, with its
//! fields.

use super::Subject;
use super::words::{harmless, listed};
use crate::event::Fields;

/// A clause without the host's state, and the next command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

/// The host is not ready.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn refused(reason: &str, fields: &Fields, host: &str, subject: &Subject) -> Meaning {
    let setup = || {
        let environment = &subject.environment;
        Some(match subject.command.as_str() {
            "setup" => {
                format!("log in as root or a sudoer: `deployer setup {environment} --login USER`")
            }
            _ => format!("run `deployer setup {environment}`"),
        })
    };
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    let room = || match (fields.get("need"), fields.get("have")) {
        (Some(need), Some(have)) => format!(" (needs {}, has {})", size(need), size(have)),
        _ => String::new(),
    };
    let counted = || match (fields.get("need"), fields.get("have")) {
        (Some(need), Some(have)) => format!(" (needs {need}, has {have})"),
        _ => String::new(),
    };
    let (what, hint) = match reason {
        "not-set-up" => (
            format!("{host} is not set up for `{}`", subject.environment),
            setup(),
        ),
        "disk" => (
            format!("{host} has not enough disk space{}", room()),
            Some("free some, or lower `keep_releases`".to_owned()),
        ),
        "inodes" => (
            format!("{host} has not enough inodes{}", counted()),
            Some("remove files, or lower `keep_releases`".to_owned()),
        ),
        "unwritable" => (
            format!("`{}` on {host} cannot be written", field("path")),
            Some(
                "see `mount` and `dmesg` there: the file system may be read-only after an error"
                    .to_owned(),
            ),
        ),
        "memory" => (
            format!(
                "{host} has not enough memory for a second generation beside the first{}",
                room()
            ),
            Some(
                "`gunicorn.reload: restart` needs none, at the price of a short downtime"
                    .to_owned(),
            ),
        ),
        "tool" => (format!("{host} has no `{}`", field("name")), setup()),
        "sudo" => (
            format!("the login on {host} may not control the app's units with sudo"),
            setup(),
        ),
        "owner" => (
            format!(
                "the app's root on {host} belongs to `{0}`, and this login is not `{0}`",
                field("name")
            ),
            Some(format!("log in as `{}`", field("name"))),
        ),
        "unit-changed" => (
            format!(
                "`{}` changes, and the login on {host} may not write it",
                field("path")
            ),
            Some(format!(
                "run `deployer setup {} --login root`, or as any sudoer",
                subject.environment
            )),
        ),
        "site-changed" => (
            format!("the nginx site changes, and the login on {host} may not write it"),
            setup(),
        ),
        "root-link" => (
            format!("the app's root is reached through a link on {host}"),
            Some("name the real path as `root`".to_owned()),
        ),
        "foreign" => (
            format!(
                "`{}` on {host} is not deployer's, and stays",
                field("path")
            ),
            Some("remove or rename it there, or choose another `app` name".to_owned()),
        ),
        "layout" => (
            format!("`current` on {host} is not a link"),
            Some("move it away; deployer makes `current` itself".to_owned()),
        ),
        "python" => (
            format!("{host} has no python {}", field("version")),
            Some("install it there, or change `python.version`".to_owned()),
        ),
        "git-host-key" => (
            format!(
                "{host} does not know the git server `{}`, which shows {}",
                field("host"),
                field("seen")
            ),
            Some(
                "compare that with what its owner publishes, then `--accept-git-host-key SHA256:...`"
                    .to_owned(),
            ),
        ),
        "older" => (
            format!("the revision is older than what is live on {host}"),
            Some("`--allow-older` deploys it all the same".to_owned()),
        ),
        "nothing-live" => (
            format!("nothing is live on {host}"),
            Some(format!("run `deployer push {}`", subject.environment)),
        ),
        "nothing-older" => (format!("{host} keeps no older good release"), None),
        "no-release" => (
            format!("{host} has no release `{}`", field("release")),
            Some(format!("see `deployer releases {}`", subject.environment)),
        ),
        "already-live" => (
            format!("`{}` is live on {host} already", field("release")),
            None,
        ),
        "virtualenv-gone" | "environment-gone" => (
            format!("parts of `{}` are gone from {host}", field("release")),
            None,
        ),
        "other-app" => (
            format!(
                "the user or root on {host} belongs to the app `{}`",
                field("name")
            ),
            Some("choose another `user` or `root`".to_owned()),
        ),
        "taken-name" => (
            format!(
                "{host} has an account `{}` that no setup of deployer made",
                field("name")
            ),
            Some("set `user` to a name that is free there".to_owned()),
        ),
        "moved" => (
            format!(
                "the app is live on {host} below `{}` as `{}`",
                field("root"),
                field("user")
            ),
            Some("`root` and `user` cannot change under a live app: keep them, or set up a second app and remove this one".to_owned()),
        ),
        "site-stays" => (
            format!(
                "the site `{}` on {host} still serves the app",
                field("path")
            ),
            Some("when something else serves it: remove that site and its link, reload nginx, and run this again".to_owned()),
        ),
        "nginx-down" => (
            format!("nginx does not run on {host}"),
            Some("start it there: `systemctl start nginx`".to_owned()),
        ),
        "git-unreachable" => (
            format!("{host} cannot reach the git server `{}`", field("host")),
            None,
        ),
        _ => (
            format!("{host} is not ready: {}", described(reason, fields)),
            None,
        ),
    };
    Meaning { what, hint }
}

/// A step did not do what it should.
pub(super) fn failed(step: &str, fields: &Fields, host: &str, subject: &Subject) -> Meaning {
    let reason = fields.get("reason").map(String::as_str);
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    let environment = &subject.environment;
    let when = if matches!(step, "trial" | "import") {
        ""
    } else {
        " after the switch"
    };
    let (what, hint) = match (reason.unwrap_or(step), step) {
        ("fetch", _) | (_, "fetch") if reason != Some("revision-missing") => (
            format!("{host} could not fetch from the repository"),
            Some(format!(
                "the host needs read access to it; `deployer setup {environment}` shows its deploy key"
            )),
        ),
        ("revision" | "revision-missing", _) => (
            format!("{host} did not find the revision in the repository"),
            Some("push the commit to the repository first".to_owned()),
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
        ("requirements", _) => ("the requirement files cannot be read".to_owned(), None),
        ("install", _) => (
            format!("the packages cannot be installed on {host}"),
            Some(format!(
                "`deployer push {environment} -v` shows all that the installer says"
            )),
        ),
        ("gunicorn-hash", _) => (
            "the requirements lack gunicorn, and `python.require_hashes` lets nothing be added"
                .to_owned(),
            Some("add gunicorn to the requirements, with its hashes".to_owned()),
        ),
        ("journal", _) => (format!("{host} could not write the journal"), None),
        ("release-gone", _) => (format!("the old release is gone from {host}"), None),
        ("reload", _) => (format!("systemd could not reload the app on {host}"), None),
        ("shared", _) => (
            format!(
                "`{}` cannot become a link into `shared/` on {host}",
                field("path")
            ),
            None,
        ),
        ("static-missing", _) => (
            format!("the release has no directory `{}`", field("path")),
            Some("check `static.source`".to_owned()),
        ),
        ("import", _) => (
            format!("the new release cannot be imported on {host}"),
            None,
        ),
        ("unit-check" | "unit-refused", _) => {
            (format!("systemd on {host} does not accept the unit"), None)
        }
        ("site-check" | "site-refused", _) => (
            format!("nginx on {host} does not accept its configuration"),
            None,
        ),
        ("sudoers-refused", _) => (format!("sudo on {host} does not accept its rules"), None),
        ("start" | "trial-start", _) => (
            format!("systemd could not start the new release on {host}"),
            None,
        ),
        ("died" | "stranger" | "timeout" | "boot-timeout" | "health" | "mixed" | "workers", _)
        | (_, "trial" | "proof") => (
            format!("the new release {} on {host}{when}", booted(reason, fields)),
            None,
        ),
        ("switch", _) => (format!("{host} could not switch to the new release"), None),
        _ => (format!("step `{}` failed on {host}", harmless(step)), None),
    };
    Meaning { what, hint }
}

pub(super) fn warned(reason: &str, fields: &Fields) -> String {
    described(reason, fields)
}

fn booted(reason: Option<&str>, fields: &Fields) -> String {
    match (reason, fields.get("status")) {
        (Some("died"), _) => "does not boot".to_owned(),
        (Some("timeout" | "boot-timeout"), _) => "does not boot in time".to_owned(),
        (Some("health"), Some(status)) => format!("answers {}", harmless(status)),
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

fn described(reason: &str, fields: &Fields) -> String {
    let reason = harmless(reason);
    if fields.is_empty() {
        reason
    } else {
        format!("{reason} ({})", listed(fields))
    }
}

/// Bytes as people read them; anything else as it is.
fn size(text: &str) -> String {
    let (number, unit) = match text.strip_suffix("kB") {
        Some(number) => (number, 1024),
        None => (text, 1),
    };
    let Ok(bytes) = number
        .parse::<u64>()
        .map(|number| number.saturating_mul(unit))
    else {
        return harmless(text);
    };
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}
