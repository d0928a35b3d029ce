//! What the hosts of one push have installed, where it is not the same.

use super::story::Story;
use super::words::harmless;
use std::collections::{BTreeMap, BTreeSet};

/// Packages that a warning names.
const NAMED: usize = 5;

/// `flask 3.1.2 on web1, 3.1.3 on web2, none on web3; ...`, or nothing where all hosts have the same.
pub(super) fn differences(stories: &[Story]) -> Option<String> {
    let told: Vec<(&str, BTreeMap<&str, &str>)> = stories
        .iter()
        .filter_map(|story| Some((story.name.as_str(), versions(story.packages.as_deref()?))))
        .collect();
    let all = told.iter().flat_map(|(_, has)| has.keys().copied());
    let names: BTreeSet<&str> = all.collect();
    let differ = |name: &&str| {
        told.windows(2)
            .any(|pair| pair[0].1.get(name) != pair[1].1.get(name))
    };
    let differing: Vec<&str> = names.into_iter().filter(differ).collect();
    if differing.is_empty() {
        return None;
    }
    let mut shown: Vec<String> = differing
        .iter()
        .take(NAMED)
        .map(|name| described(name, &told))
        .collect();
    if differing.len() > NAMED {
        shown.push(format!("{} more", differing.len() - NAMED));
    }
    Some(harmless(&shown.join("; ")))
}

/// One package, and who has which version of it.
fn described(name: &str, told: &[(&str, BTreeMap<&str, &str>)]) -> String {
    let mut versions: Vec<(&str, Vec<&str>)> = Vec::new();
    for (host, has) in told {
        let version = has.get(name).copied().unwrap_or("none");
        match versions.iter_mut().find(|(known, _)| *known == version) {
            Some((_, hosts)) => hosts.push(host),
            None => versions.push((version, vec![host])),
        }
    }
    let on = |(version, hosts): &(&str, Vec<&str>)| match hosts.len() {
        count @ 4.. => format!("{version} on {count} hosts"),
        _ => format!("{version} on {}", hosts.join(" and ")),
    };
    let all: Vec<String> = versions.iter().map(on).collect();
    format!("{name} {}", all.join(", "))
}

/// Name and version of each line of a frozen list; the lines are parted by tabs.
fn versions(list: &str) -> BTreeMap<&str, &str> {
    let part = |line: &'_ str| {
        line.find("==")
            .map(|at| (at, 2))
            .or(line.find(" @ ").map(|at| (at, 3)))
    };
    list.split('\t')
        .filter(|line| !line.is_empty())
        .map(|line| match part(line) {
            Some((at, sign)) => (&line[..at], &line[at + sign..]),
            None => (line, "of no version"),
        })
        .collect()
}
