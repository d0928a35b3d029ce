use crate::config::{Account, BuildOn, Installer, PythonFrom, Takeover};
use crate::plan::{
    Action, Back, Examination, Maintenance, Name, Publication, Source, Task, Virtualenv,
};
use crate::quote::sh_literal;

/// The library function that carries an action out, with its arguments.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn call(action: &Action) -> String {
    match action {
        Action::CheckHost => "check_host".to_owned(),
        Action::Fetch {
            repo,
            reference,
            revision,
            allow_older,
        } => {
            let reference = reference.as_deref().unwrap_or("");
            words("fetch", [repo, reference, revision, yes_no(*allow_older)])
        }
        Action::Export {
            revision,
            path,
            submodules,
        } => {
            let (path, submodules) = (path.as_deref().unwrap_or(""), submodules.map(yes_no));
            words(
                "export_release",
                [revision, path, submodules.unwrap_or_default()],
            )
        }
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
        Action::LinkFiles { files } => words("link_files", files),
        Action::Processes { files, .. } => files
            .iter()
            .fold("write_files".to_owned(), |call, (name, path)| {
                format!("{call} {} {}", name.word(), sh_literal(path))
            }),
        Action::PublishStatic(publication) => publish_call(publication),
        Action::UploadStatic { name } => words("upload_static", [name]),
        Action::PublishPages { directory } => words("publish_pages", [directory]),
        Action::CheckSystem { files } => names("check_system \"$part\"", files),
        Action::TrialBoot => "trial \"$part\"".to_owned(),
        Action::ImportGate => "import_gate \"$part\"".to_owned(),
        Action::Decide {
            takeover,
            max_stall,
        } => format!("decide {} \"$part\" {max_stall}", takeover_word(*takeover)),
        Action::Seal { manifest } => words("seal", [manifest]),
        Action::BuildStatic {
            on,
            output,
            inputs,
            task,
        } => {
            let function = match on {
                BuildOn::Host => "build_static",
                BuildOn::Client => "take_build",
            };
            words(&task_call(&words(function, [output]), task), inputs)
        }
        Action::CollectStatic { url, task } => task_call(&words("collect_static", [url]), task),
        Action::CheckFramework { manage, task } => {
            task_call(&words("check_framework", [manage]), task)
        }
        Action::Task(task) => task_call("task", task),
        Action::LateTask(task) => task_call("late_task", task),
        Action::Pending { check: None } => "pending".to_owned(),
        Action::Pending { check: Some(task) } => task_call("pending", task),
        Action::Migrate(task) => task_call("migrate_database", task),
        Action::FullTrial => "trial \"$ROOT/releases/$RELEASE\"".to_owned(),
        Action::Verify => "verify".to_owned(),
        Action::Choose(Back::To(release)) => words("choose", [release.as_str(), "1"]),
        Action::Choose(Back::Steps(steps)) => words("choose", ["", &steps.to_string()]),
        Action::KeepEnvironment => "keep_environment".to_owned(),
        Action::RestoreSystem { files } => names("restore_system", files),
        Action::Drain => "drain".to_owned(),
        Action::Record => "history live".to_owned(),
        Action::InstallManager { index_url } => {
            words("install_manager", [index_url.as_deref().unwrap_or("")])
        }
        Action::Prune { keep, days } => format!("prune {keep} {days}"),
        Action::TellNames => "tell_names".to_owned(),
        Action::Tidy { keep, days } => format!("tidy {keep} {days}"),
        Action::ForeseePrune { keep } => format!("foresee_prune {keep}"),
        Action::CheckSetup => "check_setup".to_owned(),
        Action::Packages { names } => words("packages", names),
        Action::Users { keys } => words("users", keys),
        Action::Directories => "directories".to_owned(),
        Action::Uploads { path } => words("uploads", [path]),
        Action::OwnFiles { files } => names("own_files", files),
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
        Action::GitHost {
            host,
            port,
            known,
            accepted,
        } => words("pin_git_host", [host, &port.to_string(), known, accepted]),
        Action::InstallSystem { files } => names("install_system", files),
        Action::NameServices { names } => words("name_services", names),
        Action::StartSystem { nginx } => {
            format!("start_system {}", yes_no(*nginx))
        }
        Action::Certificate => "certificate".to_owned(),
        Action::Acme {
            lineage,
            email,
            directory,
            names,
        } => words("acme", [lineage, email, directory].into_iter().chain(names)),
        Action::DefaultSites { sites } => {
            let sites = sites.iter();
            let sites = sites.flat_map(|(name, path)| [name.word().into_owned(), path.clone()]);
            words("default_sites", sites)
        }
        Action::Again => "again".to_owned(),
        Action::Stop => "stop_site".to_owned(),
        Action::Start => "start_site".to_owned(),
        Action::Scale { counts } => counts
            .iter()
            .fold("scale_workers".to_owned(), |call, (name, count)| {
                format!("{call} {} {count}", sh_literal(name))
            }),
        Action::Freeze { message } => words("freeze", [message]),
        Action::Unfreeze => "unfreeze".to_owned(),
        Action::BeginMaintenance(maintenance) => begin_maintenance(maintenance),
        Action::EndMaintenance => "end_maintenance".to_owned(),
        Action::ShowState => "show_state".to_owned(),
        Action::ShowReleases => "show_releases".to_owned(),
        Action::ShowHistory { count } => format!("show_history {count}"),
        Action::Foresee { revision } => words("foresee", [revision]),
        Action::RemoteHead { repo, reference } => words("remote_head", [repo, reference]),
        Action::Examine(examination) => examine(examination),
    }
}

