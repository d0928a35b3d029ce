use anyhow::Result;

use super::Unfit;
use super::context::Context;
use crate::cli::Which;
use crate::config::{GitAuth, GitRef};
use crate::git::{Login, NoCommit, Remote, Wanted};
use crate::target::{Revision, is_sha};

/// What the command line asks for: one of its options, or the file's branch.
pub(super) fn wanted(which: &Which, context: &Context) -> Result<Wanted> {
    let name = |text: &str| {
        GitRef::try_from(text).map_err(|invalid| Unfit::usage(format!("`{text}`: {invalid}")))
    };
    Ok(match which {
        Which {
            branch: Some(branch),
            ..
        } => Wanted::Branch(name(branch)?),
        Which { tag: Some(tag), .. } => Wanted::Tag(name(tag)?),
        Which {
            revision: Some(text),
            ..
        } => Wanted::Commit(full(text, context)?),
        _ => Wanted::Branch(context.config.branch.clone()),
    })
}

/// The id of a commit, which the local clone completes where it is short.
fn full(text: &str, context: &Context) -> Result<String> {
    let digits = text.to_ascii_lowercase();
    if is_sha(&digits) {
        return Ok(digits);
    }
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hexadecimal || !(4..64).contains(&digits.len()) {
        return Err(Unfit::usage(format!(
            "`{text}` is not a commit id; `--branch` and `--tag` take names"
        )));
    }
    let copy = context.working_copy.as_ref();
    copy.map_or(Err(NoCommit::Unknown), |copy| copy.by_prefix(&digits))
        .map_err(|why| {
            Unfit::usage(match why {
                NoCommit::Unknown => {
                    format!("no local clone knows a commit `{text}`; give its full id")
                }
                NoCommit::Ambiguous => format!("`{text}` is ambiguous; give more of its digits"),
            })
        })
}

/// Stops for a commit that is here alone; in any doubt the hosts find out.
fn pushed(sha: &str, context: &Context) -> Result<()> {
    let Some(copy) = &context.working_copy else {
        return Ok(());
    };
    if !copy.may_be_unpushed(sha) {
        return Ok(());
    }
    let heads = remote(context).heads().ok();
    if heads.and_then(|heads| copy.lies_in(sha, heads)) == Some(false) {
        return Err(Unfit::usage(format!(
            "commit {} is not at `{}`; push it there first",
            &sha[..7],
            context.config.repo
        )));
    }
    Ok(())
}

/// The commit at the repository, asked now; a stale local ref is never an answer.
pub(super) fn current(wanted: &Wanted, context: &Context) -> Result<Revision> {
    let sha = match (wanted, wanted.reference()) {
        (Wanted::Commit(sha), _) => {
            pushed(sha, context)?;
            sha.clone()
        }
        (_, None) => unreachable!("every other wanted thing has a reference"),
        (_, Some(reference)) => {
            let head = remote(context).head(&reference);
            let head = match head {
                Ok(head) => head,
                Err(here) => {
                    super::session::remote_head_from_host(context, &reference).map_err(|_| {
                        let said = format!("{here:#}").replace('\n', "\n  | ");
                        let (repo, environment) = (&context.config.repo, &context.config.environment);
                        Unfit::unreachable(format!(
                            "cannot ask `{repo}`, neither from here nor from the first host; nothing was changed\n  | {said}\nhint: see whether `git ls-remote {repo}` works here; `deployer check {environment}` says what the hosts reach"
                        ))
                    })?
                }
            };
            head.ok_or_else(|| {
                let kind = if matches!(wanted, Wanted::Tag(_)) { "tag" } else { "branch" };
                let name = reference.rsplit_once("heads/").or(reference.rsplit_once("tags/"));
                let name = name.map_or(reference.as_str(), |(_, name)| name);
                Unfit::usage(format!(
                    "`{}` has no {kind} `{name}`; nothing was changed\nhint: push it there, or name another: the file's branch is `{}`",
                    context.config.repo, context.config.branch
                ))
            })?
        }
    };
    Ok(named(sha, wanted))
}

/// The commit that the local clone last saw, for a preview without any connection.
pub(super) fn offline(wanted: &Wanted, context: &Context) -> Result<Revision> {
    let known = match wanted {
        // Its own name: no clone is needed to know it.
        Wanted::Commit(sha) => Some(sha.clone()),
        Wanted::Branch(_) | Wanted::Tag(_) => context
            .working_copy
            .as_ref()
            .and_then(|copy| copy.resolve(wanted)),
    };
    known.map(|sha| named(sha, wanted)).ok_or_else(|| {
        Unfit::usage("no local clone knows this revision; name it with `--revision SHA`")
    })
}

fn remote(context: &Context) -> Remote<'_> {
    let repo = &context.config.repo;
    let login = match (&context.config.git.auth, repo.https_origin()) {
        (GitAuth::Token(token), Some(origin)) => Some(Login {
            origin,
            username: &token.username,
            token: &context.token,
        }),
        _ => None,
    };
    Remote {
        repo,
        ssh_config: context.ssh.config.as_deref(),
        login,
    }
}

fn named(sha: String, wanted: &Wanted) -> Revision {
    let name = match wanted {
        Wanted::Branch(name) | Wanted::Tag(name) => name.to_string(),
        Wanted::Commit(sha) => sha.clone(),
    };
    Revision {
        sha,
        name,
        reference: wanted.reference(),
    }
}
