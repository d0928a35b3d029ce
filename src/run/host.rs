//! One host, from its connection to its ending.

use super::converse::{Close, converse};
use super::job::{Job, Mode};
use super::lost::{Lost, LostKind};
use super::nonce::nonce;
use super::recall::recall;
use super::ssh::Ssh;
use super::transport::{Exec, Transport};
use super::update::{Ending, News, Verb};
use crate::config::Reach;
use crate::event::Event;
use std::future::pending;
use std::path::PathBuf;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How a host is reached, now and again after its connection broke.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) reach: Reach,
    pub(super) ssh: Ssh,
    pub(super) control: PathBuf,
}

/// A connect that began before its job was known. Dropping it gives the connect up.
#[derive(Debug)]
pub(super) struct Connecting(JoinHandle<Result<Connected, Lost>>);

/// A connection, and the session on it that waits for its script.
pub(super) type Connected = (Transport, Exec);

impl Connecting {
    pub(super) fn new(task: JoinHandle<Result<Connected, Lost>>) -> Self {
        Self(task)
    }

    pub(super) fn finished(&self) -> bool {
        self.0.is_finished()
    }

    pub(super) async fn done(&mut self) -> Result<Connected, Lost> {
        match (&mut self.0).await {
            Ok(connected) => connected,
            Err(error) => Err(Lost::new(LostKind::Ssh, error.to_string())),
        }
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What ties one host to the fleet.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) host: usize,
    pub(super) news: mpsc::UnboundedSender<(usize, News)>,
    pub(super) orders: mpsc::UnboundedReceiver<Vec<Verb>>,
    pub(super) cut: watch::Receiver<bool>,
    pub(super) went: bool,
    /// There is no other host to wait for.
    pub(super) alone: bool,
    /// A migration stands between `ready` and `go`.
    pub(super) migrates: bool,
}

impl Wire {
    pub(super) fn tell(&self, news: News) {
        // The fleet outlives its hosts.
        let _ = self.news.send((self.host, news));
    }

    pub(super) fn told(&mut self, verb: Verb) {
        self.went |= verb == Verb::Go;
    }

    /// What the fleet says next. May be cancelled without loss.
    pub(super) async fn order(&mut self) -> Order {
        let cut = async {
            if self.cut.wait_for(|cut| *cut).await.is_err() {
                pending::<()>().await;
            }
        };
        let verbs = async {
            match self.orders.recv().await {
                Some(verbs) => verbs,
                None => pending().await,
            }
        };
        tokio::select! {
            () = cut => Order::Leave,
            verbs = verbs => Order::Tell(verbs),
        }
    }

    /// Called off before anything was sent to the host.
    async fn withdrawn(&mut self) {
        loop {
            match self.order().await {
                Order::Leave => return,
                Order::Tell(verbs) if verbs.contains(&Verb::Abort) => return,
                Order::Tell(_) => {}
            }
        }
    }
}

#[derive(Debug)]
pub(super) enum Order {
    Tell(Vec<Verb>),
    /// Stop listening to the host at once.
    Leave,
}

/// Never fails: whatever happens is the host's ending.
pub(super) async fn drive(mut connecting: Connecting, route: Route, job: Job, mut wire: Wire) {
    let connected = tokio::select! {
        connected = connecting.done() => connected,
        () = wire.withdrawn() => Err(Lost::new(LostKind::Withdrawn, "")),
    };
    let (transport, exec) = match connected {
        Ok(connected) => connected,
        Err(lost) => return wire.tell(News::Ended(Ending::Lost(lost))),
    };
    let nonce = match nonce() {
        Ok(nonce) => nonce,
        Err(error) => {
            let lost = Lost::new(LostKind::NotStarted, error.to_string());
            return wire.tell(News::Ended(Ending::Lost(lost)));
        }
    };
    match session(exec, &job, &nonce, &mut wire).await {
        Session::Over(ending) => {
            wire.tell(News::Ended(ending));
            transport.close().await;
        }
        Session::Broke { heard } => {
            transport.close().await;
            let ending = recall(&route, &job, &nonce, heard, &mut wire).await;
            wire.tell(News::Ended(ending));
        }
    }
}

enum Session {
    Over(Ending),
    /// Only the host knows.
    Broke {
        heard: usize,
    },
}

async fn session(exec: Exec, job: &Job, nonce: &str, wire: &mut Wire) -> Session {
    let mut heard = 0;
    let mut killed = false;
    let closed = converse(exec, (job, job.mode, nonce), wire, |wire, event| {
        killed |= matches!(&event, Event::State { value } if value == "killed");
        heard += usize::from(recorded(&event));
        wire.tell(News::Event(event));
    });
    let closed = closed.await;
    Session::Over(match closed {
        Err(lost) | Ok(Close::NotStarted(lost)) => Ending::Lost(lost),
        Ok(Close::End { outcome, fields }) => Ending::End { outcome, fields },
        Ok(Close::Cut) if job.mode == Mode::Follow => {
            Ending::Lost(Lost::new(LostKind::Unfollowed, ""))
        }
        Ok(Close::Cut) => Ending::Lost(left(wire)),
        Ok(Close::Broke) if killed => Ending::Lost(Lost::new(LostKind::Killed, "")),
        Ok(Close::Broke) => match job.mode {
            Mode::Run => return Session::Broke { heard },
            Mode::Read | Mode::Ask | Mode::Follow => Ending::Lost(Lost::new(LostKind::Dropped, "")),
        },
    })
}

pub(super) fn left(wire: &Wire) -> Lost {
    Lost::new(
        if wire.went {
            LostKind::Detached
        } else {
            LostKind::Cut
        },
        "",
    )
}

/// Whether an event is in the host's record: `ask` says hello and the state for itself, and output is not repeated.
pub(super) fn recorded(event: &Event) -> bool {
    !matches!(
        event,
        Event::Hello { .. } | Event::State { .. } | Event::Output(_)
    )
}
