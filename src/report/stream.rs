//! The objects of `--json` on standard output, one a line; `docs/reference/events.schema.json` says what they hold.
//!
//! Facts as they are, without words for people where a fact says the same.

use super::mask::Mask;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fmt;
use std::io::Write;
use std::time::Duration;

/// Changes when a reader of the old objects would misread the new ones. A new type or key is no such change.
pub(super) const SCHEMA: u32 = 1;

/// Keys and values of an object, in the order they are written.
pub(super) type Pairs = Vec<(&'static str, Value)>;

/// Where the objects go.
///
/// A reader that went away changes nothing of what the run does or how it ends, so that errors of writing are dropped.
pub struct Stream {
    out: Box<dyn Write>,
    began: Timestamp,
    /// Since it began.
    at: Duration,
    run: Option<String>,
    mask: Mask,
}

impl Stream {
    /// The clock of the run starts at `began`.
    pub fn new(out: impl Write + 'static, began: Timestamp) -> Self {
        Self {
            out: Box::new(out),
            began,
            at: Duration::ZERO,
            run: None,
            mask: Mask::default(),
        }
    }

    /// The last object of a command that failed before or beside any run: what is wrong, and where in the file.
    pub fn fail(mut self, code: super::ExitCode, error: &str, problems: &[Problem]) {
        let problem = |problem: &Problem| {
            let Problem {
                line,
                column,
                what,
                label,
            } = problem;
            json!({ "line": line, "column": column, "what": what, "label": label })
        };
        let problems: Vec<_> = problems.iter().map(problem).collect();
        self.put(
            "result",
            None,
            vec![
                ("exit_code", json!(code as u8)),
                ("exit", json!(code.word())),
                ("error", json!(error)),
                ("problems", json!(problems)),
                ("hosts", json!([])),
            ],
        );
    }

    /// The last object of a command that needs no host.
    pub fn done(mut self) {
        let code = super::ExitCode::Done;
        self.put(
            "result",
            None,
            vec![
                ("exit_code", json!(code as u8)),
                ("exit", json!(code.word())),
                ("error", Value::Null),
                ("hosts", json!([])),
            ],
        );
    }

    /// A rendered file, as `render` shows it; without its content where that was written to a directory.
    pub fn file(&mut self, host: &str, path: &str, content: Option<&str>) {
        let mut pairs = vec![("path", json!(path))];
        pairs.extend(content.map(|content| ("content", json!(content))));
        self.put("file", Some(host), pairs);
    }

    /// The sha256 of the script that a host would run.
    pub fn script(&mut self, host: &str, digest: &str) {
        self.put("script", Some(host), vec![("sha256", json!(digest))]);
    }

    pub(super) fn mask(&mut self, mask: Mask) {
        self.mask = mask;
    }

    pub(super) fn run(&mut self, id: &str) {
        self.run = Some(id.to_owned());
    }

    pub(super) fn at(&mut self, at: Duration) {
        self.at = at;
    }

    pub(super) fn put(&mut self, kind: &'static str, host: Option<&str>, body: Pairs) {
        let since = SignedDuration::try_from(self.at).unwrap_or_default();
        let time = self.began.checked_add(since).unwrap_or(self.began);
        let time = time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let mut pairs: Pairs = vec![("type", json!(kind)), ("time", json!(time))];
        pairs.push(("run", json!(self.run)));
        pairs.extend(host.map(|host| ("host", json!(host))));
        pairs.extend(body);
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(key, value)| format!("{}:{}", json!(key), self.masked(value)))
            .collect();
        // Inside a string, so that a reader gets the two characters; a CI log does not see the start of a command.
        let object = format!("{{{}}}\n", pairs.join(",")).replace("##", "#\\u0023");
        let _ = self.out.write_all(object.as_bytes());
        let _ = self.out.flush();
    }

    /// Before it is escaped: a secret may have a quote in it.
    fn masked(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.mask.apply(&text)),
            Value::Array(values) => values.into_iter().map(|value| self.masked(value)).collect(),
            Value::Object(pairs) => pairs
                .into_iter()
                .map(|(key, value)| (self.mask.apply(&key), self.masked(value)))
                .collect(),
            other => other,
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("run", &self.run)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Something wrong in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1; 0 for the file as a whole.
    pub line: usize,
    pub column: usize,
    pub what: String,
    /// What to do, or empty.
    pub label: String,
}

/// Seconds, in thousandths.
pub(super) fn seconds(time: Duration) -> Value {
    let millis = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    json!(f64::from(millis) / 1000.0)
}
