//! One session: the script goes out in one piece, events come back, verbs follow as they are given.

use super::bootstrap;
use super::build::Build;
use super::host::{Order, Wire};
use super::job::{Job, Mode};
use super::lost::{Lost, LostKind};
use super::transport::{Child, Exec, Input, Output};
use super::update::{News, Verb};
use crate::event::{Event, Fields, Outcome, Parser, visible};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Lines of a host's standard error that are kept for the report.
const SAID: usize = 20;

/// What a host that nobody waits for is told when it is almost ready: the answer then finds it ready.
fn early(wire: &Wire) -> &'static [Verb] {
    match (wire.alone, wire.migrates) {
        (false, _) => &[],
        (true, false) => &[Verb::Go, Verb::Finish],
        (true, true) => &[Verb::Migrate, Verb::Go, Verb::Finish],
    }
}

/// Which of these an event of such a host turns from something that was said into something that is done.
fn due(wire: &Wire, event: &Event) -> &'static [Verb] {
    match (event, early(wire)) {
        (Event::Ready, [first @ Verb::Migrate, ..]) => std::slice::from_ref(first),
        (Event::Migrated { .. }, [Verb::Migrate, rest @ ..]) => rest,
        (Event::Ready, all) => all,
        _ => &[],
    }
}

/// What is written to a host, in this order.
type Lines = mpsc::UnboundedSender<Vec<u8>>;

/// How a session ended.
#[derive(Debug)]
pub(super) enum Close {
    End {
        outcome: Outcome,
        fields: Fields,
    },
    /// The stream ended without an `end`.
    Broke,
    /// It ended without a hello, and the status says that the bootstrap did not start the script.
    NotStarted(Lost),
    /// The user left.
    Cut,
}

/// Runs the job's script in this mode. Events go to `hear`; the verbs of the wire are passed on in `Mode::Run`.
pub(super) async fn converse(
    exec: Exec,
    (job, mode, nonce): (&Job, Mode, &str),
    wire: &mut Wire,
    mut hear: impl FnMut(&Wire, Event),
) -> Result<Close, Lost> {
    let unsafe_id = || Lost::new(LostKind::NotStarted, format!("`{}` is no run id", job.id));
    let payload = bootstrap::payload(job, mode, nonce).ok_or_else(unsafe_id)?;
    let Exec {
        input,
        mut output,
        mut errors,
        child,
    } = exec;
    let (lines, to_write) = mpsc::unbounded_channel();
    tokio::spawn(write(input, payload, to_write));
    // Without a sender the writer closes the input: nothing more will be said.
    let lines = (mode == Mode::Run).then_some(lines);

    let mut parser = Parser::new(nonce);
    let mut offered = String::new();
    let mut said = VecDeque::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut complaint = vec![0; 4096];
    let mut complaining = true;
    loop {
        let events = tokio::select! {
            read = output.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => parser.feed(&buffer[..count]),
            },
            read = errors.read(&mut complaint), if complaining => {
                complaining = note(&complaint, read, &mut said);
                continue;
            }
            order = wire.order() => match order {
                Order::Leave => return Ok(Close::Cut),
                // Nothing to undo, so nothing to wait for.
                Order::Tell(verbs) if matches!(mode, Mode::Read | Mode::Follow) && verbs.contains(&Verb::Abort) => {
                    return Ok(Close::Cut);
                }
                Order::Tell(verbs) => {
                    pass(&verbs, job, lines.as_ref(), wire);
                    continue;
                }
            },
        };
        for event in events {
            if let Event::Ended { outcome, fields } = event {
                return Ok(Close::End { outcome, fields });
            }
            if serve(&event, &mut offered, (job, mode), lines.as_ref(), wire) {
                continue;
            }
            let almost = event == Event::Almost;
            let due = due(wire, &event);
            hear(wire, event);
            if mode == Mode::Run && almost && wire.alone {
                // Until the host is ready this changes nothing: the end of our input still calls it all off.
                say(early(wire), job, lines.as_ref());
            } else if mode == Mode::Run {
                for &verb in due {
                    wire.told(verb);
                    wire.tell(News::Sent(verb));
                }
            }
        }
    }
    if let Some(sweep) = &job.sweep {
        // Its host has let go of the lock, or is about to.
        sweep.stop();
    }
    for event in parser.finish() {
        hear(wire, event);
    }
    if parser.greeted() {
        return Ok(Close::Broke);
    }
    drop(lines);
    if complaining {
        drain(&mut errors, &mut said).await;
    }
    let noise: Vec<&str> = parser
        .noise()
        .chain(said.iter().map(String::as_str))
        .collect();
    Ok(unstarted(child, &noise.join("\n")).await)
}

async fn write(mut input: Input, payload: Vec<u8>, mut lines: mpsc::UnboundedReceiver<Vec<u8>>) {
    // An error here is the host's end of the stream, which the reader sees too.
    if input.write(&payload).await.is_ok() {
        while let Some(line) = lines.recv().await {
            if input.write(&line).await.is_err() {
                return;
            }
        }
    }
}

