//! What a clone tells of commits, asked of real repositories.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use deployer::git::{NoCommit, WorkingCopy};

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(["-c", "user.name=Test", "-c", "user.email=t@example.test"])
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn commit(directory: &Path, message: &str) -> String {
    git(directory, &["commit", "-q", "--allow-empty", "-m", message]);
    git(directory, &["rev-parse", "HEAD"])
}

/// A remote with one commit, and a clone of it.
fn cloned() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    git(root, &["init", "-q", "-b", "main", "remote"]);
    let first = commit(&root.join("remote"), "first");
    git(root, &["clone", "-q", "remote", "clone"]);
    (directory, first)
}

#[test]
fn a_short_id_is_completed_where_one_commit_has_it() {
    let (directory, first) = cloned();
    let copy = WorkingCopy::discover(&directory.path().join("clone")).expect("a clone");
    assert_eq!(copy.by_prefix(&first[..7]).as_ref(), Ok(&first));
    let other = if first.starts_with('0') { "1" } else { "0" };
    let unknown = other.to_owned() + &first[1..9];
    assert_eq!(copy.by_prefix(&unknown), Err(NoCommit::Unknown));
}

#[test]
fn an_ambiguous_id_is_none() {
    let (directory, _) = cloned();
    let clone = directory.path().join("clone");
    let mut stream = String::new();
    for time in 0..1500 {
        let _ = write!(
            stream,
            "commit refs/heads/many\ncommitter T <t@example.test> {time} +0000\ndata 0\n\n"
        );
    }
    let mut import = Command::new("git")
        .arg("-C")
        .arg(&clone)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stdin = import.stdin.take().expect("a pipe");
    stdin.write_all(stream.as_bytes()).expect("commits");
    drop(stdin);
    assert!(import.wait().expect("git ends").success());
    // Some two of so many begin alike.
    let mut seen = BTreeSet::new();
    let listed = git(&clone, &["rev-list", "many"]);
    let shared = listed
        .lines()
        .map(|sha| sha[..4].to_owned())
        .find(|digits| !seen.insert(digits.clone()));
    let copy = WorkingCopy::discover(&clone).expect("a clone");
    assert_eq!(
        copy.by_prefix(&shared.expect("a pair")),
        Err(NoCommit::Ambiguous)
    );
}

#[test]
fn a_commit_that_is_here_alone_is_found_out() {
    let (directory, first) = cloned();
    let clone = directory.path().join("clone");
    let own = commit(&clone, "own");
    let copy = WorkingCopy::discover(&clone).expect("a clone");
    assert!(!copy.may_be_unpushed(&first));
    assert!(copy.may_be_unpushed(&own));
    assert_eq!(copy.lies_in(&own, [first.clone()]), Some(false));
    assert_eq!(copy.lies_in(&first, [own.clone()]), Some(true));
    // A head that was never fetched may have it.
    let theirs = commit(&directory.path().join("remote"), "theirs");
    assert_eq!(copy.lies_in(&own, [first, theirs.clone()]), None);
    // What this clone lacks is for others to find.
    assert!(!copy.may_be_unpushed(&theirs));
    git(&clone, &["push", "-q", "origin", "HEAD:refs/heads/feature"]);
    assert!(!copy.may_be_unpushed(&own));
}

#[test]
fn an_annotated_tag_names_its_commit() {
    let (directory, first) = cloned();
    let clone = directory.path().join("clone");
    git(&clone, &["tag", "-a", "-m", "one", "v1"]);
    let tag = git(&clone, &["rev-parse", "v1"]);
    let copy = WorkingCopy::discover(&clone).expect("a clone");
    assert_ne!(tag, first);
    assert_eq!(copy.lies_in(&first, [tag]), Some(true));
}
