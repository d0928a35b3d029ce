//! What `check` makes of the facts that a host told, and of what this client knows: a finding each.

mod host;
mod https;
mod site;
mod tools;

use super::exit::ExitCode;
use super::story::Story;
use super::words::{count, harmless};
use super::{Subject, lost, reasons};
use crate::config::Config;
use crate::event::{Fields, Outcome};
use crate::run::{Ending, LostKind};
use crate::target::TargetHost;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// Worth knowing.
    Note,
    /// A push works today and may not tomorrow.
    Warning,
    /// A push would fail.
    Error,
}

/// One line about one topic of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub topic: &'static str,
    pub text: String,
    /// The next command.
    pub remedy: Option<String>,
}

/// All that is known of one host: its facts, and how its session ended.
#[derive(Debug)]
pub struct Examined<'a> {
    pub config: &'a Config,
    pub host: &'a TargetHost,
    /// Who logged in, where that is not the file's login.
    pub login: Option<&'a str>,
    pub facts: &'a [(String, Fields)],
    pub ending: &'a Ending,
}

/// Everything there is to say of a host, in the order in which it would stop a push.
pub fn findings(examined: &Examined<'_>) -> Vec<Finding> {
    let mut judge = Judge {
        examined,
        found: Vec::new(),
    };
    judge.connection();
    if !examined.facts.is_empty() {
        judge.system();
        judge.packages();
        judge.root();
        judge.room();
        judge.python();
        judge.repository();
        judge.large_files();
        judge.files();
        judge.services();
        judge.nginx();
        judge.certificate();
        judge.names();
        judge.clock();
        judge.run();
    }
    judge.found
}

/// `web1  error    disk        not enough disk space`, and the remedy below.
pub fn check_lines(host: &str, width: usize, findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        let (level, topic) = (finding.level.as_str(), finding.topic);
        lines.push(format!(
            "{host:width$}  {level:7}  {topic:10}  {}",
            harmless(&finding.text)
        ));
        if let Some(remedy) = &finding.remedy {
            lines.push(format!(
                "{host:width$}  {:7}  {:10}  hint: {}",
                "",
                "",
                harmless(remedy)
            ));
        }
    }
    lines
}

/// One code for all hosts: 4 before 6.
pub fn check_code(endings: &[Ending], findings: &[Vec<Finding>]) -> ExitCode {
    let lost = |ending: &&Ending| matches!(ending, Ending::Lost(lost) if lost.kind != LostKind::NotStarted);
    if endings.iter().any(|ending| lost(&ending)) {
        return ExitCode::Connect;
    }
    let errors = findings
        .iter()
        .flatten()
        .any(|one| one.level == Level::Error);
    if errors {
        ExitCode::NotReady
    } else {
        ExitCode::Done
    }
}

/// `production is not ready: 2 errors, 1 warning on 3 hosts`
pub fn check_summary(environment: &str, findings: &[Vec<Finding>], nothing_live: bool) -> String {
    let number = |level| {
        let these = findings.iter().flatten().filter(|one| one.level == level);
        these.count()
    };
    let (errors, warnings) = (number(Level::Error), number(Level::Warning));
    let hosts = count(findings.len(), "host");
    let warned = match warnings {
        0 => String::new(),
        _ => format!(", {}", count(warnings, "warning")),
    };
    match errors {
        0 if nothing_live => {
            format!(
                "{environment} is ready on {hosts}{warned}; next: `deployer push {environment}`"
            )
        }
        0 => format!("{environment} is ready on {hosts}{warned}"),
        _ => format!(
            "{environment} is not ready: {}{warned} on {hosts}; nothing was changed",
            count(errors, "error")
        ),
    }
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

struct Judge<'a> {
    examined: &'a Examined<'a>,
    found: Vec<Finding>,
}

impl Judge<'_> {
    fn say(&mut self, level: Level, topic: &'static str, text: impl Into<String>) {
        self.found.push(Finding {
            level,
            topic,
            text: text.into(),
            remedy: None,
        });
    }

    fn advise(
        &mut self,
        level: Level,
        topic: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.found.push(Finding {
            level,
            topic,
            text: text.into(),
            remedy: Some(remedy.into()),
        });
    }

    /// In the words that the refused push has.
    fn refused(&mut self, topic: &'static str, reason: &str, fields: &Fields) {
        let host = &self.examined.host.host.name;
        let meaning = reasons::refused(reason, fields, host, &self.subject());
        let remedy = match reason {
            "sudo" | "tool" | "not-set-up" => Some(self.setup()),
            _ => meaning.hint,
        };
        self.found.push(Finding {
            level: Level::Error,
            topic,
            text: meaning.what,
            remedy,
        });
    }

    fn subject(&self) -> Subject {
        Subject {
            command: "check".to_owned(),
            environment: self.environment().to_owned(),
            hosts: vec![self.examined.host.host.name.clone()],
        }
    }

    fn environment(&self) -> &str {
        self.examined.config.environment.as_str()
    }

    fn fact(&self, what: &str) -> Option<&Fields> {
        let mut facts = self.examined.facts.iter();
        facts
            .find(|(name, _)| name == what)
            .map(|(_, fields)| fields)
    }

    fn facts(&self, what: &str) -> Vec<Fields> {
        let facts = self.examined.facts.iter();
        let these = facts.filter(|(name, _)| name == what);
        these.map(|(_, fields)| fields.clone()).collect()
    }

    /// A field of a fact; empty where either is missing.
    fn of(&self, what: &str, key: &str) -> &str {
        self.fact(what)
            .and_then(|fields| fields.get(key))
            .map_or("", String::as_str)
    }

    /// Whether it was set up, and by the manager that the file asks for: of another, nothing here says more.
    fn ready(&self) -> bool {
        self.of("root", "state") == "ready" && self.fact("other-manager").is_none()
    }

    fn privileged(&self) -> bool {
        matches!(self.of("login", "sudo"), "root" | "full")
    }

    /// Setup, as this login or as one that may.
    fn setup(&self) -> String {
        let environment = self.environment();
        match (self.privileged(), self.examined.login) {
            (true, Some(login)) => format!("run `deployer setup {environment} --login {login}`"),
            (true, None) => format!("run `deployer setup {environment}`"),
            (false, _) => {
                format!("run `deployer setup {environment} --login root`, or as any sudoer")
            }
        }
    }

    fn connection(&mut self) {
        let examined = self.examined;
        let name = &examined.host.host.name;
        match examined.ending {
            Ending::Lost(lost) => {
                let story = Story::new(name);
                let (meaning, said) = lost::meaning(lost, &story, &self.subject());
                // A check never changes anything.
                let mut text = meaning.what.replace("; nothing was changed", "");
                if let Some(last) = said.last() {
                    text = format!("{text}: {last}");
                }
                self.found.push(Finding {
                    level: Level::Error,
                    topic: "connection",
                    text,
                    remedy: meaning.hint,
                });
            }
            Ending::End {
                outcome: Outcome::Done,
                ..
            } if !examined.facts.is_empty() => self.login(),
            Ending::End { outcome, .. } => self.say(
                Level::Error,
                "connection",
                format!("the check of {name} ended early: {}", outcome.as_str()),
            ),
        }
    }
}
