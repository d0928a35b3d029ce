//! What the script says of static files.

use super::reasons::Meaning;
use super::storage;
use super::words::harmless;
use crate::event::Fields;

/// `None` for a reason that is not about them.
pub(super) fn failed(reason: &str, fields: &Fields, host: &str) -> Option<Meaning> {
    let path = || field(fields, "path");
    let (what, hint) = match reason {
        "static-missing" => (
            format!("the release has no directory `{}`", path()),
            "check `static.source`".to_owned(),
        ),
        "static-root" => (
            format!("the static files have no `{}` at their top", path()),
            "add it, or take it out of `static.at_root`".to_owned(),
        ),
        "static-special" => (
            format!(
                "`{}` among the static files is neither a file nor a directory",
                path()
            ),
            "remove it from the repository, or from what builds the static files".to_owned(),
        ),
        "static-references" => (
            "style sheets refer to static files that are missing".to_owned(),
            "add the files or correct the references; without `static.strict` they are warnings"
                .to_owned(),
        ),
        "static-changed" => (
            format!(
                "`{}` differs from the file of that name that {host} has from an earlier release",
                path()
            ),
            "a manifest of the project says that this name has a fingerprint, and browsers keep the file for a year: let the build put the content's hash into the name".to_owned(),
        ),
        "static-build" => (
            format!("`static.build` failed on {host}"),
            "what it printed is above; it runs in the release, as the login user".to_owned(),
        ),
        "client-build" => (
            "`static.build` failed on this machine".to_owned(),
            "what it printed is above; it runs in a clean checkout of the revision, without what the working copy has besides"
                .to_owned(),
        ),
        "client-build-timeout" => (
            "`static.build` took too long on this machine".to_owned(),
            "raise `static.build.timeout`, or find out what it waits for".to_owned(),
        ),
        "client-checkout" => (
            "this machine cannot check the revision out to build its static files".to_owned(),
            "what git said is above; it is taken from the clone that deploy.yaml is in, else from `repo`".to_owned(),
        ),
        "client-output" => (
            format!("`static.build` left nothing in `{}` on this machine", path()),
            "name the directory that it writes as `static.build.output`".to_owned(),
        ),
        "client-unanswered" => (
            format!("{host} was sent no static files by this machine"),
            "push again".to_owned(),
        ),
        "static-output" => (
            format!("`static.build` left nothing in `{}`", path()),
            "name the directory that it writes as `static.build.output`".to_owned(),
        ),
        "static-input" => (
            format!("the repository has no `{}`", path()),
            "correct `static.build.inputs`".to_owned(),
        ),
        "collect" => (
            format!("the static files cannot be collected on {host}"),
            "`static.collect` has to write them into the directory `$STATIC_ROOT`".to_owned(),
        ),
        "collect-special" => (
            format!(
                "`{}` among the collected static files is neither a file nor a directory",
                path()
            ),
            "static files are copied: a link would lead out of what was collected".to_owned(),
        ),
        _ => storage::failed(reason, fields, host)?,
    };
    Some(Meaning {
        what,
        hint: Some(hint),
    })
}

/// `None` for a warning that is not about them.
pub(super) fn warned(reason: &str, fields: &Fields) -> Option<String> {
    let path = || field(fields, "path");
    Some(match reason {
        "static-reference" => format!(
            "{}:{} refers to `{}`, which is not among the static files",
            path(),
            field(fields, "line"),
            field(fields, "reference")
        ),
        "static-link" => format!(
            "the link `{}` leads to no static file, and is not published",
            path()
        ),
        "static-name" => format!(
            "the name of the static file `{}` is not UTF-8, and it is not published",
            path()
        ),
        "static-more" => format!(
            "{} warnings about static files in all; the first are shown",
            field(fields, "count")
        ),
        _ => return None,
    })
}

fn field(fields: &Fields, key: &str) -> String {
    fields
        .get(key)
        .map_or_else(|| "?".to_owned(), |value| harmless(value))
}
