use serde_json::json;

use super::task::{activation, framework, hooks, migration, pending};
use super::{
    Action, File, HostPlan, Identity, Kind, Moved, Name, Place, Publication, Source, Step, Task,
    Virtualenv,
};
use crate::config::{AssetSource, Assets, Config, ExtraName, Moment, Packages, Server, Trial};
use crate::target::{Target, TargetHost};

/// Installed where the requirements leave gunicorn out.
const GUNICORN: &str = "gunicorn==27.0.1";

/// For what is left of static files where there are none any more.
const KEEP_DAYS: u32 = 30;

/// The push of one revision to one host.
pub fn push(target: &Target, host: &TargetHost, files: Vec<File>) -> HostPlan {
    let config = &target.config;
    let revision = &target.revision.sha;
    let first = target.hosts.first() == Some(host);
    let mut prepare = vec![
        Step::new("check", Action::CheckHost),
        Step::new(
            "fetch",
            Action::Fetch {
                repo: config.repo.to_string(),
                reference: target.revision.reference.clone(),
                revision: revision.clone(),
                allow_older: target.allow_older,
            },
        ),
        Step::new(
            "export",
            Action::Export {
                revision: revision.clone(),
                path: config.git.path.as_ref().map(ToString::to_string),
                submodules: config.git.submodules,
            },
        ),
        Step::new("virtualenv", Action::Virtualenv(virtualenv(target))),
        Step::new("environment", Action::Environment),
        Step::new(
            "link",
            Action::LinkRelease {
                uploads: config
                    .uploads
                    .as_ref()
                    .map(|uploads| uploads.path.to_string()),
                shared: shared(config),
            },
        ),
    ];
    if !config.shared_files.is_empty() {
        let files = config.shared_files.iter().map(ToString::to_string);
        let files = files.collect();
        prepare.push(Step::new("files", Action::LinkFiles { files }));
    }
    prepare.extend(processes(&config.on(&host.host), &files));
    prepare.extend(hooks(config, Moment::BeforeBuild, first));
    if let Some(assets) = &config.assets {
        prepare.extend(statics(assets));
    }
    prepare.extend(pages(config));
    prepare.extend(hooks(config, Moment::AfterBuild, first));
    prepare.extend(framework(config));
    prepare.push(Step::new(
        "units",
        Action::CheckSystem {
            files: replaceable(&files),
        },
    ));
    prepare.extend(pending(config));
    prepare.extend(upload(config));
    prepare.extend(gate(config.server.trial()));
    prepare.push(Step::new("decide", decide(config)));
    prepare.push(Step::new(
        "seal",
        Action::Seal {
            manifest: manifest(target),
        },
    ));
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Push,
        identity: Identity::new(config, host),
        prepare,
        migrate: migration(config),
        activate: activation(config, first),
        finish: finish(config, Moment::AfterActivate, first),
        files,
    }
}

fn statics(assets: &Assets) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(build) = &assets.build {
        let action = Action::BuildStatic {
            on: build.on,
            output: build.output.to_string(),
            inputs: build.inputs.iter().map(ToString::to_string).collect(),
            task: Task::build(build),
        };
        steps.push(Step::new("build", action));
    }
    let source = match &assets.source {
        AssetSource::Directory(source) => Some(source.to_string()),
        AssetSource::Collected(command) => {
            let (url, task) = (assets.url.to_string(), Task::collect(command));
            steps.push(Step::new("collect", Action::CollectStatic { url, task }));
            None
        }
    };
    let publication = Publication {
        source,
        url: assets.url.to_string(),
        base: assets.base(),
        fingerprint: assets.fingerprint,
        strict: assets.strict,
        precompress: assets.precompress.clone(),
        at_root: assets.at_root.iter().map(ToString::to_string).collect(),
        stored: assets.publish.is_some(),
    };
    steps.push(Step::new("static", Action::PublishStatic(publication)));
    steps
}

/// Late: what fails before it leaves nothing behind, not even there.
fn upload(config: &Config) -> Option<Step> {
    let storage = config.assets.as_ref()?.publish.as_ref()?;
    let name = storage.name();
    Some(Step::new("upload", Action::UploadStatic { name }))
}

fn pages(config: &Config) -> Option<Step> {
    let directory = config.nginx.as_ref()?.error_pages.as_ref()?.to_string();
    Some(Step::new("pages", Action::PublishPages { directory }))
}

