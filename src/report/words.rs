//! The lines of a run as it goes.

use super::environment;
use super::paint::Paint;
use super::progress::Progress;
use super::story::Story;
use super::{Subject, holder};
use crate::event::{Event, Fields, Outcome};
use crate::run::{Ending, LostKind, News, Update, Verb};
use std::time::Duration;

/// The line for an update, if it deserves one. `story` is as it was before it.
pub(super) fn line(story: &Story, update: &Update, fleet: bool) -> Option<String> {
    match &update.news {
        News::Connected => Some(format!("connected ({})", time(update.at))),
        News::Asking => Some("connection lost, asking the host how the run ended".to_owned()),
        News::Sent(Verb::Abort) => Some("told to stop".to_owned()),
        News::Sent(Verb::Revert) => Some("told to go back to the old release".to_owned()),
        News::Event(event) => of_event(story, event),
        // One host's ending is the closing line.
        // Said when it proved itself.
        News::Ended(Ending::End {
            outcome: Outcome::Live,
            ..
        }) => None,
        News::Ended(Ending::End { outcome, .. }) if fleet => {
            Some(outcome_word(*outcome).to_owned())
        }
        News::Ended(Ending::Lost(lost)) if fleet => Some(lost_word(&lost.kind).to_owned()),
        News::Connecting | News::Sent(_) | News::Ended(_) | News::Interrupted(_) | News::Tick => {
            None
        }
    }
}

fn of_event(story: &Story, event: &Event) -> Option<String> {
    match event {
        Event::StepFinished {
            step,
            rc: 0,
            time: took,
        } => Some(match &story.chosen {
            Some(chosen) => format!("{step} {chosen} ({})", time(*took)),
            None => format!("{step} ({})", time(*took)),
        }),
        Event::StepFinished {
            step,
            rc,
            time: took,
        } => Some(format!("{step} failed (exit {rc} after {})", time(*took))),
        Event::Decided { what, value, why }
            if story.step.as_ref().is_none_or(|(step, _)| step != what) =>
        {
            let why = why
                .as_ref()
                .map(|why| format!(" ({why})"))
                .unwrap_or_default();
            Some(format!("{what}: {value}{why}"))
        }
        Event::Warned { reason, fields } => Some(format!(
            "warning: {}",
            super::reasons::warned(reason, fields)
        )),
        Event::Migrated { ran: false } => Some("nothing to migrate".to_owned()),
        Event::Fact { what, fields } if what == "waiting" => {
            let limit = holder::number(fields, "limit").unwrap_or_default();
            Some(format!(
                "waiting up to {} for the lock, held {}",
                time(Duration::from_secs(limit)),
                holder::held(fields)
            ))
        }
        Event::Fact { what, fields } if what == "run" => {
            let run = fields.get("run").map_or("?", String::as_str);
            Some(format!("run {}, {}", harmless(run), holder::held(fields)))
        }
        Event::Fact { what, fields } if what == "unneeded" => {
            let release = fields.get("release").map_or("?", String::as_str);
            let kilobytes: u64 = fields.get("kilobytes")?.parse().ok()?;
            let size = super::reasons::size(&(kilobytes * 1024).to_string());
            Some(format!("release {} would go, {size}", harmless(release)))
        }
        Event::Live { release, .. } => Some(format!("{release} serves")),
        Event::Fact { what, fields } if what == "environment" => environment::changes(fields),
        Event::Output(line) => Some(format!("  {}", harmless(line))),
        _ => None,
    }
}

pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Live => "live",
        Outcome::Unchanged => "already live",
        Outcome::Done => "done",
        Outcome::Locked => "locked, nothing changed",
        Outcome::Refused => "not ready, nothing changed",
        Outcome::PrepareFailed => "failed, nothing changed",
        Outcome::MigrateFailed => "migration failed, nothing switched",
        Outcome::Aborted => "called off, nothing changed",
        Outcome::Restored => "failed, old release serves",
        Outcome::Reverted => "put back, old release serves",
        Outcome::Broken => "failed, old release does not answer",
    }
}

