//! What git says: the remote head at push time, and what the local clone adds for people.
//!
//! Reading the clone is git2's; everything on the network is the user's own `git`, with their keys and their proxies.

mod remote;

pub use remote::{Login, Remote};

use std::path::Path;

use git2::{BranchType, ErrorCode, Oid, Repository, Sort, StatusOptions};

use crate::config::GitRef;

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

/// Why the first digits of a commit's id do not name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCommit {
    Unknown,
    Ambiguous,
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
