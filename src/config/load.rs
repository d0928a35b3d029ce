//! From a file to the configuration of one environment.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::{ConfigErrors, Problem, Problems, alternatives, nearest, quoted};
use super::node::{Entry, Node};
use super::overlay::overlay;
use super::section::Section;
use super::values::{EnvName, Text};
use super::{Config, raw, validate};

/// No configuration is as large; something else was named.
const LARGEST: u64 = 1 << 20;

impl Config {
    /// Reads one environment of a file. An error anywhere in the file is an error, in other environments too.
    pub fn load(path: &Path, environment: &str) -> Result<Self, ConfigErrors> {
        let file = path.display().to_string();
        Self::parse(&text(path)?, &file, environment)
    }

    /// As [`Config::load`], of text that errors call `file`.
    pub fn parse(source: &str, file: &str, environment: &str) -> Result<Self, ConfigErrors> {
        let problems = Problems::default();
        let config = read(source, environment, &problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(problems.into_errors(file, source)),
        }
    }

    /// The names of the environments of a file, in its order.
    pub fn environments(source: &str, file: &str) -> Result<Vec<EnvName>, ConfigErrors> {
        let problems = Problems::default();
        let names = raw::parse(source, &problems).and_then(|root| {
            let base = top(&root, &problems)?;
            let all = environments(base, &problems)?;
            all.iter()
                .map(|entry| EnvName::try_from(entry.key.as_str()).ok())
                .collect()
        });
        match names {
            Some(names) if problems.is_empty() => Ok(names),
            _ => Err(problems.into_errors(file, source)),
        }
    }
}

fn text(path: &Path) -> Result<String, ConfigErrors> {
    let file = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        ConfigErrors::whole(
            &file,
            format!(
                "cannot read {}: {}",
                quoted(&file),
                error.to_string().to_lowercase()
            ),
            "",
        )
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ConfigErrors::whole(
            &file,
            format!("{} is larger than 1 MiB", quoted(&file)),
            "",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let read = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..read]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        ConfigErrors::whole(
            &file,
            format!("{} is not UTF-8 at line {line}", quoted(&file)),
            "",
        )
    })
}

/// The one asked for; all others are read for their errors.
fn read(source: &str, wanted: &str, problems: &Problems) -> Option<Config> {
    let root = raw::parse(source, problems)?;
    let base = top(&root, problems)?;
    let all = environments(base, problems)?;
    let shared = || {
        base.iter()
            .filter(|entry| !is_private(entry) && entry.key != "environments")
    };
    if let Some(hosts) = shared().find(|entry| entry.key == "hosts") {
        let label = "hosts belong to one environment: move them there";
        problems.add(Problem::new(
            hosts.key_span.clone(),
            "`hosts` outside an environment",
            label,
        ));
    }
    let shared: Vec<Entry> = shared()
        .filter(|entry| entry.key != "hosts")
        .cloned()
        .collect();

    let mut config = None;
    for entry in all {
        let Some((name, over)) = environment(entry, problems) else {
            continue;
        };
        let entries = overlay(shared.clone(), &over);
        let wanted = name.as_str() == wanted;
        let read = Section::read(
            String::new(),
            entry.key_span.clone(),
            &entries,
            problems,
            |section| validate::config(section, name),
        );
        if wanted {
            config = read;
        }
    }
    if all.iter().all(|entry| entry.key != wanted) {
        problems.add(unknown(base, all, wanted));
    }
    config
}

fn top<'a>(root: &'a Node, problems: &Problems) -> Option<&'a [Entry]> {
    if root.entries().is_none() {
        let title = format!("expected a map, found {}", root.kind());
        problems.add(Problem::new(
            root.span.clone(),
            title,
            "write `key: value`, with a space after the colon",
        ));
    }
    root.entries()
}

fn environments<'a>(base: &'a [Entry], problems: &Problems) -> Option<&'a [Entry]> {
    let label = "name one, with its hosts";
    let Some(entry) = base.iter().find(|entry| entry.key == "environments") else {
        let span = base.first().map_or(0..0, |first| first.key_span.clone());
        problems.add(Problem::new(span, "missing key `environments`", label));
        return None;
    };
    let all = entry.value.entries().filter(|all| !all.is_empty());
    if all.is_none() {
        problems.add(Problem::new(
            entry.key_span.clone(),
            "environments: no environment",
            label,
        ));
    }
    all
}

/// The name of an environment and what it changes.
fn environment(entry: &Entry, problems: &Problems) -> Option<(EnvName, Vec<Entry>)> {
    let name = EnvName::try_from(entry.key.as_str());
    if let Err(invalid) = name {
        let title = format!(
            "environments: {} is not {}",
            quoted(&entry.key),
            EnvName::WHAT
        );
        problems.add(Problem::new(
            entry.key_span.clone(),
            title,
            invalid.to_string(),
        ));
    }
    let Some(entries) = entry.value.entries() else {
        let title = format!(
            "environments.{}: expected a map, found {}",
            entry.key,
            entry.value.kind()
        );
        problems.add(Problem::new(
            entry.key_span.clone(),
            title,
            "give it `hosts`",
        ));
        return None;
    };
    let (fixed, over): (Vec<Entry>, Vec<Entry>) = entries
        .iter()
        .cloned()
        .partition(|entry| matches!(entry.key.as_str(), "app" | "environments"));
    for fixed in fixed {
        let title = format!(
            "environments.{}: `{}` is the same in all environments",
            entry.key, fixed.key
        );
        problems.add(Problem::new(fixed.key_span, title, ""));
    }
    Some((name.ok()?, over))
}

fn unknown(base: &[Entry], all: &[Entry], wanted: &str) -> Problem {
    let names = || all.iter().map(|entry| entry.key.as_str());
    let label = match nearest(wanted, names()) {
        Some(name) => format!(
            "did you mean `{name}`? the file has {}",
            alternatives(names())
        ),
        None => format!("the file has {}", alternatives(names())),
    };
    let span = base
        .iter()
        .find(|entry| entry.key == "environments")
        .map_or(0..0, |entry| entry.key_span.clone());
    Problem::new(
        span,
        format!("unknown environment {}", quoted(wanted)),
        label,
    )
}

/// Keys for anchors: nothing reads them.
fn is_private(entry: &Entry) -> bool {
    entry.key.starts_with("x-")
}
