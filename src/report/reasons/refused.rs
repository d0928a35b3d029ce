use super::{Meaning, described, release, size, text};
use crate::event::Fields;
use crate::report::words::harmless;
use crate::report::{Subject, sources};

/// The host is not ready.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(in crate::report) fn refused(
    reason: &str,
    fields: &Fields,
    host: &str,
    subject: &Subject,
) -> Meaning {
    let setup = || {
        let environment = &subject.environment;
        Some(match subject.command.as_str() {
            "setup" => {
                format!("log in as root or a sudoer: `deployer setup {environment} --login USER`")
            }
            _ => format!("run `deployer setup {environment}`"),
        })
    };
    if let Some(meaning) = release::refused(reason, fields, host, subject) {
        return meaning;
    }
    let field = |key: &str| text(fields, key);
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
        "git-unreachable" => return sources::unreachable(host, &field("host")),
        _ => (
            format!("{host} is not ready: {}", described(reason, fields)),
            None,
        ),
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

/// Where a Python that the host lacks can be had from.
fn python_from(fields: &Fields, subject: &Subject) -> String {
    let package = fields.get("package").map(|package| harmless(package));
    match (package, fields.get("system").map(String::as_str)) {
        (Some(package), _) => from_setup(&package, subject),
        (None, Some("ubuntu")) => {
            let version = text(fields, "version");
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
