use std::collections::BTreeMap;
use std::io::{IsTerminal as _, stderr, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Unfit;
use crate::cli::{self, Color, Global};
use crate::config::{
    Certificate, Config, EnvKey, GitAuth, GitToken, Host, Reach, Scope, SecretSource,
};
use crate::files::{host_files, shared_files};
use crate::git::WorkingCopy;
use crate::plan::File;
use crate::quote;
use crate::report::{Mask, secrets_missing};
use crate::run::{Ssh, Unresolved, resolve};
use crate::secret::Secret;
use crate::target::TargetHost;
use crate::template::Templates;

/// What every command starts from.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) hosts: Vec<TargetHost>,
    pub(super) ssh: Ssh,
    pub(super) working_copy: Option<WorkingCopy>,
    pub(super) templates: Templates,
    pub(super) directory: PathBuf,
    /// Values of `secrets`: all of them once they are [resolved](Self::resolve_secrets).
    secrets: BTreeMap<EnvKey, Secret>,
    /// `git.token`, once resolved; empty when there is none.
    pub(super) token: Secret,
}

impl Context {
    pub(super) fn load(global: &Global, environment: &str) -> Result<Self> {
        let config = Config::load(&global.config, environment)?;
        let ssh = Ssh {
            config: global.ssh_config.clone(),
            interactive: stdin().is_terminal() && stderr().is_terminal(),
            agent: false,
        };
        let hosts = chosen(&config.hosts, &global.hosts)?
            .into_iter()
            .map(|host| login(host, &ssh))
            .collect::<Result<Vec<_>>>()?;
        logins_suit(&config, &hosts)?;
        let directory = directory(&global.config);
        let templates = Templates::new(overrides(global, &directory).as_deref())?;
        let working_copy = WorkingCopy::discover(&directory);
        let secrets = variables(&config, &directory);
        Ok(Self {
            config,
            hosts,
            ssh,
            working_copy,
            templates,
            directory,
            secrets,
            token: Secret::default(),
        })
    }

    /// For a command that sends the environment: what one secret lacks is said of all, before anything is contacted.
    pub(super) fn resolve_secrets(&mut self) -> Result<()> {
        let mut missing = Vec::new();
        for (key, source) in &self.config.secrets {
            match resolve(source, &self.directory, cli::variable) {
                Ok(secret) => drop(self.secrets.insert(key.clone(), secret)),
                Err(why) => missing.push((key.to_string(), why)),
            }
        }
        if let GitAuth::Token(GitToken { source, .. }) = &self.config.git.auth {
            match resolve(source, &self.directory, cli::variable) {
                // Git's helper takes one line.
                Ok(token) if token.expose().contains('\n') => {
                    missing.push(("git.token".to_owned(), Unresolved::SeveralLines));
                }
                Ok(token) => self.token = token,
                Err(why) => missing.push(("git.token".to_owned(), why)),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Unfit::not_ready(secrets_missing(&missing)))
    }

    /// Hides what is known of the secrets, and the values of `env` that are secrets by their names.
    pub(super) fn mask(&self) -> Mask {
        self.mask_with([])
    }

    /// And what only this run has.
    pub(super) fn mask_with<'a>(&'a self, more: impl IntoIterator<Item = &'a str>) -> Mask {
        let secrets = self.secrets.values().map(Secret::expose).chain(more);
        let token = [self.token.expose()]
            .into_iter()
            .filter(|token| !token.is_empty());
        Mask::new(self.config.private_env().chain(secrets).chain(token))
    }

    pub(super) fn files(&self, host: &TargetHost) -> Result<Vec<File>> {
        let config = self.config.on(&host.host);
        host_files(&config, &host.owner(&config), &self.templates)
    }

    /// Setup's files: those of the host besides.
    pub(super) fn setup_files(&self, host: &TargetHost) -> Result<Vec<File>> {
        let shared = shared_files(&self.config, &self.templates)?;
        Ok(self.files(host)?.into_iter().chain(shared).collect())
    }

    /// The site's certificate and its key, where this machine has them; empty where it does not.
    pub(super) fn certificate(&self) -> Result<Secret> {
        let tls = self
            .config
            .nginx
            .as_ref()
            .and_then(|nginx| nginx.tls.as_ref());
        let Some(Certificate::Sent { certificate, key }) = tls.map(|tls| &tls.certificate) else {
            return Ok(Secret::default());
        };
        let mut text = String::new();
        let mut missing = Vec::new();
        for (name, source) in [
            ("nginx.tls.certificate", certificate),
            ("nginx.tls.key", key),
        ] {
            match resolve(source, &self.directory, cli::variable) {
                Ok(secret) => text += &(secret.expose().trim_end().to_owned() + "\n"),
                Err(why) => missing.push((name.to_owned(), why)),
            }
        }
        if missing.is_empty() {
            return Ok(Secret::new(text));
        }
        Err(Unfit::not_ready(secrets_missing(&missing)))
    }

    /// The environment file of a host, the one place that values of `env` and `secrets` go to.
    pub(super) fn environment_file(&self, host: &TargetHost) -> Result<Secret> {
        // What nginx lets through, so that the app can agree; the file's own value wins.
        let (limit_key, uploads) = (EnvKey::uploads_max_size(), self.config.uploads.as_ref());
        let limit = uploads.map(|uploads| uploads.max_size.bytes().to_string());
        let mut values: BTreeMap<&EnvKey, &str> = limit
            .iter()
            .map(|limit| (&limit_key, limit.as_str()))
            .collect();
        let secrets = self.secrets.iter();
        values.extend(secrets.map(|(key, secret)| (key, secret.expose())));
        let own = self.config.env.iter().chain(&host.host.env);
        values.extend(own.map(|(key, value)| (key, value.as_str())));
        Ok(Secret::new(quote::env_file(values)?))
    }

    /// How to call ssh for a session that fetches; no other has a use for the agent.
    pub(super) fn ssh_for_fetching(&self) -> Ssh {
        Ssh {
            agent: self.config.git.auth == GitAuth::Agent,
            ..self.ssh.clone()
        }
    }

    pub(super) fn fleet_hosts(&self) -> Vec<Host> {
        self.hosts
            .iter()
            .map(|target| target.host.clone())
            .collect()
    }
}

fn logins_suit(config: &Config, hosts: &[TargetHost]) -> Result<()> {
    let of = |login: &str| hosts.iter().find(|host| host.login == login);
    match config.service.scope {
        // Whoever owns the code must not be who runs it.
        Scope::System => {
            if let Some(host) = of(config.user.as_str()) {
                return Err(Unfit::usage(format!(
                    "the login on {} is `{}`, who runs the app; log in as somebody else, or set `user`",
                    host.host.name, host.login
                )));
            }
        }
        Scope::User => {
            if let Some(host) = of("root") {
                return Err(Unfit::usage(format!(
                    "the login on {} is root, and with `service.scope: user` the app runs as the login; \
                     log in as somebody else",
                    host.host.name
                )));
            }
        }
    }
    Ok(())
}

/// The secrets that are there without running anything: a program on a host may print them, whatever the command is.
fn variables(config: &Config, directory: &Path) -> BTreeMap<EnvKey, Secret> {
    let known = |(key, source): (&EnvKey, &SecretSource)| match source {
        SecretSource::Variable(_) => {
            Some((key.clone(), resolve(source, directory, cli::variable).ok()?))
        }
        SecretSource::Command { .. } => None,
    };
    config.secrets.iter().filter_map(known).collect()
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

fn chosen<'a>(hosts: &'a [Host], names: &[String]) -> Result<Vec<&'a Host>> {
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
        .iter()
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
