//! Why a host could not be reached, or was lost.

use super::reasons::Meaning;
use super::story::Story;
use super::{Subject, words};
use crate::run::{HostKey, Lost, LostKind};

/// The clause, the state it leaves and the next command; and the lines to show below.
pub(super) fn meaning(lost: &Lost, story: &Story, subject: &Subject) -> (Meaning, Vec<String>) {
    let host = &story.name;
    let status = || Some(format!("run `deployer status {}`", subject.environment));
    let again = || {
        Some(format!(
            "run `deployer {} {}` again",
            subject.command, subject.environment
        ))
    };
    let (what, hint) = match &lost.kind {
        LostKind::NoSuchName => (
            format!("cannot connect to {host}: nothing has that name; nothing was changed"),
            Some("check `hosts` in deploy.yaml and your ssh config".to_owned()),
        ),
        LostKind::Unreachable => (
            format!("cannot connect to {host}: no route to it; nothing was changed"),
            Some(by_hand(host)),
        ),
        LostKind::Refused => (
            format!("cannot connect to {host}: connection refused; nothing was changed"),
            Some("check that sshd runs there, and the port".to_owned()),
        ),
        LostKind::TimedOut => (
            format!("cannot connect to {host}: no answer in time; nothing was changed"),
            Some(by_hand(host)),
        ),
        LostKind::Denied => (
            format!("cannot log in to {host}: it accepted none of your keys; nothing was changed"),
            Some(format!(
                "check the user and `ssh-add -l`; `deployer setup {} --login USER` installs your key",
                subject.environment
            )),
        ),
        LostKind::HostKeyUnknown(key) => return (unknown_key(key, host), Vec::new()),
        LostKind::HostKeyChanged(key) => return (changed_key(key, host), Vec::new()),
        LostKind::Ssh => (
            format!("cannot connect to {host}; nothing was changed"),
            Some(by_hand(host)),
        ),
        LostKind::NotStarted => (
            format!("the script did not start on {host}; nothing was changed"),
            Some(format!(
                "a full disk is the usual reason: look with `ssh {host} df -h /tmp`"
            )),
        ),
        LostKind::Withdrawn => (format!("called off before anything ran on {host}"), None),
        LostKind::Dropped => (
            format!("the connection to {host} broke; nothing was changed"),
            again(),
        ),
        LostKind::Unfollowed => (format!("no longer following {host}"), None),
        LostKind::Killed => killed(story, subject),
        LostKind::Cut | LostKind::Detached | LostKind::Unknown if !subject.switches() => (
            format!("lost {host} while it worked; the outcome is unknown"),
            again(),
        ),
        LostKind::Cut if story.migrating => (
            format!(
                "left {host} while it migrates the database; it ends that and switches nothing, the old release serves"
            ),
            status(),
        ),
        LostKind::Cut => (
            format!(
                "left {host} before the switch; it undoes the run by itself, the old release serves"
            ),
            status(),
        ),
        LostKind::Detached => (
            format!(
                "left {host} while it switches; it finishes by itself{}",
                last_heard(story)
            ),
            status(),
        ),
        LostKind::Unknown if story.went => (
            format!(
                "lost {host} while it switched; the outcome is unknown{}",
                last_heard(story)
            ),
            status(),
        ),
        LostKind::Unknown if story.migrating => (
            format!("lost {host} while it migrated the database; the outcome is unknown"),
            status(),
        ),
        LostKind::Unknown => (
            format!(
                "lost {host} before the switch; it undoes the run by itself, the old release serves"
            ),
            status(),
        ),
    };
    let said = lost.detail.lines().map(words::harmless).collect();
    (Meaning { what, hint }, said)
}

fn by_hand(host: &str) -> String {
    format!("see whether `ssh {host}` gets further, and whether the host is up")
}

fn unknown_key(key: &HostKey, host: &str) -> Meaning {
    let shown = match key.fingerprints.as_slice() {
        [] => String::new(),
        all => format!(", it shows {}", all.join(" and ")),
    };
    let hint = if key.scan.is_empty() {
        format!("log in once with `ssh {host}` and compare the fingerprint it shows")
    } else {
        format!(
            "if your provider names the same fingerprint, run `ssh-keyscan {} >> ~/.ssh/known_hosts`",
            key.scan.join(" ")
        )
    };
    let what = format!("the host key of {host} is not known{shown}; nothing was changed");
    Meaning {
        what,
        hint: Some(hint),
    }
}

fn changed_key(key: &HostKey, host: &str) -> Meaning {
    let shown = key
        .fingerprints
        .first()
        .map(|shown| format!(", it shows {shown}"))
        .unwrap_or_default();
    let place = key
        .offending
        .as_ref()
        .map(|place| format!(" (the old key is in {place})"))
        .unwrap_or_default();
    let what = format!(
        "the host key of {host} has CHANGED{shown}; somebody may be in between; nothing was changed"
    );
    let name = if key.name.is_empty() { host } else { &key.name };
    let hint = format!(
        "only if you know why it changed, run `ssh-keygen -R '{name}'` and connect again{place}"
    );
    Meaning {
        what,
        hint: Some(hint),
    }
}

/// Nobody looks after it before the next run there.
fn killed(story: &Story, subject: &Subject) -> (String, Option<String>) {
    let when = if subject.follows() {
        "; the next run settles what it left".to_owned()
    } else if !subject.switches() {
        " while it worked; the outcome is unknown".to_owned()
    } else if story.went {
        let heard = last_heard(story);
        format!(", perhaps while it switched; the outcome is unknown{heard}")
    } else if story.migrating {
        " while it migrated the database; nothing was switched, the old release serves".to_owned()
    } else {
        " before the switch; the old release serves".to_owned()
    };
    let environment = &subject.environment;
    let next = if subject.follows() {
        format!("run `deployer status {environment}`")
    } else if subject.switches() {
        format!(
            "the next `deployer push {environment}` or `deployer rollback {environment}` settles what it left"
        )
    } else {
        format!("run `deployer {} {environment}` again", subject.command)
    };
    let what = format!("the run on {} was killed there{when}", story.name);
    (what, Some(next))
}

fn last_heard(story: &Story) -> String {
    match &story.live {
        Some((release, _)) => format!(", `{release}` served when last heard"),
        None => String::new(),
    }
}
