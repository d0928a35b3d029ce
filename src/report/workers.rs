//! What of the workers `status` shows: a line for each name.

use std::fmt::Write as _;

use super::answers::{Facts, all, of};
use crate::event::Fields;
use crate::plan::{Action, HostPlan, Moved};

/// `worker celery: 4 of 2 active` and what of it is not as it should be.
pub(super) fn lines(facts: Facts<'_>) -> impl Iterator<Item = String> + '_ {
    let live = all(facts, "live")
        .next()
        .map_or("", |live| of(live, "release"));
    let mut names: Vec<&str> = all(facts, "worker")
        .map(|worker| of(worker, "name"))
        .collect();
    names.dedup();
    names.into_iter().map(move |name| {
        let processes: Vec<&Fields> = all(facts, "worker")
            .filter(|worker| of(worker, "name") == name)
            .collect();
        line(name, &processes, live)
    })
}

fn line(name: &str, processes: &[&Fields], live: &str) -> String {
    let ill: Vec<String> = processes
        .iter()
        .filter_map(|process| ill(process, live))
        .collect();
    let runs = processes.len() - ill.len();
    let mut said = format!("worker {name}: {runs} of {} run", processes.len());
    let wanted = processes.first().map_or("", |process| of(process, "of"));
    if !wanted.is_empty() && wanted.parse() != Ok(processes.len()) {
        let _ = write!(said, " (scaled; the file says {wanted})");
    }
    if !ill.is_empty() {
        let _ = write!(said, "; {}", ill.join(", "));
    }
    said
}

/// `number 2 failed`
fn ill(process: &Fields, live: &str) -> Option<String> {
    let (number, state, release) = (
        of(process, "number"),
        of(process, "state"),
        of(process, "release"),
    );
    if state != "active" {
        return Some(format!("number {number} {state}"));
    }
    (release != live).then(|| match release {
        "" => format!("number {number} starts again and again"),
        other => format!("number {number} runs {other}"),
    })
}

/// `schedule clean-up: done at Tue 2026-11-24 04:30:02 UTC, next at ...`
pub(super) fn schedules(facts: Facts<'_>) -> impl Iterator<Item = String> + '_ {
    all(facts, "schedule").map(|schedule| {
        let [name, state, result, rc, ended, next] =
            ["name", "state", "result", "rc", "ended", "next"].map(|key| of(schedule, key));
        let last = match (state, result, rc) {
            ("activating" | "active", ..) => return format!("schedule {name}: runs now"),
            _ if ended.is_empty() => "has not run since the host's boot".to_owned(),
            (_, "success", _) => format!("done at {ended}"),
            (_, "exit-code", rc) => format!("failed (exit {rc}) at {ended}"),
            (_, "timeout", _) => format!("was not done in time and was killed at {ended}"),
            (_, result, _) => format!("failed ({result}) at {ended}"),
        };
        let next = if next.is_empty() {
            "no next time".to_owned()
        } else {
            format!("next at {next}")
        };
        format!("schedule {name}: {last}, {next}")
    })
}

/// What a push does to those that work: `celery (2, each has 60s to finish what it does)`.
pub(super) fn moved(plan: &HostPlan) -> Option<String> {
    let workers = plan.prepare.iter().find_map(|step| match &step.action {
        Action::Processes { workers, .. } => Some(workers),
        _ => None,
    })?;
    let workers: Vec<String> = workers.iter().map(one).collect();
    Some(workers.join(", "))
}

fn one(worker: &Moved) -> String {
    let Moved {
        name,
        instances,
        patience,
        overlap,
    } = worker;
    let first = if *overlap {
        "; the new ones start first"
    } else {
        ""
    };
    format!(
        "{name} ({instances}, each has {patience}s to finish what it does and is killed then{first})"
    )
}
