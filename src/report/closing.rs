//! The last words of a run: failures, the table of a fleet, what is live and how to undo it.

use super::exit::{self, ExitCode};
use super::paint::Paint;
use super::say::{Failure, Say};
use super::story::Story;
use super::words::{harmless, time};
use super::{Subject, failure, table};
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

pub(super) fn all(whole: &Whole<'_>) -> Vec<Say> {
    let mut all: Vec<Say> = failures(whole).into_iter().map(Say::Failure).collect();
    let several = whole.stories.len() > 1;
    let well = whole.code == ExitCode::Done;
    if several && !(well && whole.subject.asks()) {
        all.extend(table::lines(whole.stories).into_iter().map(Say::Line));
    }
    for story in whole.stories {
        for (source, said) in story.late() {
            let title = format!("--- {source} on {}", story.name);
            let said = said.iter().map(|line| harmless(line));
            let faint = |line| format!("{} {line}", whole.paint.faint("  |"));
            all.extend([title].into_iter().chain(said).map(faint).map(Say::Line));
        }
    }
    all.extend(migrated(whole).map(Say::Line));
    match whole.code {
        // What was asked for stands on standard output.
        ExitCode::Done if whole.subject.asks() => {}
        ExitCode::Done => all.push(Say::Line(done(whole))),
        ExitCode::Mixed => all.push(Say::Line(format!(
            "{} {}",
            whole.paint.hint("hint:"),
            mixed(whole)
        ))),
        _ if several && whole.subject.switches() && whole.stories.iter().all(untouched) => {
            let hosts = whole.stories.len();
            all.push(Say::Line(format!(
                "nothing was changed on any of the {hosts} hosts"
            )));
        }
        _ => {}
    }
    all
}

/// What went wrong, host by host; what many hosts say is mostly one thing.
pub(super) fn failures(whole: &Whole<'_>) -> Vec<Failure> {
    let guilty = whole.stories.iter().filter(|story| guilty(story));
    let mut failures: Vec<Failure> = guilty.map(|story| failure::of(whole, story)).collect();
    for failure in failures.iter_mut().skip(WHOLE_FAILURES) {
        failure.said.clear();
        failure.hint = None;
    }
    if failures.is_empty() && whole.code != ExitCode::Done {
        failures.push(called_off(whole));
    }
    failures
}

/// Whether the run is known to have left this host as it was, and ended there.
fn untouched(story: &Story) -> bool {
    match &story.ending {
        Some(Ending::End { outcome, .. }) => matches!(
            outcome,
            Outcome::Locked
                | Outcome::Refused
                | Outcome::PrepareFailed
                | Outcome::Aborted
                | Outcome::Unchanged
        ),
        Some(Ending::Lost(lost)) => !matches!(
            lost.kind,
            LostKind::Cut | LostKind::Detached | LostKind::Killed | LostKind::Unknown
        ),
        None => false,
    }
}

/// Whether this host is a reason for the fleet's failure and not only its consequence.
pub(super) fn guilty(story: &Story) -> bool {
    let consequence = match &story.ending {
        Some(Ending::End { outcome, .. }) => *outcome == Outcome::Reverted,
        Some(Ending::Lost(lost)) => matches!(lost.kind, LostKind::Withdrawn | LostKind::Unfollowed),
        None => false,
    };
    let cut = matches!(&story.ending, Some(Ending::Lost(lost)) if lost.kind == LostKind::Cut);
    !consequence && (cut || exit::code(story).is_some_and(|code| code != ExitCode::Done))
}

/// What no failure takes back.
fn migrated(whole: &Whole<'_>) -> Option<String> {
    let stays = |story: &Story| story.migrated && story.outcome() != Some(Outcome::MigrateFailed);
    let bad = whole.code != ExitCode::Done && whole.stories.iter().any(stays);
    bad.then(|| {
        format!(
            "{} the database is migrated by {}, and stays so: the old release has to work with it until the next push",
            whole.paint.hint("hint:"),
            names(whole, stays)
        )
    })
}

