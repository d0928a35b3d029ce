//! `--json` of real runs: what the schema says, and the same facts from every command.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::run::Run;
use crate::schema::Schema;
use crate::site::Site;

/// On a site that is live: plan, push, ask, and push once more.
pub(crate) fn agree(site: &Site) -> Result<()> {
    let sha = site.change()?;
    let plan = objects(site, &["plan", "production", "--json"])?;
    let push = objects(site, &["push", "production", "--json"])?;
    let status = objects(site, &["status", "production", "--json"])?;
    let releases = objects(site, &["releases", "production", "--json"])?;
    let again = objects(site, &["push", "production", "--json", "-q"])?;

    let setup = objects(site, &["setup", "production", "--login", "root", "--json"])?;
    let began = setup.iter().filter(|object| object["type"] == "start");
    let began: Vec<&Value> = began.map(|start| &start["command"]).collect();
    ensure!(began == ["setup", "login"], "{began:?}");

    let release = site.page()?.release;
    let result = &of("result", &push)?["hosts"][0];
    ensure!(
        result["outcome"] == "live" && result["release"] == release.as_str(),
        "{result}"
    );
    ensure!(of("start", &push)?["run"] == release.as_str());
    ensure!(of("revision", &push)?["sha"] == sha.as_str());
    let planned = of("plan", &plan)?;
    ensure!(planned["revision"]["sha"] == sha.as_str(), "{planned}");
    ensure!(
        planned["live"]["release"] == result["previous"],
        "{planned}"
    );
    ensure!(
        planned["sha256"] == of("script", &push)?["sha256"],
        "{planned}"
    );
    let planned = planned["prepare"].as_array().context("no steps")?;
    let ran: Vec<&Value> = push
        .iter()
        .filter(|object| object["type"] == "done")
        .collect();
    ensure!(
        planned
            .iter()
            .all(|step| ran.iter().any(|object| object["step"] == *step)),
        "{ran:?}"
    );

    let live = &of("status", &status)?["live"];
    ensure!(
        live["release"] == release.as_str() && live["state"] == "active",
        "{live}"
    );
    let kept = of("releases", &releases)?["releases"]
        .as_array()
        .context("no list")?;
    let marked = |key: &str| {
        kept.iter()
            .find(|one| one[key] == true)
            .map(|one| &one["release"])
    };
    ensure!(marked("live") == Some(&result["release"]), "{kept:?}");
    ensure!(
        marked("rollback_target") == Some(&result["previous"]),
        "{kept:?}"
    );

    ensure!(
        again.len() == 1 && again[0]["hosts"][0]["outcome"] == "unchanged",
        "{again:?}"
    );
    Ok(())
}

/// Every line of standard output, each held against the schema; the last is the result and nothing was said in words.
fn objects(site: &Site, arguments: &[&str]) -> Result<Vec<Value>> {
    let run: Run = site.deployer(arguments)?.expect(0)?;
    ensure!(run.stderr.is_empty(), "{run}");
    let schema = Schema::read();
    for line in run.stdout.lines() {
        schema
            .check(line)
            .map_err(anyhow::Error::msg)
            .with_context(|| line.to_owned())?;
    }
    let lines = run
        .stdout
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?));
    let objects = lines.collect::<Result<Vec<Value>>>()?;
    ensure!(
        objects
            .iter()
            .filter(|object| object["type"] == "result")
            .count()
            == 1,
        "{run}"
    );
    ensure!(
        objects.last().is_some_and(|last| last["exit_code"] == 0),
        "{run}"
    );
    Ok(objects)
}

fn of<'a>(kind: &str, objects: &'a [Value]) -> Result<&'a Value> {
    let found = objects.iter().find(|object| object["type"] == kind);
    found.with_context(|| format!("no {kind} in {objects:?}"))
}
