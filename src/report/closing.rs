//! The last words of a run: failures, the table of a fleet, what is live and how to undo it.

use super::exit::{self, ExitCode};
use super::paint::Paint;
use super::story::Story;
use super::words::{lost_word, outcome_word, time};
use super::{Subject, failure};
use crate::event::Outcome;
use crate::run::{Ending, LostKind};
use std::time::Duration;

/// Hosts whose failure is shown with the host's own words.
const WHOLE_FAILURES: usize = 5;

/// Everything that is known at the end.
pub(super) struct Whole<'a> {
    pub(super) subject: &'a Subject,
    pub(super) stories: &'a [Story],
    pub(super) paint: Paint,
    pub(super) verbose: bool,
    pub(super) took: Duration,
    pub(super) code: ExitCode,
}

pub(super) fn lines(whole: &Whole<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (count, story) in whole
        .stories
        .iter()
        .filter(|story| guilty(story))
        .enumerate()
    {
        let failure = failure::lines(whole, story);
        // What many hosts say is mostly one thing.
        let shown = if count < WHOLE_FAILURES {
            failure.len()
        } else {
            1
        };
        lines.extend(failure.into_iter().take(shown));
    }
    if lines.is_empty() && whole.code != ExitCode::Done {
        lines.push(called_off(whole));
    }
    if whole.stories.len() > 1 && (whole.code != ExitCode::Done || differ(whole.stories)) {
        lines.extend(table(whole));
    }
    match whole.code {
        // What was asked for stands on standard output.
        ExitCode::Done if whole.subject.asks() => {}
        ExitCode::Done => lines.push(done(whole)),
        ExitCode::Mixed => lines.push(mixed(whole)),
        _ => {}
    }
    lines
}

/// Whether this host is a reason for the fleet's failure and not only its consequence.
fn guilty(story: &Story) -> bool {
    let consequence = match &story.ending {
        Some(Ending::End { outcome, .. }) => *outcome == Outcome::Reverted,
        Some(Ending::Lost(lost)) => matches!(lost.kind, LostKind::Withdrawn | LostKind::Unfollowed),
        None => false,
    };
    let cut = matches!(&story.ending, Some(Ending::Lost(lost)) if lost.kind == LostKind::Cut);
    !consequence && (cut || exit::code(story).is_some_and(|code| code != ExitCode::Done))
}

fn called_off(whole: &Whole<'_>) -> String {
    let reverted = whole
        .stories
        .iter()
        .any(|story| story.outcome() == Some(Outcome::Reverted));
    let unfollowed = |story: &Story| matches!(&story.ending, Some(Ending::Lost(lost)) if lost.kind == LostKind::Unfollowed);
    if whole.stories.iter().any(unfollowed) {
        let hint = whole.paint.hint("hint:");
        let environment = &whole.subject.environment;
        return format!(
            "{hint} what runs on {} goes on by itself; `deployer attach {environment}` follows again",
            names(whole, unfollowed)
        );
    }
    if whole.subject.command == "setup" {
        let error = whole.paint.error("error:");
        return format!(
            "{error} interrupted between two steps; what was set up before that stays on {}",
            names(whole, |_| true)
        );
    }
    let what = match whole.code {
        ExitCode::Interrupted | ExitCode::Terminated => "interrupted before the switch",
        _ if reverted => "the new release was taken back",
        _ => "the run was called off",
    };
    let state = if reverted {
        "the old release serves again"
    } else {
        "nothing was changed"
    };
    format!(
        "{} {what}; {state} on {}",
        whole.paint.error("error:"),
        names(whole, |_| true)
    )
}

fn differ(stories: &[Story]) -> bool {
    stories
        .windows(2)
        .any(|pair| pair[0].outcome() != pair[1].outcome())
}

fn table(whole: &Whole<'_>) -> Vec<String> {
    let width = whole
        .subject
        .hosts
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    let row = |story: &Story| {
        let word = match &story.ending {
            Some(Ending::End { outcome, .. }) => outcome_word(*outcome),
            Some(Ending::Lost(lost)) => lost_word(&lost.kind),
            None => "unknown",
        };
        let release = match (&story.live, story.outcome()) {
            (Some((release, _)), Some(Outcome::Live)) => Some(release.as_str()),
            (_, Some(Outcome::Unchanged)) => story.last("release").or(story.current.as_deref()),
            _ => story.last("current").or(story.current.as_deref()),
        };
        let release = release.unwrap_or("-");
        format!(
            "  {:width$}  {word:36}  {release:24}  {}",
            story.name,
            time(story.ended)
        )
        .trim_end()
        .to_owned()
    };
    whole.stories.iter().map(row).collect()
}

