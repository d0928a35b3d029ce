//! What `plan` answers.

use serde_json::json;

use super::{Answer, Facts, all, first, of, short, text};
use crate::plan::{Action, HostPlan, Place, Source, Step};
use crate::report::{environment, workers};
use crate::target::Revision;

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
