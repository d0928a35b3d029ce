//! What git says: the remote head at push time, and what the local clone adds for people.
//!
//! Reading the clone is git2's; everything on the network is the user's own `git`, with their keys and their proxies.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use git2::{BranchType, Oid, Repository, Sort, StatusOptions};

use crate::config::{GitRef, RepoUrl};
use crate::target::is_sha;

/// What the user asked to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Branch(GitRef),
    Tag(GitRef),
    /// A full commit id.
    Commit(String),
}

impl Wanted {
    /// How the ref is called at the repository; `None` for a commit, which is its own name.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Branch(name) => Some(format!("refs/heads/{name}")),
            Self::Tag(name) => Some(format!("refs/tags/{name}")),
            Self::Commit(_) => None,
        }
    }
}

/// Asks the repository for the commit that `reference` names right now.
///
/// Returns `None` when the repository answers and has no such ref.
pub fn remote_head(
    repo: &RepoUrl,
    reference: &str,
    ssh_config: Option<&Path>,
) -> Result<Option<String>> {
    let mut git = Command::new("git");
    // The peeled form comes last: an annotated tag's own id is not a commit.
    git.args([
        "ls-remote",
        "--quiet",
        "--",
        repo.as_str(),
        reference,
        &format!("{reference}^{{}}"),
    ])
    .env("GIT_TERMINAL_PROMPT", "0")
    .env("GIT_ALLOW_PROTOCOL", "https:ssh")
    .stdin(Stdio::null());
    if let Some(file) = ssh_config {
        let file = file
            .to_str()
            .context("the path of the ssh configuration is not UTF-8")?;
        git.env(
            "GIT_SSH_COMMAND",
            format!(
                "ssh -o BatchMode=yes -o ConnectTimeout=15 -F '{}'",
                file.replace('\'', r"'\''")
            ),
        );
    }
    let text = answer(git)?;
    let head = text
        .lines()
        .last()
        .and_then(|line| line.split('\t').next())
        .unwrap_or("");
    Ok(is_sha(head).then(|| head.to_owned()))
}

/// How long a repository may keep us waiting: ssh alone would wait for a silent one forever.
const LIMIT: Duration = Duration::from_secs(30);

/// What git prints, within the limit.
fn answer(mut git: Command) -> Result<String> {
    git.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = git.spawn().context("failed to run `git`")?;
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let Ok(text) = out.recv_timeout(LIMIT) else {
        child.kill()?;
        child.wait()?;
        bail!("`git ls-remote` had no answer for {} s", LIMIT.as_secs());
    };
    if !child.wait()?.success() {
        bail!(
            "`git ls-remote` failed: {}",
            err.recv().unwrap_or_default().trim()
        );
    }
    Ok(text)
}

/// All that comes, in one piece, once it has ended.
fn read(from: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (to, text) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut bytes);
        }
        let _ = to.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}

/// The working copy that `deploy.yaml` stands in; deploys go on without one.
pub struct WorkingCopy {
    repository: Repository,
}

impl std::fmt::Debug for WorkingCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkingCopy")
            .field("path", &self.repository.path())
            .finish()
    }
}

impl WorkingCopy {
    pub fn discover(directory: &Path) -> Option<Self> {
        Repository::discover(directory)
            .ok()
            .map(|repository| Self { repository })
    }

    /// The commit last seen for `wanted`, without asking the network.
    pub fn resolve(&self, wanted: &Wanted) -> Option<String> {
        let spec = match wanted {
            Wanted::Branch(name) => {
                let tracked = self
                    .repository
                    .find_branch(&format!("origin/{name}"), BranchType::Remote);
                let branch = tracked.or_else(|_| {
                    self.repository
                        .find_branch(name.as_str(), BranchType::Local)
                });
                return branch
                    .ok()?
                    .get()
                    .peel_to_commit()
                    .ok()
                    .map(|commit| commit.id().to_string());
            }
            Wanted::Tag(name) => format!("refs/tags/{name}"),
            Wanted::Commit(sha) => return Some(sha.clone()),
        };
        let object = self.repository.revparse_single(&spec).ok()?;
        object
            .peel_to_commit()
            .ok()
            .map(|commit| commit.id().to_string())
    }

    /// Commits of the checked-out branch that `pushed` lacks; `None` where that cannot be said.
    pub fn unpushed(&self, pushed: &str) -> Option<usize> {
        let head = self.repository.head().ok()?.peel_to_commit().ok()?.id();
        let pushed = Oid::from_str(pushed).ok()?;
        self.repository
            .graph_ahead_behind(head, pushed)
            .ok()
            .map(|(ahead, _)| ahead)
    }

    /// Files changed or added that no commit has.
    pub fn uncommitted(&self) -> usize {
        let mut options = StatusOptions::new();
        options.include_untracked(false).include_ignored(false);
        self.repository
            .statuses(Some(&mut options))
            .map_or(0, |statuses| statuses.len())
    }

    /// First lines of the commits that `new` has and `old` lacks, newest first.
    ///
    /// A shallow clone, or one that lacks either commit, has no answer.
    pub fn changes(&self, old: &str, new: &str) -> Option<Vec<String>> {
        let walk = || -> Result<Vec<String>, git2::Error> {
            let mut walk = self.repository.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL)?;
            walk.push(Oid::from_str(new)?)?;
            walk.hide(Oid::from_str(old)?)?;
            walk.map(|id| self.line(id?)).collect()
        };
        walk().ok()
    }

    fn line(&self, id: Oid) -> Result<String, git2::Error> {
        let commit = self.repository.find_commit(id)?;
        let summary = commit.summary()?.unwrap_or("(no message)").to_owned();
        Ok(format!("{} {summary}", &id.to_string()[..7]))
    }
}