fn virtualenv(target: &Target) -> Virtualenv {
    let python = &target.config.python;
    Virtualenv {
        python: python.version.as_ref().map(ToString::to_string),
        from: python.from,
        installer: python.installer,
        index_url: python.index_url.as_ref().map(ToString::to_string),
        require_hashes: python.require_hashes,
        gunicorn: match target.config.server {
            Server::Gunicorn(_) => GUNICORN,
            Server::Own(_) => "",
        },
        source: source(&python.packages),
        install: python.install,
        refresh: target.refresh_packages,
    }
}

fn source(packages: &Packages) -> Source {
    let texts = |names: &[ExtraName]| names.iter().map(ToString::to_string).collect();
    match packages {
        Packages::Detect => Source::Detect,
        Packages::Files(files) => Source::Files(files.iter().map(ToString::to_string).collect()),
        Packages::Project(project) => Source::Project {
            extras: texts(&project.extras),
            groups: texts(&project.groups),
        },
    }
}

fn shared(config: &Config) -> Vec<String> {
    let uploads = config.uploads.iter().map(|uploads| &uploads.path);
    config
        .shared
        .iter()
        .chain(uploads)
        .map(ToString::to_string)
        .collect()
}

/// What starts the processes of the release; both belong to this release alone.
fn processes(config: &Config, files: &[File]) -> Option<Step> {
    let own = |file: &File| match (&file.name, &file.place) {
        (
            Name::Server | Name::Launcher(_) | Name::Job(_) | Name::Workers | Name::Schedules,
            Place::Release(path),
        ) => Some((file.name.clone(), path.clone())),
        _ => None,
    };
    let files: Vec<_> = files.iter().filter_map(own).collect();
    let workers = config.workers.iter().map(|(name, worker)| Moved {
        name: name.to_string(),
        instances: worker.instances,
        patience: worker.stop_timeout.as_secs(),
        overlap: worker.overlap,
    });
    let workers = workers.collect();
    (!files.is_empty()).then(|| Step::new("processes", Action::Processes { files, workers }))
}

/// What root owns may change with a push where the login may; who may do what, and what all generations share, is
/// setup's alone.
pub(super) fn replaceable(files: &[File]) -> Vec<Name> {
    let system = files
        .iter()
        .filter(|file| matches!(file.place, Place::System(_)));
    system
        .map(|file| file.name.clone())
        .filter(|name| !matches!(name, Name::Sudoers | Name::Listen | Name::ListenSocket))
        .collect()
}

pub(super) fn gate(trial: Trial) -> Option<Step> {
    match trial {
        Trial::Boot => Some(Step::new("trial", Action::TrialBoot)),
        Trial::Import => Some(Step::new("import", Action::ImportGate)),
        Trial::Off => None,
    }
}

pub(super) fn decide(config: &Config) -> Action {
    let stall = config.server.max_stall();
    Action::Decide {
        takeover: config.server.reload(),
        max_stall: u64::try_from(stall.as_millis() / 10).unwrap_or(u64::MAX),
    }
}

pub(super) fn finish(config: &Config, moment: Moment, first: bool) -> Vec<Step> {
    let mut steps = vec![
        Step::new("drain", Action::Drain),
        Step::new("record", Action::Record),
        Step::new(
            "prune",
            Action::Prune {
                keep: config.keep_releases,
                days: keep_days(config),
            },
        ),
    ];
    steps.extend(hooks(config, moment, first).into_iter().map(late));
    steps
}

/// How long a file of the static store stays that no kept release names.
pub(super) fn keep_days(config: &Config) -> u32 {
    let assets = config.assets.as_ref();
    assets.map_or(KEEP_DAYS, |assets| assets.keep_days)
}

/// The outcome is decided: such a hook can only warn.
fn late(step: Step) -> Step {
    match step.action {
        Action::Task(task) => Step::new(step.name, Action::LateTask(task)),
        _ => step,
    }
}

fn manifest(target: &Target) -> String {
    let object = json!({
        "app": target.config.app.as_str(),
        "environment": target.config.environment.as_str(),
        "revision": target.revision.sha,
        "branch": target.revision.name,
        "workers": target.config.server.workers(),
    });
    object.to_string().trim_matches(['{', '}']).to_owned()
}
