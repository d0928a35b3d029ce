use super::{Meaning, text};
use crate::event::Fields;
use crate::report::Subject;
use crate::report::words::harmless;

/// The release that a run is about is not there, or not what it needs.
pub(super) fn refused(
    reason: &str,
    fields: &Fields,
    host: &str,
    subject: &Subject,
) -> Option<Meaning> {
    let field = |key: &str| text(fields, key);
    let (what, hint) = match reason {
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
            format!(
                "the live release on {host} cannot be reloaded: {}",
                match fields.get("why").map(String::as_str) {
                    Some("stopped") => "it does not run",
                    Some("unit") => "its unit is newer than its processes",
                    Some("deaf") => "its workers do not heed a TERM",
                    Some("threads") => {
                        "threads of its gunicorn, which is older than 24, would drop requests"
                    }
                    Some("server") => "nothing is known of how its server would do it",
                    Some("preload") => "with `gunicorn.preload` the app lives in the master",
                    _ => "its master cannot take a HUP",
                }
            ),
            Some(match fields.get("why").map(String::as_str) {
                Some("stopped") => format!("run `deployer start {}`", subject.environment),
                _ => format!("run `deployer restart {}`", subject.environment),
            }),
        ),
        "release-gone" => (
            format!(
                "the live release `{}` is gone from {host}",
                field("release")
            ),
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
        _ => return None,
    };
    Some(Meaning { what, hint })
}
