//! What went wrong on one host: cause, state left, the host's own words, the next command.

use super::closing::Whole;
use super::reasons::{self, Meaning};
use super::say::Failure;
use super::story::{Cause, Story};
use super::words::{harmless, time};
use super::{holder, lost};
use crate::event::{Fields, Outcome};
use crate::run::Ending;

pub(super) fn of(whole: &Whole<'_>, story: &Story) -> Failure {
    let subject = whole.subject;
    let mut said = Vec::new();
    let meaning = match &story.ending {
        Some(Ending::Lost(lost)) => {
            let (meaning, words) = lost::meaning(lost, story, subject);
            said.extend(words);
            meaning
        }
        Some(Ending::End { outcome, .. }) => {
            let cause = cause(story, *outcome, whole);
            let left = match (whole.subject.command.as_str(), *outcome) {
                (_, Outcome::Locked) => left(story, *outcome),
                ("setup", _) => "what was set up before that stays".to_owned(),
                ("scale", Outcome::PrepareFailed) => {
                    "as many run as before, in the same release".to_owned()
                }
                ("prune", Outcome::PrepareFailed) => {
                    "nothing that a release needs was removed".to_owned()
                }
                ("start", Outcome::Broken) => "visitors get an error page".to_owned(),
                ("stop", Outcome::PrepareFailed) => "it may still serve".to_owned(),
                _ => left(story, *outcome),
            };
            let what = format!("{}; {left}", cause.what);
            said.extend(words_of_host(story));
            Meaning {
                what,
                hint: cause.hint.or_else(|| Some(next(whole, story, *outcome))),
            }
        }
        None => Meaning {
            what: format!("nothing was heard of {}", story.name),
            hint: None,
        },
    };
    Failure {
        host: Some(story.name.clone()),
        what: meaning.what,
        said,
        hint: meaning.hint,
    }
}

fn cause(story: &Story, outcome: Outcome, whole: &Whole<'_>) -> Meaning {
    let host = &story.name;
    let mut meaning = match &story.cause {
        _ if outcome == Outcome::Locked => return locked(story, whole),
        Some(Cause::Refused { reason, fields }) => {
            return reasons::refused(reason, fields, host, whole.subject);
        }
        Some(Cause::Failed { step, fields }) => reasons::failed(step, fields, host, whole.subject),
        None => match &story.fell {
            Some((step, ..)) => reasons::failed(step, &Fields::new(), host, whole.subject),
            None => Meaning {
                what: format!("{} on {host}", verdict(outcome)),
                hint: None,
            },
        },
    };
    if let Some((step, rc, took)) = &story.fell {
        let took = time(*took);
        // These are the script's own verdicts; their exit status is nobody's.
        let own = matches!(step.as_str(), "trial" | "switch" | "proof");
        let how = if own {
            format!("after {took}")
        } else {
            format!("exit {rc} after {took}")
        };
        meaning.what = format!("{} ({how})", meaning.what);
    }
    meaning
}

fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Refused => "the run was refused",
        Outcome::PrepareFailed => "preparing failed",
        Outcome::MigrateFailed => "the migration failed",
        Outcome::Restored | Outcome::Broken => "the switch failed",
        Outcome::Reverted => "the new release was taken back",
        Outcome::Aborted => "the run was called off",
        Outcome::Locked | Outcome::Live | Outcome::Unchanged | Outcome::Done => "the run ended",
    }
}

fn locked(story: &Story, whole: &Whole<'_>) -> Meaning {
    let environment = &whole.subject.environment;
    let nothing = Fields::new();
    let fields = match &story.ending {
        Some(Ending::End { fields, .. }) => fields,
        _ => &nothing,
    };
    let (state, who, hint) = if fields.contains_key("frozen") {
        let hint = format!(
            "`deployer unlock {environment}` lifts the freeze; `deployer rollback {environment}` works meanwhile"
        );
        ("frozen", holder::frozen(fields), hint)
    } else {
        let hint = format!(
            "`deployer attach {environment}` follows it; `deployer {} {environment} --wait` waits for it",
            whole.subject.command
        );
        ("locked", holder::held(fields), hint)
    };
    Meaning {
        what: format!("`{environment}` is {state} on {} {who}", story.name),
        hint: Some(hint),
    }
}

/// The state of the host.
fn left(story: &Story, outcome: Outcome) -> String {
    let current = story.last("current").or(story.current.as_deref());
    let serving = story
        .last("release")
        .filter(|release| *release != "-")
        .or(current);
    let named =
        |text: &str| serving.map_or_else(|| text.to_owned(), |id| format!("`{}`", harmless(id)));
    match outcome {
        Outcome::Locked | Outcome::Refused | Outcome::PrepareFailed | Outcome::Aborted => {
            match current {
                Some(current) => format!(
                    "nothing was changed, `current` is still {}",
                    harmless(current)
                ),
                None => "nothing was changed".to_owned(),
            }
        }
        Outcome::MigrateFailed => {
            let database = match story.last("database") {
                Some("untouched") => "the database is as it was",
                Some("migrated") => "the database is migrated",
                _ => "the database may be migrated in part",
            };
            let current =
                current.map(|current| format!(", `current` is still {}", harmless(current)));
            format!(
                "{database}, nothing was switched{}",
                current.unwrap_or_default()
            )
        }
        Outcome::Restored | Outcome::Reverted if serving.is_none() => {
            "nothing is live there, as before".to_owned()
        }
        Outcome::Restored | Outcome::Reverted => {
            format!("{} serves again", named("the old release"))
        }
        Outcome::Broken => format!("{} does not answer either", named("the old release")),
        Outcome::Live | Outcome::Unchanged | Outcome::Done => "the release serves".to_owned(),
    }
}

/// What to do when the reason does not say.
fn next(whole: &Whole<'_>, story: &Story, outcome: Outcome) -> String {
    let (command, environment) = (&whole.subject.command, &whole.subject.environment);
    match outcome {
        Outcome::Broken => format!("the site is down there; see `deployer status {environment}`"),
        _ if whole.subject.follows() => format!("see `deployer status {environment}`"),
        _ if story.cut && !whole.verbose => {
            format!("run `deployer {command} {environment} -v` to see all output")
        }
        _ => match wrong(story) {
            // A release never changes: what is right comes with another.
            Some(what) => format!("correct {what}, then run `deployer push {environment}`"),
            None => format!("correct it, then run `deployer {command} {environment}` again"),
        },
    }
}

/// What of the release.
fn wrong(story: &Story) -> Option<&'static str> {
    let (step, reason) = match &story.cause {
        Some(Cause::Failed { step, fields }) => {
            (step.as_str(), fields.get("reason").map(String::as_str))
        }
        _ => ("", None),
    };
    match (step, reason) {
        ("import", _) | (_, Some("died")) => Some("the app, or what `deploy.yaml` starts"),
        (_, Some("health")) => Some("the page, or `health`"),
        _ => None,
    }
}

/// The failed step's last lines and the units' logs.
fn words_of_host(story: &Story) -> Vec<String> {
    let mut lines = Vec::new();
    if story.fell.is_some() || matches!(story.cause, Some(Cause::Failed { .. })) {
        lines.extend(story.tail.iter().map(|line| harmless(line)));
    }
    for (source, excerpt) in &story.excerpts {
        lines.push(format!("--- {}", harmless(source)));
        lines.extend(excerpt.iter().map(|line| harmless(line)));
    }
    lines
}
