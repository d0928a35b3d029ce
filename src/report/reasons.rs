//! What the script's reasons mean, and what to do about them. A reason that is not listed here still prints, with its
//! fields.

use super::words::{harmless, listed};
use super::{Subject, holder};
use super::{site, sources, statics};
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
        "shared-file" => (
            format!("{host} has no file `{}`, which `shared` names", field("path")),
            Some(format!(
                "put it there as the app's user, such as `ssh {host} sudo -u {} tee {} < FILE`",
                field("user"),
                field("path")
            )),
        ),
        "tool" => (format!("{host} has no `{}`", field("name")), setup()),
        "sudo" => (
            format!("the login on {host} may not control the app's units with sudo"),
            match subject.command.as_str() {
                "setup" => setup(),
                _ => Some(format!(
                    "run `deployer setup {} --login root`, or as any sudoer",
                    subject.environment
                )),
            },
        ),
        "worker-right" => (
            format!(
                "the login on {host} may not start and stop worker `{}`",
                field("name")
            ),
            setup(),
        ),
        "worker-gone" => (
            format!(
                "the release needs `{}`, and the login on {host} may not write it",
                field("path")
            ),
            Some("log in as root or a sudoer, or choose another release".to_owned()),
        ),
        "no-worker" => (
            format!("the live release on {host} has no worker `{}`", field("name")),
            Some(format!(
                "`deployer push {}` brings it there",
                subject.environment
            )),
        ),
        "unwritable" => (
            format!("{host} cannot write below the app's root: {}", field("said")),
            Some(
                "look there with `df -h`, `df -i` and `mount`: the disk is full, or may only be read"
                    .to_owned(),
            ),
        ),
        "version" => (
            format!(
                "{host} has {} {}, which is too old: {} at least",
                field("tool"),
                field("have"),
                field("need")
            ),
            Some("upgrade the host: Ubuntu 20.04 and Debian 11 are new enough".to_owned()),
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
        "listen-changed" => (
            format!("`gunicorn.bind` is not what {host} was set up with"),
            setup(),
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
        "layout" => {
            let path = fields
                .get("path")
                .map_or_else(|| "current".to_owned(), |path| harmless(path));
            (
                format!("`{path}` below the app's root on {host} is not a link"),
                Some(format!("move it away; deployer makes `{path}` itself")),
            )
        }
        "python" => (
            format!("{host} has no python {}", field("version")),
            Some(python_from(fields, subject)),
        ),
        "venv" => (
            format!("the python {} of {host} cannot make virtualenvs", field("version")),
            Some(from_setup(&field("package"), subject)),
        ),
        "python-by-uv" => (
            format!("uv cannot bring python {} to {host}", field("version")),
            Some(
                "the host has to reach github.com, or the `python-install-mirror` of its /etc/uv/uv.toml; \
                 `deployer push -v` shows what uv says"
                    .to_owned(),
            ),
        ),
        "uv" => (
            format!("{host} has no `uv`, and pip cannot install uv {} there", field("version")),
            Some(
                "the package index has to offer it; or put `uv` into /usr/local/bin of the host"
                    .to_owned(),
            ),
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
        "nothing-older" => match fields.get("steps").map(String::as_str) {
            None | Some("1") => (format!("{host} keeps no older good release"), None),
            Some(steps) => (
                format!(
                    "{host} keeps {} older good releases, not {}",
                    field("found"),
                    harmless(steps)
                ),
                Some(format!("see `deployer releases {}`", subject.environment)),
            ),
        },
        "ambiguous" => (
            format!(
                "`{}` may mean several releases on {host}: {}",
                field("release"),
                field("of").replace(' ', ", ")
            ),
            Some("name more of the one that you mean".to_owned()),
        ),
        "no-run" => (format!("{host} has no record of a run"), None),
        "no-reload" => (
            format!("the live release on {host} cannot be reloaded: {}", match fields.get("why").map(String::as_str) {
                Some("stopped") => "it does not run",
                Some("unit") => "its unit is newer than its processes",
                Some("deaf") => "its workers do not heed a TERM",
                Some("threads") => {
                    "threads of its gunicorn, which is older than 24, would drop requests"
                }
                Some("server") => "nothing is known of how its server would do it",
                Some("preload") => "with `gunicorn.preload` the app lives in the master",
                _ => "its master cannot take a HUP",
            }),
            Some(match fields.get("why").map(String::as_str) {
                Some("stopped") => format!("run `deployer start {}`", subject.environment),
                _ => format!("run `deployer restart {}`", subject.environment),
            }),
        ),
        "release-gone" => (
            format!("the live release `{}` is gone from {host}", field("release")),
            Some(format!("run `deployer push {}`", subject.environment)),
        ),
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
        "no-brotli" => {
            let brotli = "or take `brotli` out of `static.precompress`";
            match field("what").as_str() {
                "program" => (
                    format!("{host} has no program `brotli`, which `static.precompress` asks for"),
                    Some(format!("`deployer setup {}` installs it; {brotli}", subject.environment)),
                ),
                _ => (
                    format!("nginx on {host} has no module for brotli, which `static.precompress` asks for"),
                    Some(format!(
                        "`deployer setup {}` installs Debian's `libnginx-mod-http-brotli-static` for Debian's nginx, which loads it in \
                         `/etc/nginx/modules-enabled`; another nginx needs a module of its own, loaded there; {brotli}",
                        subject.environment
                    )),
                ),
            }
        }
        "packages" => (
            format!("{host} lacks {}", field("names").replace(' ', ", ")),
            Some(format!(
                "an administrator installs them there: `apt-get install {}`",
                field("names")
            )),
        ),
        "manager-differs" => (
            format!(
                "{host} was set up for {}, and the file asks for {}",
                scoped(&field("have")),
                scoped(&field("want"))
            ),
            Some("`service.manager` and `service.scope` cannot change under an app: keep them, or set up a second app and remove this one".to_owned()),
        ),
        "other-manager" => (
            match field("have").as_str() {
                "neither" => format!("{host} is run by neither systemd nor Upstart"),
                have => format!("{host} is run by {have}, not by {}", field("want")),
            },
            Some(match field("have").as_str() {
                "neither" => "a supervisord can run the app there: `service: {manager: supervisor}`".to_owned(),
                have => format!("write `service: {{manager: {have}}}`"),
            }),
        ),
        "linger" => (
            format!("nothing runs for `{}` on {host} while it is not logged in", field("name")),
            Some(format!(
                "an administrator allows it there, once: `loginctl enable-linger {}`",
                field("name")
            )),
        ),
        "user-manager" => (
            format!("`{}` has no systemd of its own on {host}", field("name")),
            Some("an administrator installs it there: `apt-get install libpam-systemd dbus-user-session`".to_owned()),
        ),
        "no-place" => (
            format!("the login cannot make `{}` on {host}", field("path")),
            Some(
                "set `root` to a directory below the login's home, or let an administrator give that one to it"
                    .to_owned(),
            ),
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
        "site-older" => (
            format!("the site on {host} knows nothing of maintenance yet"),
            setup(),
        ),
        "nginx-down" => (
            format!("nginx does not run on {host}"),
            Some("start it there: `systemctl start nginx`".to_owned()),
        ),
        "agent" => (
            format!("the session on {host} reaches no ssh agent with a key, which `git.auth: agent` needs"),
            Some("start one here (`ssh-add -l` lists its keys), log in as the deploy user and not as root; or use `git.auth: key`".to_owned()),
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
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn failed(step: &str, fields: &Fields, host: &str, subject: &Subject) -> Meaning {
    let reason = fields.get("reason").map(String::as_str);
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
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
                "`deployer push {environment} -v` shows all that the installer says"
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
            None,
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

/// `supervisor user` for people.
fn scoped(manager: &str) -> String {
    match manager.split_once(' ') {
        Some((name, "user")) => format!("{name} of the login"),
        Some((name, _)) => format!("{name} of the host"),
        None => manager.to_owned(),
    }
}

pub(super) fn warned(reason: &str, fields: &Fields) -> String {
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    if let Some(text) = site::warned(reason, fields).or_else(|| statics::warned(reason, fields)) {
        return text;
    }
    match (reason, fields.get("count"), fields.get("names")) {
        ("unpinned", Some(count), Some(names)) => unpinned(count, names),
        ("no-cron", ..) => format!(
            "nothing starts the app with the host: there is no cron that the login may use; let its start include `{}`",
            field("line").trim_start_matches("@reboot ")
        ),
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

/// Where a Python that the host lacks can be had from.
fn python_from(fields: &Fields, subject: &Subject) -> String {
    let package = fields.get("package").map(|package| harmless(package));
    match (package, fields.get("system").map(String::as_str)) {
        (Some(package), _) => from_setup(&package, subject),
        (None, Some("ubuntu")) => {
            let version = fields
                .get("version")
                .map_or_else(|| "?".to_owned(), |version| harmless(version));
            format!(
                "change `python.version`, or add the archive `ppa:deadsnakes/ppa` there and install `python{version}-venv`"
            )
        }
        _ => "install it there, or change `python.version`".to_owned(),
    }
}

fn from_setup(package: &str, subject: &Subject) -> String {
    format!(
        "add `{package}` to `setup.packages` and run `deployer setup {}`",
        subject.environment
    )
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

fn described(reason: &str, fields: &Fields) -> String {
    let reason = harmless(reason);
    if fields.is_empty() {
        reason
    } else {
        format!("{reason} ({})", listed(fields))
    }
}

/// Bytes as people read them; anything else as it is.
pub(super) fn size(text: &str) -> String {
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