fn done(whole: &Whole<'_>) -> String {
    let Subject {
        command,
        environment,
        ..
    } = whole.subject;
    let took = took(whole);
    if let Some(text) = by_hand(whole) {
        return format!("{} (took {took})", whole.paint.good(&text));
    }
    let live = |story: &Story| story.outcome() == Some(Outcome::Live);
    let fresh = whole.stories.iter().find(|story| live(story));
    let hosts = names(whole, |_| true);
    if let Some((release, previous)) = fresh.and_then(|story| story.live.as_ref()) {
        let good = whole.paint.good(&format!("live on {hosts}: {release}"));
        // The undo of a rollback is a push, and there is nothing before a first release.
        let undo = if previous.is_some() && command == "push" {
            format!("; undo with `deployer rollback {environment}`")
        } else {
            String::new()
        };
        return format!("{good} (took {took}){undo}");
    }
    let first = whole.stories.first();
    if first.and_then(Story::outcome) == Some(Outcome::Unchanged) {
        let release = first.and_then(|story| story.last("release").or(story.current.as_deref()));
        let release = release
            .map(|release| format!(": {release}"))
            .unwrap_or_default();
        return format!(
            "{} (took {took})",
            whole
                .paint
                .good(&format!("already live on {hosts}{release}"))
        );
    }
    let done = format!("{command} of {environment} done on {hosts}");
    let next = if command == "setup" {
        format!("; next: `deployer push {environment}`")
    } else {
        String::new()
    };
    format!("{} (took {took}){next}", whole.paint.good(&done))
}

/// What an operator's command came to, and what undoes it.
fn by_hand(whole: &Whole<'_>) -> Option<String> {
    let Subject {
        command,
        environment,
        ..
    } = whole.subject;
    let hosts = names(whole, |_| true);
    let idle = whole
        .stories
        .iter()
        .all(|story| story.outcome() == Some(Outcome::Unchanged));
    Some(match (command.as_str(), idle) {
        ("reload", _) => format!("reloaded on {hosts}: all workers are new, no request was lost"),
        ("restart", _) => format!("restarted on {hosts}: all processes are new"),
        ("stop", true) => format!("stopped already on {hosts}"),
        ("stop", false) => format!(
            "stopped on {hosts}: visitors get 502 until `deployer start {environment}`, the next push or the host's next boot"
        ),
        ("start", true) => format!("{hosts} served already"),
        ("start", false) => format!("{hosts} serves again"),
        ("lock", _) => {
            format!("frozen: {hosts}; pushes are refused until `deployer unlock {environment}`")
        }
        ("unlock", true) => format!("{hosts} was not frozen"),
        ("unlock", false) => format!("no longer frozen: {hosts}"),
        _ => return None,
    })
}

fn mixed(whole: &Whole<'_>) -> String {
    let new = names(whole, Story::new_release_serves);
    let Subject { environment, .. } = whole.subject;
    format!(
        "{} the fleet is mixed: the new release serves only on {new}; run `deployer push {environment}` or `deployer rollback {environment}`",
        whole.paint.hint("hint:")
    )
}

/// `3.1s`, or `3.1s, of it 1.2s trial boot`: the slowest host's checks, so that a slow app is not taken for a slow
/// deploy.
fn took(whole: &Whole<'_>) -> String {
    let slowest = whole.stories.iter().max_by_key(|story| story.ended);
    let gates = slowest.map_or(&[][..], |story| &story.gates);
    let shown = gates
        .iter()
        .filter(|(_, gate)| *gate >= Duration::from_millis(100))
        .map(|(step, gate)| {
            let name = if step == "trial" {
                "trial boot"
            } else {
                "import check"
            };
            format!("{} {name}", time(*gate))
        });
    let shown: Vec<_> = shown.collect();
    let took = time(whole.took);
    if shown.is_empty() {
        took
    } else {
        format!("{took}, of it {}", shown.join(" and "))
    }
}

fn names(whole: &Whole<'_>, which: impl Fn(&Story) -> bool) -> String {
    let names: Vec<&str> = whole
        .stories
        .iter()
        .filter(|story| which(story))
        .map(|story| story.name.as_str())
        .collect();
    if names.len() > 5 {
        format!("{} hosts", names.len())
    } else {
        names.join(", ")
    }
}
