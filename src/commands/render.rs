use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::context::Context;
use super::{push, revision, session};
use crate::cli::{Global, Render, RenderKind};
use crate::plan::{ByHand, Earlier, File, GitPins, HostPlan, Place, Pruning};
use crate::report::ExitCode;
use crate::script::compile;
use crate::target::TargetHost;

/// Everything offline: the same plan, the same script, no connection.
pub(super) fn run(global: &Global, arguments: &Render) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let mut stream = session::stream(global);
    for host in &context.hosts {
        let plan = plan(arguments, &context, host)?;
        let script = compile(&plan);
        let files = plan
            .files
            .iter()
            .map(|file| (path(file), file.content.clone()));
        let files = files.chain([(PathBuf::from("deploy.sh"), script.text.clone())]);
        let host = &host.host.name;
        if let Some(stream) = &mut stream {
            for (path, content) in files.clone() {
                let shown = Some(content.as_str()).filter(|_| arguments.out.is_none());
                stream.file(host, &path.to_string_lossy(), shown);
            }
            stream.script(host, &script.digest());
        } else {
            let digest = script.digest();
            writeln!(io::stderr().lock(), "{host} | script sha256 {digest}")?;
        }
        match &arguments.out {
            Some(directory) => write(&directory.join(host), files)?,
            None if stream.is_none() => print(host, files)?,
            None => {}
        }
    }
    if let Some(stream) = stream {
        stream.done();
    }
    Ok(ExitCode::Done)
}

fn plan(arguments: &Render, context: &Context, host: &TargetHost) -> Result<HostPlan> {
    let files = context.files(host)?;
    let by_hand = |what, files| crate::plan::by_hand(&context.config, host, &what, files);
    Ok(match arguments.kind {
        RenderKind::Reload => by_hand(ByHand::Reload, files),
        RenderKind::Restart => by_hand(ByHand::Restart, files),
        RenderKind::Stop => by_hand(ByHand::Stop, files),
        RenderKind::Start => by_hand(ByHand::Start, files),
        RenderKind::Scale => {
            let workers = context.config.workers.iter();
            let counts = workers.map(|(name, worker)| (name.to_string(), worker.instances));
            let counts = counts.collect();
            by_hand(ByHand::Scale { counts }, files)
        }
        RenderKind::Prune => {
            let assets = context.config.assets.as_ref();
            let how = Pruning {
                tells: assets.is_some_and(|assets| assets.publish.is_some()),
                tidies: true,
                dry_run: false,
            };
            crate::plan::prune(&context.config, host, how, files)
        }
        RenderKind::Push => {
            let wanted = revision::wanted(&arguments.which, context)?;
            let target = push::target(context, revision::offline(&wanted, context)?, None);
            crate::plan::push(&target, host, files)
        }
        RenderKind::Check => crate::plan::check(&context.config, host, files),
        RenderKind::Rollback => {
            let first = context.hosts.first() == Some(host);
            crate::plan::rollback(&context.config, host, Earlier::default(), first, files)
        }
        RenderKind::Setup => {
            let files = context.setup_files(host)?;
            crate::plan::setup(&context.config, host, &[], &GitPins::default(), files)
        }
    })
}

/// Below the directory of a host, where the host has it: the app's root and the release stay apart from `/`.
fn path(file: &File) -> PathBuf {
    match &file.place {
        Place::System(path) | Place::Host(path) => PathBuf::from(path.trim_start_matches('/')),
        Place::Root(path) => Path::new("root").join(path),
        Place::Release(path) => Path::new("release").join(path),
    }
}

fn write(directory: &Path, files: impl Iterator<Item = (PathBuf, String)>) -> Result<()> {
    for (path, content) in files {
        let path = directory.join(path);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

fn print(host: &str, files: impl Iterator<Item = (PathBuf, String)>) -> Result<()> {
    let mut stdout = io::stdout().lock();
    for (path, content) in files {
        writeln!(stdout, "==> {host}/{} <==\n{content}", path.display())?;
    }
    Ok(())
}
