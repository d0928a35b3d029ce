use std::io::{IsTerminal as _, stderr, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Unfit;
use crate::cli::{Color, Global};
use crate::config::{Config, Host, Reach};
use crate::files::host_files;
use crate::git::WorkingCopy;
use crate::plan::File;
use crate::quote;
use crate::run::Ssh;
use crate::target::TargetHost;
use crate::template::Templates;

/// What every command starts from.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) hosts: Vec<TargetHost>,
    pub(super) ssh: Ssh,
    pub(super) working_copy: Option<WorkingCopy>,
    templates: Templates,
}

impl Context {
    pub(super) fn load(global: &Global, environment: &str) -> Result<Self> {
        let mut config = Config::load(&global.config, environment)?;
        config.hosts = chosen(config.hosts, &global.hosts)?;
        let ssh = Ssh {
            config: global.ssh_config.clone(),
            interactive: stdin().is_terminal() && stderr().is_terminal(),
        };
        let hosts = config
            .hosts
            .iter()
            .map(|host| login(host, &ssh))
            .collect::<Result<Vec<_>>>()?;
        // Whoever owns the code must not be who runs it.
        if let Some(host) = hosts.iter().find(|host| host.login == config.user.as_str()) {
            return Err(Unfit::usage(format!(
                "the login on {} is `{}`, who runs the app; log in as somebody else, or set `user`",
                host.host.name, host.login
            )));
        }
        let directory = directory(&global.config);
        let templates = Templates::new(overrides(global, &directory).as_deref())?;
        let working_copy = WorkingCopy::discover(&directory);
        Ok(Self {
            config,
            hosts,
            ssh,
            working_copy,
            templates,
        })
    }

    pub(super) fn files(&self, host: &TargetHost) -> Result<Vec<File>> {
        host_files(&self.config, &host.owner(&self.config), &self.templates)
    }

    /// The environment file, the one place that values of `env` go to.
    pub(super) fn environment_file(&self) -> Result<Vec<u8>> {
        Ok(quote::env_file(&self.config.env)?.into_bytes())
    }

    pub(super) fn fleet_hosts(&self) -> Vec<Host> {
        self.hosts
            .iter()
            .map(|target| target.host.clone())
            .collect()
    }
}

pub(super) fn coloured(global: &Global) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => global.no_color.is_empty() && stderr().is_terminal(),
    }
}

fn directory(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn overrides(global: &Global, directory: &Path) -> Option<PathBuf> {
    let usual = || Some(directory.join("deploy/templates")).filter(|path| path.is_dir());
    global.templates.clone().or_else(usual)
}

fn chosen(hosts: Vec<Host>, names: &[String]) -> Result<Vec<Host>> {
    if let Some(stranger) = names
        .iter()
        .find(|name| hosts.iter().all(|host| host.name != **name))
    {
        let known: Vec<_> = hosts
            .iter()
            .map(|host| format!("`{}`", host.name))
            .collect();
        return Err(Unfit::usage(format!(
            "no host `{stranger}` in this environment; it has {}",
            known.join(", ")
        )));
    }
    Ok(hosts
        .into_iter()
        .filter(|host| names.is_empty() || names.contains(&host.name))
        .collect())
}

fn login(host: &Host, ssh: &Ssh) -> Result<TargetHost> {
    let login = match &host.reach {
        Reach::Ssh {
            user: Some(user), ..
        } => user.to_string(),
        reach => match ssh
            .resolve(reach)
            .with_context(|| format!("failed to run `ssh -G` for {}", host.name))?
        {
            Some(resolved) => resolved.user,
            None => local_user()?,
        },
    };
    Ok(TargetHost {
        host: host.clone(),
        login,
    })
}

fn local_user() -> Result<String> {
    let id = std::process::Command::new("id")
        .arg("-un")
        .output()
        .context("failed to run `id`")?;
    Ok(String::from_utf8_lossy(&id.stdout).trim().to_owned())
}
