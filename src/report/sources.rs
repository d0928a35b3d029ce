//! What the script's reasons mean where the code is fetched and exported.

use super::Subject;
use super::reasons::Meaning;
use super::words::{count, harmless};
use crate::event::Fields;

/// The git server as `known_hosts` has it: `NAME`, or `[NAME]:PORT`.
pub(super) fn unreachable(host: &str, server: &str) -> Meaning {
    let named = server
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"));
    let asked = named.map_or_else(
        || server.to_owned(),
        |(name, port)| format!("-p {port} {name}"),
    );
    Meaning {
        what: format!("{host} cannot reach the git server `{server}`"),
        hint: Some(format!("try it there: `ssh-keyscan {asked}`")),
    }
}

/// `None` for a reason that is not about the repository.
pub(super) fn failed(
    reason: &str,
    fields: &Fields,
    host: &str,
    subject: &Subject,
) -> Option<Meaning> {
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    let repository = fields.get("url").map_or_else(
        || "the repository".to_owned(),
        |url| format!("`{}`", harmless(url)),
    );
    let environment = &subject.environment;
    let (what, hint) = match reason {
        "fetch" => (
            format!("{host} could not fetch from {repository}"),
            format!(
                "the host needs read access to it; `deployer setup {environment}` shows its deploy key"
            ),
        ),
        "git-unreachable" => return Some(unreachable(host, &field("host"))),
        "git-host-key-changed" => (
            format!(
                "the git server `{}` shows {host} another host key than the one that setup pinned ({})",
                field("host"),
                field("seen").trim()
            ),
            format!(
                "compare that with what its owner publishes; if it is theirs, correct your `known_hosts` and run `deployer setup {environment}`"
            ),
        ),
        "git-host-unknown" => (
            format!(
                "{host} knows no host key of the git server `{}`",
                field("host")
            ),
            format!("run `deployer setup {environment}`; it pins the server of `repo`, so submodules come from there or by https"),
        ),
        "mirror" => (
            format!("the copy of the repository on {host} is damaged, and a new one could not be made"),
            "look for a full or failing disk there".to_owned(),
        ),
        "revision" | "revision-missing" => (
            format!("{host} did not find the revision in the repository"),
            "push the commit to the repository first".to_owned(),
        ),
        "path-missing" => (
            format!("the revision has no directory `{}`", field("path")),
            "check `git.path`".to_owned(),
        ),
        "submodules" => (
            format!("the revision has submodules, such as `{}`", field("path")),
            "set `git.submodules: true` to deploy them, or `false` to leave their directories empty"
                .to_owned(),
        ),
        "submodule-url" => (
            format!(
                "the submodule `{}` has no URL in `.gitmodules` that a host may fetch from",
                field("path")
            ),
            "use `https://...`, `ssh://...`, `git@host:path` or a relative one such as `../lib.git`"
                .to_owned(),
        ),
        "submodule-missing" => (
            format!(
                "the repository of the submodule `{}` has no commit {}",
                field("path"),
                field("revision")
            ),
            "push the submodule's commit first".to_owned(),
        ),
        "submodule-depth" => (
            "submodules lie in each other more than ten deep".to_owned(),
            "one of them may contain itself".to_owned(),
        ),
        _ => return large_files(reason, fields, host, subject),
    };
    Some(Meaning {
        what,
        hint: Some(hint),
    })
}

/// The same where files are in git LFS.
fn large_files(reason: &str, fields: &Fields, host: &str, subject: &Subject) -> Option<Meaning> {
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    let environment = &subject.environment;
    let (path, url) = (field("path"), field("url"));
    let (what, hint) = match reason {
        "lfs" => (
            format!("`{path}` is in git LFS, and {host} has no `git-lfs` to fetch it with"),
            format!("add the package to `deploy.yaml`, `setup: {{packages: [git-lfs]}}`, and run `deployer setup {environment}`"),
        ),
        "lfs-fetch" => (
            format!(
                "{host} could not fetch {} from git LFS at `{url}`",
                several(fields, &path)
            ),
            "git-lfs says why, above; `git lfs push --all origin` in your clone sends what the server lacks".to_owned(),
        ),
        "lfs-url" => (
            format!("`{path}` names a server of git LFS that a host may not fetch from"),
            "use `https://...`, `ssh://...` or `git@host:path`, without a password in it".to_owned(),
        ),
        "lfs-extension" => (
            format!("`{path}` is in git LFS by an extension, whose program only a clone can run"),
            "store it in git LFS without the extension".to_owned(),
        ),
        _ => return None,
    };
    Some(Meaning {
        what,
        hint: Some(hint),
    })
}

fn several(fields: &Fields, path: &str) -> String {
    let number = fields.get("count").and_then(|count| count.parse().ok());
    match number {
        None | Some(1) => format!("`{path}`"),
        Some(number) => format!("{}, such as `{path}`,", count(number, "file")),
    }
}