fn called_off(whole: &Whole<'_>) -> Failure {
    let reverted = whole
        .stories
        .iter()
        .any(|story| story.outcome() == Some(Outcome::Reverted));
    let unfollowed = |story: &Story| matches!(&story.ending, Some(Ending::Lost(lost)) if lost.kind == LostKind::Unfollowed);
    if whole.stories.iter().any(unfollowed) {
        return Failure {
            host: None,
            what: format!(
                "left what runs on {}; it goes on by itself",
                names(whole, unfollowed)
            ),
            said: Vec::new(),
            hint: Some(format!(
                "`deployer attach {}` follows it again",
                whole.subject.environment
            )),
        };
    }
    if whole.subject.command == "setup" {
        return Failure {
            host: None,
            what: format!(
                "interrupted between two steps; what was set up before that stays on {}",
                names(whole, |_| true)
            ),
            said: Vec::new(),
            hint: None,
        };
    }
    let what = match whole.code {
        ExitCode::Interrupted | ExitCode::Terminated => "interrupted before the switch",
        _ if reverted => "the new release was taken back",
        _ => "the run was called off",
    };
    let state = if reverted {
        "the old release serves again"
    } else if whole.stories.iter().any(|story| story.migrated) {
        "nothing was switched"
    } else {
        "nothing was changed"
    };
    Failure {
        host: None,
        what: format!("{what}; {state} on {}", names(whole, |_| true)),
        said: Vec::new(),
        hint: None,
    }
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
        ("scale", true) => format!("{hosts} ran as many already"),
        ("scale", false) => format!("scaled on {hosts}, until the file says another number"),
        // Hosts of other environments were only asked.
        ("prune", _) => format!("{environment} is tidy"),
        ("prune --dry-run", _) => "nothing was removed".to_owned(),
        ("lock", _) => {
            format!("frozen: {hosts}; pushes are refused until `deployer unlock {environment}`")
        }
        ("maintenance", _) => format!(
            "in maintenance: {hosts}; visitors get 503 until `deployer maintenance {environment} off`, through pushes too"
        ),
        ("maintenance-off", true) => format!("{hosts} was not in maintenance"),
        ("maintenance-off", false) => format!("open to visitors again: {hosts}"),
        ("unlock", true) => format!("{hosts} was not frozen"),
        ("unlock", false) => format!("no longer frozen: {hosts}"),
        _ => return None,
    })
}

/// What serves where, and the way out: a rollback of a host that serves the old release would go too far back.
pub(super) fn mixed(whole: &Whole<'_>) -> String {
    let Subject {
        command,
        environment,
        ..
    } = whole.subject;
    let fresh = |story: &Story| story.new_release_serves();
    let (new, rest) = (names(whole, fresh), names(whole, |story| !fresh(story)));
    let live = whole.stories.iter().find_map(|story| story.live.as_ref());
    let release = live.map_or("the new release", |(release, _)| release.as_str());
    let hosts: Vec<&str> = whole
        .stories
        .iter()
        .filter(|story| fresh(story))
        .map(|story| story.name.as_str())
        .collect();
    let way = if matches!(command.as_str(), "reload" | "restart") {
        format!("run `deployer {command} {environment}` again")
    } else if command == "rollback" {
        format!("run `deployer rollback {environment} {release}` to take the others there")
    } else {
        format!(
            "run `deployer push {environment}` again, or put the old release back on {new} with \
             `deployer rollback {environment} --hosts {}`",
            hosts.join(",")
        )
    };
    format!("the fleet is mixed: {release} serves on {new} and not on {rest}; {way}")
}

/// `3.1s`, or `3.1s, of it 1.2s trial boot`: the slowest host's checks, so that a slow app is not taken for a slow
/// deploy.
fn took(whole: &Whole<'_>) -> String {
    let slowest = whole.stories.iter().max_by_key(|story| story.ended);
    let of_it = slowest.map(of_it).unwrap_or_default();
    let took = time(whole.took);
    if of_it.is_empty() {
        took
    } else {
        format!("{took}, of it {of_it}")
    }
}

/// `1.2s trial boot`: the checks of one host that it was waited for.
pub(super) fn of_it(story: &Story) -> String {
    let shown = story
        .gates
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
    shown.collect::<Vec<_>>().join(" and ")
}

/// The release that serves, as far as is known.
pub(super) fn serving(story: &Story) -> Option<&str> {
    let named = match (&story.live, story.outcome()) {
        (Some((release, _)), Some(Outcome::Live)) => Some(release.as_str()),
        (_, Some(Outcome::Unchanged)) => story.last("release").or(story.current.as_deref()),
        _ => story.last("current").or(story.current.as_deref()),
    };
    named.filter(|release| !matches!(*release, "" | "-"))
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