/// Answers what a host asks this machine for, which is between the two; an earlier run's record may have it too.
fn serve(
    event: &Event,
    offered: &mut String,
    (job, mode): (&Job, Mode),
    lines: Option<&Lines>,
    wire: &Wire,
) -> bool {
    match event {
        Event::Offered { part } => {
            offered.push_str(part);
            offered.push(' ');
        }
        Event::OfferEnded { words } => {
            let list = std::mem::take(offered);
            let whole = *words == Some(list.split_whitespace().count());
            if let (Some(lines), Mode::Run) = (lines, mode) {
                offer(whole.then_some(list), job, lines.clone());
            }
        }
        Event::Wanted => {
            if let (Some(build), Some(lines), Mode::Run) = (&job.build, lines, mode) {
                make(Arc::clone(build), job.id.clone(), lines.clone(), wire);
            }
        }
        _ => return false,
    }
    true
}

/// In a thread of its own, since the storage is asked too. A list that is not whole is none: what is not in it would be missed.
fn offer(list: Option<String>, job: &Job, lines: Lines) {
    let id = job.id.clone();
    if let Some(storage) = job.storage.clone() {
        thread::spawn(move || {
            let said = list.and_then(|list| storage.answer(&list));
            let said = said.unwrap_or_else(|| GARBLED.to_owned());
            // Nobody to write to: the reader hears of the end of the stream too.
            lines.send(answer(&id, said.as_bytes()))
        });
    } else if let Some(sweep) = &job.sweep {
        sweep.hear(list.as_deref(), Listener { id, lines });
    }
}

/// To a host whose list did not arrive as it was sent.
const GARBLED: &str = "garbled\n";

/// A host that waits for the storage to be tidy.
#[derive(Debug)]
pub(super) struct Listener {
    id: String,
    lines: Lines,
}

impl Listener {
    pub(super) fn gone(&self) -> bool {
        self.lines.is_closed()
    }

    pub(super) fn swept(self) {
        self.tell("swept\n");
    }

    pub(super) fn garbled(self) {
        self.tell(GARBLED);
    }

    fn tell(self, text: &str) {
        // A host that has ended hears nothing more.
        let _ = self.lines.send(answer(&self.id, text.as_bytes()));
    }
}

/// In a thread of its own, which nobody waits for: the host may be called off meanwhile. What the build prints is output of
/// the host's step.
fn make(build: Arc<Build>, id: String, lines: Lines, wire: &Wire) {
    let (host, news) = (wire.host, wire.news.clone());
    thread::spawn(move || {
        let mut say = |line| {
            let _ = news.send((host, News::Event(Event::Output(line))));
        };
        let made = build.answer(&mut say);
        let _ = lines.send(answer(&id, &made));
    });
}

fn answer(id: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("answer {id} {}\n", content.len());
    [head.as_bytes(), content].concat()
}

/// Whether there is still somebody to write to.
fn say(verbs: &[Verb], job: &Job, lines: Option<&Lines>) -> bool {
    let text: Vec<_> = verbs
        .iter()
        .map(|verb| format!("{} {}\n", verb.as_str(), job.id))
        .collect();
    lines.is_some_and(|lines| lines.send(text.concat().into_bytes()).is_ok())
}

/// Verbs given together leave in one write.
fn pass(verbs: &[Verb], job: &Job, lines: Option<&Lines>, wire: &mut Wire) {
    if let Some(sweep) = job.sweep.as_ref().filter(|_| verbs.contains(&Verb::Abort)) {
        // Before its host lets go of the lock.
        sweep.stop();
    }
    if say(verbs, job, lines) {
        for &verb in verbs {
            if early(wire).contains(&verb) {
                // Said again, in case the host lost it while it stopped listening for an abort; told when it was ready.
                continue;
            }
            wire.told(verb);
            wire.tell(News::Sent(verb));
        }
    }
}

fn note(bytes: &[u8], read: std::io::Result<usize>, said: &mut VecDeque<String>) -> bool {
    let count = read.unwrap_or(0);
    for line in bytes[..count]
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        if said.len() == SAID {
            said.pop_front();
        }
        said.push_back(visible(line));
    }
    count > 0
}

/// The reason may come just behind the end of the output.
async fn drain(errors: &mut Output, said: &mut VecDeque<String>) {
    let mut bytes = vec![0; 4096];
    let rest = async {
        loop {
            let read = errors.read(&mut bytes).await;
            if !note(&bytes, read, said) {
                break;
            }
        }
    };
    let _ = timeout(Duration::from_millis(500), rest).await;
}

async fn unstarted(child: Child, said: &str) -> Close {
    match timeout(Duration::from_secs(1), child.status()).await {
        // 71 and 72 are the bootstrap's own; 126 and 127 come from a host without sh or with another login shell.
        Ok(Some(status)) => {
            let said = if said.is_empty() {
                format!("exit {status}")
            } else {
                format!("exit {status}: {said}")
            };
            Close::NotStarted(Lost::new(LostKind::NotStarted, said))
        }
        _ => Close::Broke,
    }
}
