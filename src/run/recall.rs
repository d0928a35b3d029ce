//! Asking a host what became of a run whose stream broke.

use super::converse::{Close, converse};
use super::host::{Order, Route, Wire, left, recorded};
use super::job::{Job, Mode};
use super::lost::{Lost, LostKind};
use super::transport::Transport;
use super::update::{Ending, News};
use crate::event::Event;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// For all attempts together. A run that was cut before `go` has undone itself well before.
const PATIENCE: Duration = Duration::from_secs(12);
const ATTEMPT: Duration = Duration::from_secs(6);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// `heard` events of the record have been passed on already.
pub(super) async fn recall(
    route: &Route,
    job: &Job,
    nonce: &str,
    mut heard: usize,
    wire: &mut Wire,
) -> Ending {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut detail = String::new();
    wire.tell(News::Asking);
    while began.elapsed() < PATIENCE {
        match timeout(ATTEMPT, ask(route, job, nonce, &mut heard, wire)).await {
            Ok(Ok(Answer::Ended(ending))) => return ending,
            Ok(Ok(Answer::Running)) => "still running".clone_into(&mut detail),
            Ok(Err(lost)) => detail = lost.detail,
            Err(_) => "no answer".clone_into(&mut detail),
        }
        // Verbs are of no use until the host is heard again.
        let next = Instant::now() + pause;
        while let Ok(order) = timeout_at(next, wire.order()).await {
            if matches!(order, Order::Leave) {
                return Ending::Lost(left(wire));
            }
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ending::Lost(Lost::new(LostKind::Unknown, detail))
}

enum Answer {
    Ended(Ending),
    Running,
}

async fn ask(
    route: &Route,
    job: &Job,
    nonce: &str,
    heard: &mut usize,
    wire: &mut Wire,
) -> Result<Answer, Lost> {
    let transport = Transport::connect(&route.reach, &route.ssh, &route.control).await?;
    let mut state = String::new();
    let mut position = 0;
    // The nonce of the run: its record was written with it.
    let exec = match transport.open().await {
        Ok(exec) => exec,
        Err(lost) => {
            transport.close().await;
            return Err(lost);
        }
    };
    let closed = converse(exec, (job, Mode::Ask, nonce), wire, |wire, event| {
        if let Event::State { value } = event {
            state = value;
        } else if recorded(&event) {
            position += 1;
            if position > *heard {
                *heard = position;
                wire.tell(News::Event(event));
            }
        }
    });
    let closed = closed.await;
    transport.close().await;
    Ok(Answer::Ended(match closed? {
        Close::End { outcome, fields } => Ending::End { outcome, fields },
        Close::Cut => Ending::Lost(left(wire)),
        Close::NotStarted(lost) => return Err(lost),
        Close::Broke => match state.as_str() {
            // The host has no record: the script was never run.
            "unknown" => Ending::Lost(Lost::new(LostKind::NotStarted, "the connection broke")),
            "killed" => Ending::Lost(Lost::new(LostKind::Killed, "")),
            "ended" => Ending::Lost(Lost::new(
                LostKind::Unknown,
                "it ended there, and its last words were lost",
            )),
            _ => return Ok(Answer::Running),
        },
    }))
}
