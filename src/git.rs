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
use git2::{BranchType, ErrorCode, Oid, Repository, Sort, StatusOptions};

use crate::config::{GitRef, RepoUrl};
use crate::secret::Secret;
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

/// A token, for the origin of the repository alone.
pub struct Login<'a> {
    pub origin: &'a str,
    pub username: &'a str,
    pub token: &'a Secret,
}

impl Login<'_> {
    /// By the environment: arguments are for everybody to read. The user's own helpers might keep it, so they are left out.
    fn give(&self, git: &mut Command) {
        const HELPER: &str = r#"!f() { [ "$1" != get ] || printf 'username=%s\npassword=%s\n' "$DEPLOYER_GIT_USERNAME" "$DEPLOYER_GIT_TOKEN"; }; f"#;
        git.args(["-c", "credential.helper=", "-c"])
            .arg(format!("credential.{}.helper={HELPER}", self.origin))
            .env("DEPLOYER_GIT_USERNAME", self.username)
            .env("DEPLOYER_GIT_TOKEN", self.token.expose());
    }
}

impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("origin", &self.origin)
            .finish()
    }
}

/// A repository as this machine asks it: with the user's own `git`, or with a token.
#[derive(Debug)]
pub struct Remote<'a> {
    pub repo: &'a RepoUrl,
    pub ssh_config: Option<&'a Path>,
    pub login: Option<Login<'a>>,
}

impl Remote<'_> {
    /// The commit that `reference` names right now.
    ///
    /// `None` when the repository answers and has no such ref.
    pub fn head(&self, reference: &str) -> Result<Option<String>> {
        let peeled = format!("{reference}^{{}}");
        let refs = self.list(&[reference, &peeled])?;
        // An annotated tag's own id is not a commit. Patterns match the ends of longer names too.
        let named = |name: &str| refs.iter().find(|(_, listed)| listed == name);
        let found = named(&peeled).or_else(|| named(reference));
        Ok(found.map(|(sha, _)| sha.clone()))
    }

    /// What all branches and tags name right now, peeled and not.
    pub fn heads(&self) -> Result<Vec<String>> {
        let refs = self.list(&["refs/heads/*", "refs/tags/*"])?;
        Ok(refs.into_iter().map(|(sha, _)| sha).collect())
    }

    /// Brings a ref or a commit, without its history, into the bare repository `into`.
    pub fn fetch(&self, name: &str, into: &Path) -> Result<()> {
        let mut git = self.git()?;
        git.arg("--git-dir")
            .arg(into)
            .args(["fetch", "--quiet", "--depth=1", "--no-tags", "--"])
            .args([self.repo.as_str(), name]);
        answer(git, FETCH).map(drop)
    }

    /// Ids and names.
    fn list(&self, patterns: &[&str]) -> Result<Vec<(String, String)>> {
        let mut git = self.git()?;
        git.args(["ls-remote", "--quiet", "--", self.repo.as_str()])
            .args(patterns);
        let text = answer(git, LIMIT)?;
        let refs = text.lines().filter_map(|line| line.split_once('\t'));
        let refs = refs.filter(|(sha, _)| is_sha(sha));
        Ok(refs
            .map(|(sha, name)| (sha.to_owned(), name.to_owned()))
            .collect())
    }

    fn git(&self) -> Result<Command> {
        let mut git = Command::new("git");
        if let Some(login) = &self.login {
            login.give(&mut git);
        }
        git.env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "https:ssh")
            .stdin(Stdio::null());
        if let Some(file) = self.ssh_config {
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
        Ok(git)
    }
}

/// Why the first digits of a commit's id do not name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCommit {
    Unknown,
    Ambiguous,
}

/// How long a repository may keep us waiting: ssh alone would wait for a silent one forever.
const LIMIT: Duration = Duration::from_secs(30);
/// The same where it sends files.
const FETCH: Duration = Duration::from_secs(600);

/// What git prints, within the limit.
fn answer(mut git: Command, limit: Duration) -> Result<String> {
    git.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = git.spawn().context("failed to run `git`")?;
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let Ok(text) = out.recv_timeout(limit) else {
        child.kill()?;
        child.wait()?;
        bail!("`git` had no answer for {} s", limit.as_secs());
    };
    if !child.wait()?.success() {
        bail!("`git` failed: {}", err.recv().unwrap_or_default().trim());
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

    /// The commit whose id begins with these digits.
    pub fn by_prefix(&self, digits: &str) -> Result<String, NoCommit> {
        match self.repository.find_commit_by_prefix(digits) {
            Ok(commit) => Ok(commit.id().to_string()),
            Err(error) if error.code() == ErrorCode::Ambiguous => Err(NoCommit::Ambiguous),
            Err(_) => Err(NoCommit::Unknown),
        }
    }

    /// Whether a commit that this clone has may be unknown to the remote, as far as the last fetch or push tells.
    pub fn may_be_unpushed(&self, sha: &str) -> bool {
        let Ok(references) = self.repository.references_glob("refs/remotes/*") else {
            return false;
        };
        let tracked = references
            .flatten()
            .filter_map(|reference| reference.peel_to_commit().ok())
            .map(|commit| commit.id().to_string());
        self.lies_in(sha, tracked) == Some(false)
    }

    /// Whether the history of one of these commits has `sha`; `None` where this clone cannot tell.
    pub fn lies_in(&self, sha: &str, heads: impl IntoIterator<Item = String>) -> Option<bool> {
        let id = Oid::from_str(sha).ok()?;
        self.repository.find_commit(id).ok()?;
        let mut all_known = !self.repository.is_shallow();
        for head in heads {
            let commit = Oid::from_str(&head)
                .and_then(|head| self.repository.find_object(head, None))
                .and_then(|object| object.peel_to_commit());
            let Ok(commit) = commit else {
                all_known = false;
                continue;
            };
            if commit.id() == id
                || self
                    .repository
                    .graph_descendant_of(commit.id(), id)
                    .unwrap_or(false)
            {
                return Some(true);
            }
        }
        all_known.then_some(false)
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