pub(super) fn lost_word(kind: &LostKind) -> &'static str {
    match kind {
        LostKind::NotStarted => "not started, nothing changed",
        LostKind::Withdrawn => "called off, nothing changed",
        LostKind::Cut => "left, undoes itself",
        LostKind::Detached => "left, finishes by itself",
        LostKind::Unfollowed => "goes on by itself",
        LostKind::Killed => "killed there",
        LostKind::Unknown => "unknown",
        LostKind::Dropped => "connection broke, nothing changed",
        _ => "not connected, nothing changed",
    }
}

/// `web1 | text`. Behind the name no line of a host can start a command of a CI log.
pub(super) fn prefixed(hosts: &[String], host: usize, text: &str, paint: Paint) -> String {
    let width = hosts
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    let name = hosts.get(host).map_or("", String::as_str);
    format!("{} {text}", paint.faint(&format!("{name:width$} |")))
}

/// Azure, GitHub and GitLab look for these anywhere in a line.
pub(super) fn harmless(line: &str) -> String {
    line.replace("##[", "## [")
        .replace("section_start:", "section_start :")
        .replace("section_end:", "section_end :")
        .replace("##vso[", "## vso[")
        .replace("##teamcity[", "## teamcity[")
}

/// What all hosts do at this time, as a word and as a title.
pub(super) fn phase(subject: &Subject, went: bool) -> (&'static str, String) {
    let hosts = match subject.hosts.as_slice() {
        few if few.len() <= 5 => few.join(", "),
        many => format!("{} hosts", many.len()),
    };
    if !subject.switches() {
        let (command, environment) = (&subject.command, &subject.environment);
        return ("run", format!("{command} {environment} on {hosts}"));
    }
    if went {
        ("switch", format!("switch on {hosts}"))
    } else {
        ("prepare", format!("prepare on {hosts}"))
    }
}

/// Whole seconds are enough for what has not ended.
pub(super) fn still_running(step: &str, progress: Option<&Progress>, age: Duration) -> String {
    let progress = progress.map_or_else(String::new, |progress| format!(" {progress}"));
    let seconds = age.as_secs();
    let age = match seconds / 60 {
        0 => format!("{seconds}s"),
        minutes => format!("{minutes}m{:02}s", seconds % 60),
    };
    format!("{step}{progress} (still running, {age})")
}

pub(super) fn interrupted(subject: &Subject, stories: &[Story]) -> &'static str {
    if subject.follows() {
        "interrupted: no longer following"
    } else if subject.command == "setup" {
        "interrupted: stopping after the step that runs; once more leaves it to the hosts"
    } else if !subject.switches() {
        "interrupted: what has begun ends in a moment; once more leaves it to the hosts"
    } else if stories.iter().any(|story| story.went) {
        "interrupted after the switch began: letting it finish; once more leaves it to the hosts"
    } else if stories.iter().any(|story| story.migrating) {
        "interrupted while the database is migrated: waiting for its end, nothing will be switched; once more leaves without waiting"
    } else {
        "interrupted: calling off, nothing was switched; once more leaves without waiting"
    }
}

/// `0.1s`, `1m04s`.
pub(super) fn time(time: Duration) -> String {
    if time.as_secs() < 60 {
        // Tenths, cut and not rounded: 59.97 must not become 60.0.
        return format!("{}.{}s", time.as_secs(), time.subsec_millis() / 100);
    }
    format!("{}m{:02}s", time.as_secs() / 60, time.as_secs() % 60)
}

/// `key value, key value`.
pub(super) fn listed(fields: &Fields) -> String {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(key, value)| format!("{key} {}", harmless(value)))
        .collect();
    pairs.join(", ")
}

/// `1 commit`, `3 commits`
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