fn begin_maintenance(maintenance: &Maintenance) -> String {
    let Maintenance {
        message,
        page,
        allow,
    } = maintenance;
    let own = yes_no(message.is_some());
    let said = [own, page.trim_end(), message.as_deref().unwrap_or("")];
    let allow = allow.iter().map(ToString::to_string);
    words(
        "begin_maintenance",
        said.into_iter().map(ToOwned::to_owned).chain(allow),
    )
}

fn examine(examination: &Examination) -> String {
    let Examination {
        repo,
        git_server,
        branch,
        python,
        https,
        services,
        packages,
    } = examination;
    let (host, port) = git_server.clone().unwrap_or_default();
    let python = python.as_deref().unwrap_or("");
    let (secure, name) = https.clone().unwrap_or_default();
    let (port, secure) = (port.to_string(), secure.to_string());
    let services = services.join(" ");
    let asked = [
        repo, &host, &port, branch, python, &secure, &name, &services,
    ];
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
        .fold(function.to_owned(), |call, name| call + " " + &name.word())
}

fn virtualenv_call(virtualenv: &Virtualenv) -> String {
    let Virtualenv {
        python,
        from,
        installer,
        index_url,
        require_hashes,
        gunicorn,
        source,
        install,
        refresh: _,
    } = virtualenv;
    let from = match from {
        PythonFrom::Host => "host",
        PythonFrom::Uv => "uv",
    };
    let installer = match installer {
        Installer::Auto => "auto",
        Installer::Uv => "uv",
        Installer::Pip => "pip",
    };
    let join = |names: &[String]| names.join(",");
    let (source, extras, groups, files) = match source {
        Source::Detect => ("detect", String::new(), String::new(), [].as_slice()),
        Source::Files(files) => ("files", String::new(), String::new(), files.as_slice()),
        Source::Project { extras, groups } => {
            ("project", join(extras), join(groups), [].as_slice())
        }
    };
    let options = [
        python.as_deref().unwrap_or(""),
        from,
        installer,
        index_url.as_deref().unwrap_or(""),
        yes_no(*require_hashes),
        gunicorn,
        yes_no(*install),
        source,
        &extras,
        &groups,
    ];
    words(
        "virtualenv",
        options.into_iter().chain(files.iter().map(String::as_str)),
    )
}

fn publish_call(publication: &Publication) -> String {
    let Publication {
        source,
        url,
        base,
        fingerprint,
        strict,
        precompress,
        at_root,
        stored,
    } = publication;
    let encodings: Vec<&str> = precompress.iter().map(|one| one.as_str()).collect();
    let (encodings, at_root) = (encodings.join(","), at_root.join(","));
    let source = source.as_deref().unwrap_or("");
    let how = [fingerprint.as_str(), yes_no(*strict), &encodings, &at_root];
    let function = if *stored {
        "publish_stored"
    } else {
        "publish_static"
    };
    words(function, [source, url, base].into_iter().chain(how))
}

fn task_call(function: &str, task: &Task) -> String {
    let Task {
        phase,
        command,
        timeout,
        account,
    } = task;
    let account = match account {
        Account::App => "app",
        Account::Login => "login",
    };
    words(function, [account, *phase, &timeout.to_string(), command])
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
