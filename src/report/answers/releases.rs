//! What `releases` answers.

use serde_json::json;

use super::{Answer, Facts, all, first, of, parsed, short};
use crate::event::Fields;
use crate::report::holder;

/// The releases a host keeps, newest first.
pub fn releases(host: &str, facts: Facts<'_>) -> Answer {
    let live = first(facts, "live").map_or("", |fields| of(fields, "release"));
    let releases = all(facts, "release").map(|fields| {
        let name = of(fields, "name");
        json!({
            "release": name, "live": name == live, "good": of(fields, "good") == "yes",
            "rollback_target": of(fields, "target") == "yes",
            "manifest": parsed(of(fields, "manifest")),
        })
    });
    Answer {
        kind: "releases",
        host: host.to_owned(),
        lines: release_lines(host, facts),
        body: vec![("releases", releases.collect())],
    }
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
        let manifest = parsed(of(fields, "manifest")).unwrap_or_default();
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
