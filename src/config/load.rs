//! From a file to the configuration of one environment.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

use super::environments::{environments, top, unknown};
use super::error::ConfigErrors;
use super::problem::Problems;
use super::section::Section;
use super::values::EnvName;
use super::words::quoted;
use super::{Config, raw, validate};

/// No configuration is as large; something else was named.
const LARGEST: u64 = 1 << 20;

impl Config {
    /// Reads one environment of a file. An error in any part of the file is an error, so that a file
    /// is either good or not, whatever is deployed.
    pub fn load(path: &Path, environment: &str) -> Result<Self, ConfigErrors> {
        Self::parse(&text(path)?, &path.display().to_string(), environment)
    }

    /// As [`Config::load`], of text that errors call `file`.
    pub fn parse(source: &str, file: &str, environment: &str) -> Result<Self, ConfigErrors> {
        let problems = Problems::default();
        match read(source, environment, &problems) {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigErrors::new(file, source, problems.into_vec())),
        }
    }

    /// The names of a file's environments, in its order; of the rest of the file, only that it is YAML.
    pub fn environments(source: &str, file: &str) -> Result<Vec<EnvName>, ConfigErrors> {
        let problems = Problems::default();
        let found = raw::parse(source, &problems)
            .and_then(|root| Some(environments(top(&root, &problems)?, &problems)));
        match found {
            Some(found) if problems.is_empty() => {
                Ok(found.into_iter().map(|one| one.name).collect())
            }
            _ => Err(ConfigErrors::new(file, source, problems.into_vec())),
        }
    }
}

/// Each environment is read for its errors, and the one asked for is returned.
fn read(source: &str, wanted: &str, problems: &Problems) -> Option<Config> {
    let root = raw::parse(source, problems)?;
    let base = top(&root, problems)?;
    let first = base.first().map_or(0..0, |entry| entry.key_span.clone());
    let mut config = None;
    let mut names = Vec::new();
    for one in environments(base, problems) {
        let found = Problems::default();
        names.push(one.name.to_string());
        let read = Section::read(
            String::new(),
            first.clone(),
            &one.entries,
            &found,
            |section| validate::config(section, one.name),
        );
        let name = names.last().map_or("", String::as_str);
        problems.absorb(found, name, &one.part);
        if name == wanted {
            config = read;
        }
    }
    if !names.is_empty() && names.iter().all(|name| name != wanted) {
        problems.add(unknown(base, &names, wanted));
    }
    config
}

fn text(path: &Path) -> Result<String, ConfigErrors> {
    let file = path.display().to_string();
    let whole = |says: String, hint: &str| {
        ConfigErrors::whole(&file, format!("{}: {says}", quoted(&file)), hint)
    };
    let failed = |says: String| whole(says, "");
    let unreadable = |error: Error| match error.kind() {
        ErrorKind::NotFound => whole(
            "there is no such file".into(),
            "run this where the app's `deploy.yaml` is, or name it with `--config`",
        ),
        kind => failed(format!("cannot be read: {kind}")),
    };
    let mut bytes = Vec::new();
    let opened = File::open(path).map_err(unreadable)?;
    opened
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed("larger than 1 MiB".into()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..good])
            .matches('\n')
            .count()
            + 1;
        failed(format!("not UTF-8 at line {line}"))
    })
}
