//! A clean copy of a revision on this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::config::{RelPath, RepoUrl};
use crate::git::{Login, Remote};
use crate::secret::Secret;

/// Where the files of a revision come from.
#[derive(Debug)]
pub struct Checkout {
    /// A directory of the clone that may have it.
    pub directory: PathBuf,
    pub repo: RepoUrl,
    pub ssh_config: Option<PathBuf>,
    /// Origin, user and token, for a repository that takes one.
    pub login: Option<(String, String, Secret)>,
    pub sha: String,
    pub reference: Option<String>,
    /// The one directory of it that becomes the release.
    pub path: Option<RelPath>,
}

impl Checkout {
    /// Its files, as a host exports them, and nothing of what lies in the working copy besides.
    pub(super) fn write(&self, into: &Path) -> Result<()> {
        if self.is_in(&self.directory) {
            return self.export(&self.directory, into);
        }
        // A clone that is older than its repository is no reason to stop, and is left as it is.
        let apart = tempfile::Builder::new().prefix("deployer.").tempdir()?;
        let init = Command::new("git")
            .args(["init", "--quiet", "--bare"])
            .arg(apart.path())
            .stdin(Stdio::null())
            .output();
        anyhow::ensure!(
            init.context("failed to run `git`")?.status.success(),
            "`git init` failed"
        );
        let login = self.login.as_ref();
        let remote = Remote {
            repo: &self.repo,
            ssh_config: self.ssh_config.as_deref(),
            login: login.map(|(origin, username, token)| Login {
                origin,
                username,
                token,
            }),
        };
        let wanted = self.reference.iter().map(String::as_str);
        for name in wanted.chain([self.sha.as_str()]) {
            remote.fetch(name, apart.path())?;
            if self.is_in(apart.path()) {
                return self.export(apart.path(), into);
            }
        }
        bail!("`{}` did not give commit {}", self.repo, self.sha)
    }

    fn is_in(&self, directory: &Path) -> bool {
        let commit = format!("{}^{{commit}}", self.sha);
        let found = git(directory).args(["cat-file", "-e", &commit]).output();
        found.is_ok_and(|output| output.status.success())
    }

    fn export(&self, from: &Path, into: &Path) -> Result<()> {
        let path = self.path.as_ref();
        let tree = format!("{}:{}", self.sha, path.map_or("", RelPath::as_str));
        let tree = if path.is_some() { &tree } else { &self.sha };
        // From its top: below it, git would archive the directory that it stands in alone.
        let top = git(from).args(["rev-parse", "--git-dir"]).output()?;
        let top = from.join(String::from_utf8_lossy(&top.stdout).trim_end());
        let mut archive = Command::new("git")
            .arg("--git-dir")
            .arg(top)
            .args(["archive", "--format=tar", tree])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to run `git archive`")?;
        let tar = archive.stdout.take().context("no output")?;
        let unpacked = Command::new("tar")
            .arg("-x")
            .arg("-C")
            .arg(into)
            .stdin(tar)
            .status();
        let unpacked = unpacked.context("failed to run `tar`")?;
        anyhow::ensure!(
            archive.wait()?.success() && unpacked.success(),
            "`git archive {tree}` failed"
        );
        Ok(())
    }
}

fn git(directory: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).stdin(Stdio::null());
    git
}
