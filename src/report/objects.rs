//! What happened, as objects of `--json`.

use super::closing::{self, Whole};
use super::exit::ExitCode;
use super::say::Failure;
use super::story::Story;
use super::stream::{Pairs, seconds};
use super::{Detail, reasons};
use crate::event::Event;
use crate::run::{Ending, LostKind, News, Signal};
use serde_json::{Map, Value, json};

/// The type of an update's object and its body, if it has one.
pub(super) fn of(news: &News, detail: Detail) -> Option<(&'static str, Pairs)> {
    if detail == Detail::Quiet {
        return None;
    }
    Some(match news {
        News::Connecting => ("connecting", vec![]),
        News::Connected => ("connected", vec![]),
        News::Event(event) => return of_event(event, detail),
        News::Sent(verb) => ("sent", vec![("verb", json!(verb.as_str()))]),
        News::Asking => ("asking", vec![]),
        News::Interrupted(signal) => ("interrupted", vec![("signal", json!(name(*signal)))]),
        News::Tick => return None,
        News::Ended(ending) => ("ended", outcome(Some(ending))),
    })
}

fn of_event(event: &Event, detail: Detail) -> Option<(&'static str, Pairs)> {
    let object = |kind, pairs| Some((kind, pairs));
    match event {
        Event::Hello { login, machine, .. } => object(
            "hello",
            vec![("login", json!(login)), ("machine", json!(machine))],
        ),
        Event::StepStarted { step } => object("step", vec![("step", json!(step))]),
        Event::StepFinished { step, rc, time } => object(
            "done",
            vec![
                ("step", json!(step)),
                ("status", json!(rc)),
                ("seconds", seconds(*time)),
            ],
        ),
        Event::Decided { what, value, why } => object(
            "decided",
            vec![
                ("what", json!(what)),
                ("value", json!(value)),
                ("why", json!(why)),
            ],
        ),
        Event::Fact { what, fields } => object(
            "fact",
            vec![("what", json!(what)), ("fields", json!(fields))],
        ),
        Event::Warned { reason, fields } => object(
            "warning",
            vec![
                ("reason", json!(reason)),
                ("fields", json!(fields)),
                ("text", json!(reasons::warned(reason, fields))),
            ],
        ),
        Event::Refused { reason, fields } => object(
            "refused",
            vec![("reason", json!(reason)), ("fields", json!(fields))],
        ),
        Event::Failed { step, fields } => object(
            "failed",
            vec![("step", json!(step)), ("fields", json!(fields))],
        ),
        Event::Ready => object("ready", vec![]),
        Event::Migrated { ran } => object("migrated", vec![("ran", json!(ran))]),
        Event::Live {
            release,
            revision,
            previous,
        } => object(
            "live",
            vec![
                ("release", json!(release)),
                ("revision", json!(revision)),
                ("previous", json!(previous)),
            ],
        ),
        Event::Output(line) if detail == Detail::Verbose => {
            object("output", vec![("line", json!(line))])
        }
        Event::ExcerptStarted { source } if detail == Detail::Verbose => {
            object("excerpt", vec![("source", json!(source))])
        }
        // An ending is the host's last news, and what a host records for itself is none.
        Event::Output(_)
        | Event::ExcerptStarted { .. }
        | Event::ExcerptEnded
        | Event::Offered { .. }
        | Event::OfferEnded { .. }
        | Event::Wanted
        | Event::Almost
        | Event::State { .. }
        | Event::Ended { .. } => None,
    }
}

/// The body of the last object of a run.
pub(super) fn result(whole: &Whole<'_>) -> Pairs {
    let subject = whole.subject;
    let failures = closing::failures(whole);
    let host = |story: &Story| {
        let failure = failures
            .iter()
            .find(|failure| failure.host.as_deref() == Some(&story.name));
        host(story, failure)
    };
    let hosts: Vec<Value> = whole.stories.iter().map(host).collect();
    let hint = match whole.code {
        ExitCode::Mixed => Some(closing::mixed(whole)),
        _ => failures.first().and_then(|failure| failure.hint.clone()),
    };
    vec![
        ("exit_code", json!(whole.code as u8)),
        ("exit", json!(whole.code.word())),
        ("command", json!(subject.command)),
        ("environment", json!(subject.environment)),
        ("seconds", seconds(whole.took)),
        ("error", json!(failures.first().map(|first| &first.what))),
        ("hint", json!(hint)),
        ("hosts", json!(hosts)),
    ]
}

fn host(story: &Story, failure: Option<&Failure>) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("host", json!(story.name));
    for (key, value) in outcome(story.ending.as_ref()) {
        put(key, value);
    }
    put("release", json!(closing::serving(story)));
    let previous = story
        .live
        .as_ref()
        .and_then(|(_, previous)| previous.clone());
    put("previous", json!(previous));
    put("seconds", seconds(story.ended));
    let checks = story.gates.iter();
    let checks: Map<_, _> = checks
        .map(|(step, time)| (step.clone(), seconds(*time)))
        .collect();
    put("checks", Value::Object(checks));
    let error = |failure: &Failure| json!({ "what": failure.what, "output": failure.said, "hint": failure.hint });
    put("error", json!(failure.map(error)));
    Value::Object(object)
}

/// How it ended on one host: the protocol's word, or `lost` and why.
fn outcome(ending: Option<&Ending>) -> Pairs {
    match ending {
        Some(Ending::End { outcome, .. }) => {
            vec![("outcome", json!(outcome.as_str())), ("lost", Value::Null)]
        }
        Some(Ending::Lost(lost)) => vec![
            ("outcome", json!("lost")),
            ("lost", json!(lost_name(&lost.kind))),
        ],
        None => vec![("outcome", json!("lost")), ("lost", json!("unknown"))],
    }
}

fn lost_name(kind: &LostKind) -> &'static str {
    match kind {
        LostKind::NoSuchName => "no-such-name",
        LostKind::Unreachable => "unreachable",
        LostKind::Refused => "refused",
        LostKind::TimedOut => "timed-out",
        LostKind::Denied => "denied",
        LostKind::HostKeyUnknown(_) => "host-key-unknown",
        LostKind::HostKeyChanged(_) => "host-key-changed",
        LostKind::Ssh => "ssh",
        LostKind::NotStarted => "not-started",
        LostKind::Withdrawn => "withdrawn",
        LostKind::Dropped => "dropped",
        LostKind::Unfollowed => "unfollowed",
        LostKind::Cut => "cut",
        LostKind::Detached => "detached",
        LostKind::Killed => "killed",
        LostKind::Unknown => "unknown",
    }
}

fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Interrupt => "interrupt",
        Signal::Terminate => "terminate",
    }
}
