//! What `status` answers.

use serde_json::{Value, json};

use super::{Answer, Facts, all, first, of, parsed, said, short, text};
use crate::event::{Fields, Outcome};
use crate::report::words::outcome_word;
use crate::report::{holder, workers};

/// What is live on a host, and whether it is well.
pub fn state(host: &str, facts: Facts<'_>) -> Answer {
    let slot = |name: &str| all(facts, "slot").find(|fields| of(fields, "name") == name);
    let live = first(facts, "live").map(|live| {
        let state = slot(of(live, "slot")).and_then(|slot| text(slot, "state"));
        json!({
            "release": text(live, "release"), "revision": text(live, "revision"),
            "slot": text(live, "slot"), "state": state,
        })
    });
    let slots = all(facts, "slot").map(|slot| {
        json!({
            "name": text(slot, "name"), "state": text(slot, "state"), "release": text(slot, "release"),
        })
    });
    let workers = all(facts, "worker").map(|worker| {
        json!({
            "name": text(worker, "name"), "number": holder::number(worker, "number"),
            "state": text(worker, "state"), "release": text(worker, "release"),
        })
    });
    let schedules = all(facts, "schedule").map(|schedule| {
        json!({
            "name": text(schedule, "name"), "state": text(schedule, "state"),
            "result": text(schedule, "result"), "exit": holder::number(schedule, "rc"),
            "ended": text(schedule, "ended"), "next": text(schedule, "next"),
        })
    });
    let last = first(facts, "last").and_then(|fields| parsed(of(fields, "value")));
    let body = vec![
        ("live", json!(live)),
        ("slots", slots.collect()),
        ("workers", workers.collect()),
        ("schedules", schedules.collect()),
        ("unfinished", said(facts, "journal", "value")),
        ("busy", said(facts, "locked", "holder")),
        ("maintenance", maintenance(facts)),
        ("last", json!(last)),
    ];
    Answer {
        kind: "status",
        host: host.to_owned(),
        lines: state_lines(host, facts),
        body,
    }
}

/// Since when visitors get a page instead of the app, and who does not.
fn maintenance(facts: Facts<'_>) -> Value {
    first(facts, "maintenance").map_or(Value::Null, |fields| {
        json!({
            "by": text(fields, "by"), "since": holder::number(fields, "since"),
            "message": text(fields, "message"),
            "allow": of(fields, "allow").split_whitespace().collect::<Vec<_>>(),
        })
    })
}

/// `web1  live 20261122T141007Z-3f2a1bc (3f2a1bc), slot a active`
fn state_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
    let Some(live) = first(facts, "live") else {
        return vec![format!(
            "{host}  nothing is live; `deployer push` puts something there"
        )];
    };
    let slot = of(live, "slot");
    let state = all(facts, "slot").find(|fields| of(fields, "name") == slot);
    let state = state.map_or("unknown", |fields| of(fields, "state"));
    let (release, revision) = (of(live, "release"), short(of(live, "revision")));
    let mut lines = vec![format!(
        "{host}  live {release} ({revision}), slot {slot} {state}"
    )];
    for other in all(facts, "slot").filter(|fields| of(fields, "name") != slot) {
        if of(other, "state") != "inactive" || !of(other, "release").is_empty() {
            let (name, state) = (of(other, "name"), of(other, "state"));
            lines.push(format!(
                "{host}  slot {name} is {state} too, with {}",
                of(other, "release")
            ));
        }
    }
    let processes = workers::lines(facts).chain(workers::schedules(facts));
    lines.extend(processes.map(|line| format!("{host}  {line}")));
    if let Some(journal) = first(facts, "journal") {
        lines.push(format!(
            "{host}  an activation is unfinished: {}",
            of(journal, "value")
        ));
    }
    if let Some(locked) = first(facts, "locked") {
        lines.push(format!(
            "{host}  a run is under way, {}",
            holder::held(locked)
        ));
    }
    if let Some(frozen) = first(facts, "frozen") {
        lines.push(format!("{host}  frozen {}", holder::frozen(frozen)));
    }
    if let Some(maintenance) = first(facts, "maintenance") {
        lines.push(format!(
            "{host}  in maintenance {}",
            holder::maintenance(maintenance)
        ));
    }
    if let Some(last) = first(facts, "last").and_then(|fields| parsed(of(fields, "value"))) {
        let text = |key: &str| last[key].as_str().unwrap_or("?").to_owned();
        let (kind, outcome, by, time) = (text("kind"), text("outcome"), text("by"), text("time"));
        lines.push(format!("{host}  last {kind} by {by} at {time}: {outcome}"));
    }
    if let Some(run) = first(facts, "last-run") {
        lines.extend(ill(run).map(|text| format!("{host}  {text}")));
    }
    lines
}

/// `the last run ended badly, by anna@laptop since 14:02 UTC (6 min): push of 3f2a1bc: failed, nothing changed`
fn ill(run: &Fields) -> Option<String> {
    let word = match Outcome::from_word(of(run, "outcome")) {
        Some(Outcome::Live | Outcome::Unchanged | Outcome::Done) => return None,
        Some(outcome) => outcome_word(outcome),
        None => "killed; the next run settles what it left",
    };
    Some(format!(
        "the last run, {}, ended: {word}",
        holder::held(run)
    ))
}
