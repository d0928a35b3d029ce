use super::words::harmless;
use crate::run::Transferred;

/// Why uploads were not copied, or not all; what is there already stays, and is not copied twice.
pub fn uploads_failed(host: &str, environment: &str, how: Transferred) -> String {
    let host = harmless(host);
    let again = "run it again: it goes on where it stopped";
    let (what, hint) = match how {
        Transferred::Whole => return String::new(),
        Transferred::NotHere => (
            "this machine has no `rsync`".to_owned(),
            "install it, as Debian's package `rsync` or with Homebrew".to_owned(),
        ),
        Transferred::NotThere => (
            format!("{host} has no `rsync`, or its login may not act as the app's user"),
            format!("run `deployer setup {environment}`, which sees to both"),
        ),
        Transferred::Unreachable => (
            format!("the connection to {host} failed or broke"),
            again.to_owned(),
        ),
        Transferred::Interrupted => ("interrupted".to_owned(), again.to_owned()),
        Transferred::Partly => (
            format!("some files could not be copied from or to {host}; rsync names them above"),
            again.to_owned(),
        ),
        Transferred::Failed(code) => (
            format!("rsync failed with {host} (exit {code})"),
            again.to_owned(),
        ),
    };
    format!("{what}\nhint: {hint}")
}
