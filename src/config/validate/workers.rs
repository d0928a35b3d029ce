//! `workers`: processes beside the web server, by their names.

use std::collections::BTreeMap;
use std::time::Duration;

use super::migrate::which;
use super::service::{limits_memory, respawn};
use super::{Fault, Section, text};
use crate::config::node::{Entry, Node, Value};
use crate::config::values::{Program, Text, WorkerName};
use crate::config::{Manager, Respawn, Service, Signal, Size, Which, Worker};

pub(super) fn workers(
    root: &Section<'_>,
    service: Option<&Service>,
) -> BTreeMap<WorkerName, Worker> {
    if root
        .peek("workers")
        .is_some_and(|node| node.text().is_some())
    {
        let label = "those of gunicorn are `gunicorn.workers`; here stand other processes, by name";
        root.refuse("workers", "expected a map", label);
        root.asked_for("workers");
        return BTreeMap::new();
    }
    let manager = service.map_or(Manager::Systemd, |service| service.manager);
    let memory_max = service.and_then(|service| service.memory_max);
    let read = |section: &Section<'_>| {
        let one = |entry| {
            let worker = worker(section, entry, manager, memory_max);
            Some((name(section, entry)?, worker?))
        };
        section.every().iter().filter_map(one).collect()
    };
    root.section("workers", read).unwrap_or_default()
}

pub(super) fn name(section: &Section<'_>, entry: &Entry) -> Option<WorkerName> {
    let name = WorkerName::try_from(entry.key.as_str());
    if let Err(invalid) = name {
        let fault = Fault::new(format!("not {}", WorkerName::WHAT), invalid.to_string());
        section.fault(&entry.key, &entry.key_span, fault);
    }
    name.ok()
}

/// `celery: celery -A polls worker`, or a map.
fn worker(
    section: &Section<'_>,
    entry: &Entry,
    manager: Manager,
    memory_max: Option<Size>,
) -> Option<Worker> {
    if entry.value.entries().is_none() {
        let command = section.convert(entry, program)?;
        return Some(defaults(command, manager, memory_max));
    }
    section.inner(entry, |section| {
        section.must_have(
            "command",
            "add it, such as `command: celery -A polls worker`",
        );
        let command = section.with("command", program);
        let respawn = respawn(section, Respawn::Unlimited, manager);
        can_be_reached(section, respawn, manager);
        limits_memory(section, manager);
        let base = defaults(Program::Words(Vec::new()), manager, memory_max);
        let worker = Worker {
            instances: section.number("instances", 0..=99, base.instances),
            on: which(section, base.on),
            stop_signal: stop_signal(section, base.stop_signal),
            stop_timeout: section.seconds("stop_timeout", 1..=86_400, base.stop_timeout.as_secs()),
            overlap: section.boolean("overlap", base.overlap),
            min_uptime: section.seconds("min_uptime", 1..=600, base.min_uptime.as_secs()),
            respawn,
            memory_max: section.optional("memory_max").or(memory_max),
            command: command?,
        };
        if worker.overlap && worker.on == Which::First {
            let label = "there would be two of it for a while: remove one of the two keys";
            section.refuse("overlap", "it runs on one host alone", label);
        }
        Some(worker)
    })?
}

/// A worker that ends at once is started only so often in an interval.
fn can_be_reached(section: &Section<'_>, respawn: Respawn, manager: Manager) {
    let Respawn::Limited { count, interval } = respawn else {
        return;
    };
    let delay = Worker::DELAY.as_secs();
    let taken = u64::from(count) * delay;
    if manager == Manager::Supervisor || interval.as_secs() > taken {
        return;
    }
    let says = format!("it never gives up, for a worker is started again {delay}s after it ended");
    let label = format!(
        "{count} starts take {taken}s and more: write `interval: {}s` or more",
        taken + 1
    );
    section.refuse("respawn", says, label);
}

/// Any of them, and this one unless the file says another.
fn stop_signal(section: &Section<'_>, default: Signal) -> Signal {
    let mut words = Signal::ALL.map(|signal| (signal.as_str(), signal));
    words.sort_by_key(|(_, signal)| *signal != default);
    section.choice("stop_signal", words)
}

fn defaults(command: Program, manager: Manager, memory_max: Option<Size>) -> Worker {
    Worker {
        command,
        instances: 1,
        on: Which::Each,
        stop_signal: match manager {
            Manager::Systemd | Manager::Supervisor => Signal::Term,
            // Its signals reach all processes of a worker, and those that are at work heed TERM.
            Manager::Upstart => Signal::Int,
        },
        stop_timeout: Duration::from_secs(60),
        overlap: false,
        min_uptime: Duration::from_secs(3),
        respawn: Respawn::Unlimited,
        memory_max,
    }
}

/// Text is a line, a list is a program with its arguments.
pub(super) fn program(node: &Node) -> Result<Program, Fault> {
    let Value::List(items) = &node.value else {
        return text(node);
    };
    let words = items.iter().map(word).collect::<Result<Vec<_>, _>>()?;
    match words.first() {
        Some(first) if !first.trim().is_empty() && !first.starts_with('-') => {
            Ok(Program::Words(words))
        }
        _ => Err(Fault::new("no command", "name a program")),
    }
}

fn word(node: &Node) -> Result<String, Fault> {
    match node.text() {
        Some(word) if word.contains('\0') => {
            Err(Fault::new("a NUL character", "no argument can hold it"))
        }
        Some(word) => Ok(word.to_owned()),
        None => Err(Fault::expected("text", node)),
    }
}
