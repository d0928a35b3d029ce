//! The side of a fleet that lives in the runtime: one task per host, and the decisions that concern all of them.

use super::fleet::Policy;
use super::host::{Connected, Connecting, Route, Wire, drive};
use super::job::{Job, Mode};
use super::ssh::Ssh;
use super::transport::Transport;
use super::update::{Ending, News, Signal, Update, Verb};
use super::waves::{Order, Sign, Waves};
use crate::config::Host;
use crate::event::Event;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{JoinSet, spawn};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Connects at a time: a login costs the client an eighth of a second of CPU.
const CONNECTS: usize = 30;
/// A host gives up its barrier 120 s after the client's last line.
const HOLD: Duration = Duration::from_secs(10);
/// Pauses before a server that has too many logins at once is tried again.
const CROWDED: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_millis(2500),
];

#[derive(Debug)]
pub(super) struct Office {
    pub(super) began: Instant,
    /// Unbounded, so that a slow terminal blocks no host.
    pub(super) sink: Sender<Update>,
}

impl Office {
    pub(super) async fn work(
        self,
        hosts: Vec<Host>,
        ssh: &Ssh,
        sockets: &Path,
        ordered: oneshot::Receiver<(Vec<Job>, Policy)>,
    ) {
        let gate = Arc::new(Semaphore::new(CONNECTS));
        let (news, heard) = mpsc::unbounded_channel();
        let mut starts = Vec::new();
        for (index, host) in hosts.into_iter().enumerate() {
            let control = sockets.join(index.to_string());
            let route = Route {
                reach: host.reach,
                ssh: ssh.clone(),
                control,
            };
            let connect = connect(index, route.clone(), Arc::clone(&gate), news.clone());
            starts.push((Connecting::new(spawn(connect)), route));
        }
        let Ok((jobs, policy)) = ordered.await else {
            return close(starts).await;
        };
        let (cut, cut_watch) = watch::channel(false);
        let mut hosts = JoinSet::new();
        let mut lines = Vec::new();
        let alone = jobs.len() == 1;
        let migrates = matches!(policy, Policy::Together(rules) if rules.migrate.is_some());
        let all_run = jobs.iter().all(|job| job.mode == Mode::Run);
        for (host, ((connecting, route), job)) in starts.into_iter().zip(jobs).enumerate() {
            let (line, orders) = mpsc::unbounded_channel();
            lines.push(line);
            let news = news.clone();
            let wire = Wire {
                host,
                news,
                orders,
                cut: cut_watch.clone(),
                went: false,
                alone,
                migrates,
            };
            hosts.spawn(drive(connecting, route, job, wire));
        }
        let waves = match policy {
            Policy::Together(rules) if all_run => Some(Waves::new(lines.len(), rules)),
            _ => None,
        };
        let left = lines.len();
        let desk = Desk {
            office: self,
            lines,
            waves,
            cut,
            left,
            interrupted: false,
        };
        desk.attend(heard).await;
        // Connections are being closed.
        hosts.join_all().await;
    }
}

async fn connect(
    host: usize,
    route: Route,
    gate: Arc<Semaphore>,
    news: mpsc::UnboundedSender<(usize, News)>,
) -> Result<Connected, super::Lost> {
    // Never closed, so always a permit.
    let _permit = gate.acquire().await;
    let _ = news.send((host, News::Connecting));
    let mut pauses = CROWDED.into_iter();
    let transport = loop {
        match Transport::connect(&route.reach, &route.ssh, &route.control).await {
            Ok(transport) => break transport,
            Err(lost) => match pauses.next().filter(|_| lost.crowded()) {
                // Hosts behind one jump host must not come back together.
                Some(pause) => sleep(pause + Duration::from_millis(host as u64 % 30 * 20)).await,
                None => return Err(lost),
            },
        }
    };
    let _ = news.send((host, News::Connected));
    match transport.open().await {
        Ok(exec) => Ok((transport, exec)),
        Err(lost) => {
            transport.close().await;
            Err(lost)
        }
    }
}

