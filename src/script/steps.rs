use crate::config::{Installer, Takeover};
use crate::plan::{Action, Examination, Name, Virtualenv};
use crate::quote::sh_literal;

/// The library function that carries an action out, with its arguments.
pub(super) fn call(action: &Action) -> String {
    match action {
        Action::CheckHost => "check_host".to_owned(),
        Action::Fetch {
            repo,
            branch,
            revision,
            allow_older,
        } => words("fetch", [repo, branch, revision, yes_no(*allow_older)]),
        Action::Export { revision } => words("export_release", [revision]),
        Action::Virtualenv(virtualenv) => virtualenv_call(virtualenv),
        Action::Environment => "environment".to_owned(),
        Action::LinkRelease { uploads, shared } => {
            let uploads = uploads.as_deref().unwrap_or("");
            words(
                "link_release",
                [uploads]
                    .into_iter()
                    .chain(shared.iter().map(String::as_str)),
            )
        }
        Action::PublishStatic { url, source } => words("publish_static", [url, source]),
        Action::CheckSystem { files } => names("check_system", files),
        Action::TrialBoot => "trial \"$part\"".to_owned(),
        Action::ImportGate => "import_gate \"$part\"".to_owned(),
        Action::Decide {
            takeover,
            max_stall,
        } => format!("decide {} \"$part\" {max_stall}", takeover_word(*takeover)),
        Action::Seal { manifest } => words("seal", [manifest]),
        Action::Choose { release } => words("choose", [release.as_deref().unwrap_or("")]),
        Action::RestoreSystem { files } => names("restore_system", files),
        Action::Drain => "drain".to_owned(),
        Action::Record => "history live".to_owned(),
        Action::Prune { keep } => format!("prune {keep}"),
        Action::CheckSetup => "check_setup".to_owned(),
        Action::Packages { names } => words("packages", names),
        Action::Users { keys } => words("users", keys),
        Action::Directories => "directories".to_owned(),
        Action::Uploads { path } => words("uploads", [path]),
        Action::OwnFiles => "own_files".to_owned(),
        Action::GitAccess {
            repo,
            host,
            port,
            known,
            accepted,
        } => words(
            "git_access",
            [repo, host, &port.to_string(), known, accepted],
        ),
        Action::InstallSystem { files } => names("install_system", files),
        Action::StartSystem { nginx } => {
            format!("start_system {}", yes_no(*nginx))
        }
        Action::ShowState => "show_state".to_owned(),
        Action::ShowReleases => "show_releases".to_owned(),
        Action::Foresee { revision } => words("foresee", [revision]),
        Action::RemoteHead { repo, reference } => words("remote_head", [repo, reference]),
        Action::Examine(examination) => examine(examination),
    }
}

fn examine(examination: &Examination) -> String {
    let Examination {
        repo,
        git_server,
        branch,
        python,
        packages,
    } = examination;
    let (host, port) = git_server.clone().unwrap_or_default();
    let port = port.to_string();
    let asked = [repo, &host, &port, branch, python.as_deref().unwrap_or("")];
    words(
        "examine",
        asked.into_iter().chain(packages.iter().map(String::as_str)),
    )
}

fn words<I, T>(function: &str, arguments: I) -> String
where
    I: IntoIterator<Item = T>,
    T: AsRef<str>,
{
    arguments
        .into_iter()
        .fold(function.to_owned(), |call, word| {
            call + " " + &sh_literal(word.as_ref())
        })
}

fn names(function: &str, files: &[Name]) -> String {
    files
        .iter()
        .fold(function.to_owned(), |call, name| call + " " + name.as_str())
}

fn virtualenv_call(virtualenv: &Virtualenv) -> String {
    let Virtualenv {
        python,
        installer,
        index_url,
        require_hashes,
        gunicorn,
        requirements,
    } = virtualenv;
    let installer = match installer {
        Installer::Auto => "auto",
        Installer::Uv => "uv",
        Installer::Pip => "pip",
    };
    let options = [
        python.as_deref().unwrap_or(""),
        installer,
        index_url.as_deref().unwrap_or(""),
        yes_no(*require_hashes),
        gunicorn,
    ];
    words(
        "virtualenv",
        options
            .into_iter()
            .chain(requirements.iter().map(String::as_str)),
    )
}

fn takeover_word(takeover: Takeover) -> &'static str {
    match takeover {
        Takeover::Auto => "auto",
        Takeover::Reload => "reload",
        Takeover::Replace => "replace",
        Takeover::Restart => "restart",
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
