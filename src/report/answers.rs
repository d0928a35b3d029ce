//! What `plan`, `releases` and `status` answer on standard output, a line at a time.

use serde_json::Value;

use super::holder;
use super::words::outcome_word;
use crate::event::{Fields, Outcome};
use crate::plan::{HostPlan, Place};
use crate::target::Revision;

/// The facts a host told, in its order.
type Facts<'a> = &'a [(String, Fields)];

/// `web1  live 20261122T141007Z-3f2a1bc (3f2a1bc), slot a active`
pub fn state_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
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
    if let Some(last) = first(facts, "last").and_then(|fields| json(of(fields, "value"))) {
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

/// `web1  2026-11-22T14:10:07Z  push  20261122T141007Z-3f2a1bc  live  anna@laptop`, the newest last.
pub fn history_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
    let lines: Vec<String> = all(facts, "history")
        .filter_map(|fields| json(of(fields, "value")))
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or("?").to_owned();
            format!(
                "{host}  {}  {:8}  {:24}  {:8}  {}",
                text("time"),
                text("kind"),
                text("release"),
                text("outcome"),
                text("by")
            )
        })
        .collect();
    if lines.is_empty() {
        return vec![format!("{host}  nothing was done yet")];
    }
    lines
}

/// `web1  * 20261122T141007Z-3f2a1bc  main 3f2a1bc  good  6 min  anna@laptop`, newest first; `*` is live, `<` where a rollback would go.
pub fn release_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
    let live = first(facts, "live").map_or("", |fields| of(fields, "release"));
    let releases: Vec<&Fields> = all(facts, "release").collect();
    if releases.is_empty() {
        return vec![format!("{host}  no releases")];
    }
    let described = |fields: &&Fields| {
        let name = of(fields, "name");
        let mark = match name {
            _ if name == live => "*",
            _ if of(fields, "target") == "yes" => "<",
            _ => " ",
        };
        let manifest = json(of(fields, "manifest")).unwrap_or_default();
        let branch = manifest["branch"].as_str().unwrap_or("?").to_owned();
        let revision = manifest["revision"].as_str().unwrap_or("?").to_owned();
        let good = if of(fields, "good") == "yes" {
            "good"
        } else {
            "never proven"
        };
        let age = holder::number(fields, "age").map_or_else(|| "?".to_owned(), holder::ago);
        let row = format!(
            "{host}  {mark} {name}  {branch} {}  {good:12}  {age:>7}  {}",
            short(&revision),
            of(fields, "by")
        );
        row.trim_end().to_owned()
    };
    releases.iter().map(described).collect()
}

/// What a push would do to one host.
pub fn plan_lines(
    plan: &HostPlan,
    revision: &Revision,
    facts: Facts<'_>,
    changes: Option<&[String]>,
    digest: &str,
) -> Vec<String> {
    let host = &plan.host;
    let live = first(facts, "live");
    let mut lines = vec![match live {
        Some(live) if of(live, "revision") == revision.sha => {
            format!(
                "{host}  {} ({}) is live already",
                revision.name,
                revision.short()
            )
        }
        Some(live) => {
            let from = short(of(live, "revision"));
            format!("{host}  {from} -> {} ({})", revision.short(), revision.name)
        }
        None => format!(
            "{host}  nothing -> {} ({})",
            revision.short(),
            revision.name
        ),
    }];
    lines.extend(
        changes
            .unwrap_or_default()
            .iter()
            .map(|change| format!("{host}    {change}")),
    );
    let steps = plan
        .prepare
        .iter()
        .map(|step| step.name)
        .collect::<Vec<_>>()
        .join(", ");
    lines.push(format!("{host}  prepare: {steps}"));
    lines.push(format!(
        "{host}  then: {}",
        takeover(plan, live.is_some(), facts)
    ));
    let finish = plan
        .finish
        .iter()
        .map(|step| step.name)
        .collect::<Vec<_>>()
        .join(", ");
    lines.push(format!("{host}  finish: {finish}"));
    lines.push(format!("{host}  script sha256 {digest}"));
    lines
}

fn takeover(plan: &HostPlan, live: bool, facts: Facts<'_>) -> String {
    let system = first(facts, "system").map_or("", |fields| of(fields, "value"));
    if !live {
        return "start slot a: nothing is live yet".to_owned();
    }
    if system == "changed" {
        let files = plan
            .files
            .iter()
            .filter(|file| matches!(file.place, Place::System(_)))
            .count();
        return format!(
            "replace or reload: some of the {files} units and site files differ from the host's"
        );
    }
    let fetched = first(facts, "mirror").is_some_and(|fields| of(fields, "has") == "yes");
    let known = if fetched {
        ""
    } else {
        "; the host has not fetched this revision yet"
    };
    format!("reload if the packages stay the same, replace if they change{known}")
}

fn first<'a>(facts: Facts<'a>, what: &str) -> Option<&'a Fields> {
    facts
        .iter()
        .find(|(name, _)| name == what)
        .map(|(_, fields)| fields)
}

fn all<'a>(facts: Facts<'a>, what: &'a str) -> impl Iterator<Item = &'a Fields> {
    facts
        .iter()
        .filter(move |(name, _)| name == what)
        .map(|(_, fields)| fields)
}

fn of<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).map_or("", String::as_str)
}

fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or("?")
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