/// The fleet was dropped without work.
async fn close(starts: Vec<(Connecting, Route)>) {
    for (mut connecting, _) in starts {
        if connecting.finished()
            && let Ok((transport, exec)) = connecting.done().await
        {
            drop(exec);
            transport.close().await;
        }
    }
}

/// Hears the hosts, the clock and the user, and tells the hosts.
#[derive(Debug)]
struct Desk {
    office: Office,
    lines: Vec<mpsc::UnboundedSender<Vec<Verb>>>,
    waves: Option<Waves>,
    cut: watch::Sender<bool>,
    /// Hosts that have not ended.
    left: usize,
    interrupted: bool,
}

impl Desk {
    async fn attend(mut self, mut heard: mpsc::UnboundedReceiver<(usize, News)>) {
        let mut interrupts = signal(SignalKind::interrupt()).ok();
        let mut terminates = signal(SignalKind::terminate()).ok();
        let mut hold = interval(HOLD);
        hold.set_missed_tick_behavior(MissedTickBehavior::Delay);
        hold.tick().await;
        while self.left > 0 {
            tokio::select! {
                // Ctrl-C also ends an ssh that is still connecting; the user's wish comes before its death.
                biased;
                () = next(&mut interrupts) => self.interrupt(Signal::Interrupt),
                () = next(&mut terminates) => self.interrupt(Signal::Terminate),
                Some((host, news)) = heard.recv() => self.hear(host, news),
                _ = hold.tick() => {
                    self.tick();
                    self.hold();
                }
            }
        }
    }

    fn hear(&mut self, host: usize, news: News) {
        let sign = match &news {
            News::Event(Event::Ready) => Some(Sign::Ready),
            News::Event(Event::Migrated { ran }) => Some(Sign::Migrated { ran: *ran }),
            News::Event(Event::Live { .. }) => Some(Sign::Live),
            News::Ended(Ending::End { outcome, .. }) => Some(Sign::Ended(Some(*outcome))),
            News::Ended(Ending::Lost(_)) => Some(Sign::Ended(None)),
            _ => None,
        };
        self.left -= usize::from(matches!(news, News::Ended(_)));
        self.report(host, news);
        if let (Some(waves), Some(sign)) = (&mut self.waves, sign) {
            let orders = waves.observe(host, sign);
            self.send(orders);
        }
    }

    /// The clock of whoever listens.
    fn tick(&self) {
        for host in 0..self.lines.len() {
            self.report(host, News::Tick);
        }
    }

    fn hold(&self) {
        let waiting = self.waves.as_ref().map(Waves::waiting).unwrap_or_default();
        self.send(
            waiting
                .into_iter()
                .map(|host| (host, vec![Verb::Hold]))
                .collect(),
        );
    }

    fn interrupt(&mut self, signal: Signal) {
        for host in 0..self.lines.len() {
            self.report(host, News::Interrupted(signal));
        }
        if self.interrupted {
            // No host hears a second time.
            let _ = self.cut.send(true);
            return;
        }
        self.interrupted = true;
        match &mut self.waves {
            Some(waves) => {
                let orders = waves.interrupt();
                self.send(orders);
            }
            None => {
                self.send(
                    (0..self.lines.len())
                        .map(|host| (host, vec![Verb::Abort]))
                        .collect(),
                );
            }
        }
    }

    fn send(&self, orders: Vec<Order>) {
        for (host, verbs) in orders {
            // A host that has ended hears nothing more.
            let _ = self.lines[host].send(verbs);
        }
    }

    fn report(&self, host: usize, news: News) {
        let update = Update {
            host,
            at: self.office.began.elapsed(),
            news,
        };
        // Nobody listens when the caller gave up; the hosts are still served.
        let _ = self.office.sink.send(update);
    }
}

async fn next(signals: &mut Option<Signals>) {
    match signals {
        Some(signals) => {
            signals.recv().await;
        }
        None => std::future::pending().await,
    }
}
