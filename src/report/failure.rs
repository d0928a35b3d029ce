//! What went wrong on one host: cause, state left, the host's own words, the next command.

use super::closing::Whole;
use super::lost;
use super::reasons::{self, Meaning};
use super::say::Failure;
use super::story::{Cause, Story};
use super::words::{harmless, time};
use crate::event::Outcome;
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
            let left = match whole.subject.command.as_str() {
                "setup" if *outcome != Outcome::Locked => {
                    "what was set up before that stays".to_owned()
                }
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
            Some((step, ..)) => {
                reasons::failed(step, &crate::event::Fields::new(), host, whole.subject)
            }
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
    let by = story
        .last("by")
        .or(story.last("holder"))
        .map(|by| format!(" by `{}`", harmless(by)))
        .unwrap_or_default();
    let since = story
        .last("since")
        .map(|since| format!(" since {}", harmless(since)))
        .unwrap_or_default();
    let run = story
        .last("run")
        .map(|run| format!(" (run {})", harmless(run)))
        .unwrap_or_default();
    let environment = &whole.subject.environment;
    let what = format!(
        "`{environment}` is locked on {}{by}{since}{run}",
        story.name
    );
    let hint = format!(
        "wait for it, then run `deployer {} {environment}` again",
        whole.subject.command
    );
    Meaning {
        what,
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
        _ if story.cut && !whole.verbose => {
            format!("run `deployer {command} {environment} -v` to see all output")
        }
        _ => format!("correct it, then run `deployer {command} {environment}` again"),
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
