//! What `plan`, `releases` and `status` answer on standard output, as lines and as an object for each host.

use serde_json::{Value, json};

use super::verdict::Answer;

use super::words::outcome_word;
use super::{environment, holder, workers};
use crate::event::{Fields, Outcome};
use crate::plan::{Action, HostPlan, Place, Source, Step};
use crate::target::Revision;

/// The facts a host told, in its order.
pub(super) type Facts<'a> = &'a [(String, Fields)];

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
    let last = first(facts, "last").and_then(|fields| json(of(fields, "value")));
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

/// The releases a host keeps, newest first.
pub fn releases(host: &str, facts: Facts<'_>) -> Answer {
    let live = first(facts, "live").map_or("", |fields| of(fields, "release"));
    let releases = all(facts, "release").map(|fields| {
        let name = of(fields, "name");
        json!({
            "release": name, "live": name == live, "good": of(fields, "good") == "yes",
            "rollback_target": of(fields, "target") == "yes",
            "manifest": json(of(fields, "manifest")),
        })
    });
    Answer {
        kind: "releases",
        host: host.to_owned(),
        lines: release_lines(host, facts),
        body: vec![("releases", releases.collect())],
    }
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

/// What was done on a host, the newest last.
pub fn history(host: &str, facts: Facts<'_>) -> Answer {
    let entries = all(facts, "history").filter_map(|fields| json(of(fields, "value")));
    Answer {
        kind: "history",
        host: host.to_owned(),
        lines: history_lines(host, facts),
        body: vec![("entries", entries.collect())],
    }
}

/// `web1  2026-11-22T14:10:07Z  push  20261122T141007Z-3f2a1bc  live  anna@laptop`, the newest last.
fn history_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
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
fn release_lines(host: &str, facts: Facts<'_>) -> Vec<String> {
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
pub fn plan(
    plan: &HostPlan,
    revision: &Revision,
    facts: Facts<'_>,
    changes: Option<&[String]>,
    digest: &str,
) -> Answer {
    let live = first(facts, "live");
    let steps = |steps: &[Step]| steps.iter().map(|step| step.name).collect::<Vec<_>>();
    let yes = |what, key, value| first(facts, what).is_some_and(|fields| of(fields, key) == value);
    let live = live.map(
        |live| json!({ "release": text(live, "release"), "revision": text(live, "revision") }),
    );
    let body = vec![
        ("revision", json!(revision)),
        ("live", json!(live)),
        ("changes", json!(changes)),
        ("prepare", json!(steps(&plan.prepare))),
        ("finish", json!(steps(&plan.finish))),
        ("system_changed", json!(yes("system", "value", "changed"))),
        ("fetched", json!(yes("mirror", "has", "yes"))),
        ("sha256", json!(digest)),
    ];
    Answer {
        kind: "plan",
        host: plan.host.clone(),
        lines: plan_lines(plan, revision, facts, changes, digest),
        body,
    }
}

/// A key that the repository does not accept yet.
pub fn deploy_key(host: &str, key: &str) -> Answer {
    Answer {
        kind: "deploy-key",
        host: host.to_owned(),
        lines: vec![key.to_owned()],
        body: vec![("key", json!(key))],
    }
}

fn plan_lines(
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
    let environment = first(facts, "environment").and_then(environment::changes);
    lines.extend(environment.map(|changes| format!("{host}  {changes}")));
    lines.push(format!("{host}  prepare: {}", names(&plan.prepare)));
    if !plan.migrate.is_empty() {
        lines.push(format!("{host}  migrate: {}", names(&plan.migrate)));
    }
    if !plan.activate.is_empty() {
        lines.push(format!(
            "{host}  before the switch: {}",
            names(&plan.activate)
        ));
    }
    lines.extend(packages(plan, facts).map(|packages| format!("{host}  packages: {packages}")));
    lines.push(format!(
        "{host}  then: {}",
        takeover(plan, live.is_some(), facts)
    ));
    lines.extend(workers::moved(plan).map(|workers| format!("{host}  workers: {workers}")));
    lines.push(format!("{host}  finish: {}", names(&plan.finish)));
    lines.push(format!("{host}  script sha256 {digest}"));
    lines
}

/// What will say which packages the release gets.
fn packages(plan: &HostPlan, facts: Facts<'_>) -> Option<String> {
    let made = plan.prepare.iter().find_map(|step| match &step.action {
        Action::Virtualenv(made) => Some(made),
        _ => None,
    })?;
    let order: &[&str] = match made.source {
        Source::Files(_) => &[],
        Source::Detect => &["uv.lock", "requirements.txt", "pyproject.toml", "setup.py"],
        Source::Project { .. } => &["uv.lock", "pyproject.toml", "setup.py"],
    };
    let has =
        |path: &&&str| all(facts, "names-packages").any(|fields| of(fields, "path") == **path);
    let fetched = first(facts, "mirror").is_some_and(|fields| of(fields, "has") == "yes");
    let mut text = match (&made.source, order.iter().find(has)) {
        (Source::Files(files), _) => files.join(", "),
        (_, Some(path)) => (*path).to_owned(),
        (_, None) if fetched => format!("none of {} is there", order.join(", ")),
        (_, None) => format!("the first there is of {}", order.join(", ")),
    };
    if made.refresh {
        text.push_str(", into a new virtualenv");
    }
    Some(text)
}

fn names(steps: &[Step]) -> String {
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    names.join(", ")
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

pub(super) fn all<'a>(facts: Facts<'a>, what: &'a str) -> impl Iterator<Item = &'a Fields> {
    facts
        .iter()
        .filter(move |(name, _)| name == what)
        .map(|(_, fields)| fields)
}

pub(super) fn of<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).map_or("", String::as_str)
}

/// `null` for what is empty.
fn text<'a>(fields: &'a Fields, key: &str) -> Option<&'a str> {
    Some(of(fields, key)).filter(|text| !text.is_empty())
}

fn said(facts: Facts<'_>, what: &str, key: &str) -> Value {
    json!(first(facts, what).map(|fields| of(fields, key)))
}

fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or("?")
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
