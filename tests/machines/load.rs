//! Light HTTP load that counts every single request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::http::{Kept, Reply, get};

/// A running load: one new connection per request, at a steady rate whether or not earlier
/// requests have been answered.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    clock: Option<JoinHandle<()>>,
    results: Receiver<Sample>,
    begun: Instant,
}

/// What became of all requests.
#[derive(Debug, Clone, Default)]
pub struct LoadReport {
    /// Answered completely, with a status below 400.
    pub ok: u64,
    /// Those of them that took a second connection, because the server had closed an idle one.
    pub retried: u64,
    /// When each failed request was sent, since the start, and what it got instead.
    pub failed: Vec<(Duration, String)>,
    /// The longest time any request took, failed ones included.
    pub longest_stall: Duration,
    /// How often each body came with a good answer.
    pub bodies: BTreeMap<String, u64>,
    /// When each body first came, since the start.
    pub first_seen: BTreeMap<String, Duration>,
    /// When the last request that got each body was sent, since the start.
    pub last_sent: BTreeMap<String, Duration>,
}

#[derive(Debug)]
struct Sample {
    sent: Instant,
    took: Duration,
    answer: Result<String, String>,
    retried: bool,
}

impl Load {
    /// Asks `target` for `path` of the site `host`, `per_second` times a second.
    pub fn start(target: SocketAddr, host: &str, path: &str, per_second: u32) -> Self {
        let pause = Duration::from_secs(1) / per_second;
        let (host, path) = (host.to_owned(), path.to_owned());
        Self::run(move |stop, send| tick(target, &host, &path, pause, stop, send))
    }

    /// The same rate over so many connections that stay open; each waits for one answer before it asks again.
    pub fn start_kept(
        target: SocketAddr,
        host: &str,
        path: &str,
        per_second: u32,
        connections: u32,
    ) -> Self {
        let pause = Duration::from_secs(1) * connections / per_second;
        let (host, path) = (host.to_owned(), path.to_owned());
        Self::run(move |stop, send| {
            thread::scope(|scope| {
                for _ in 0..connections {
                    scope.spawn(|| keep_asking(Kept::new(target, &host), &path, pause, stop, send));
                }
            });
        })
    }

    fn run(work: impl FnOnce(&AtomicBool, &Sender<Sample>) + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (send, results) = mpsc::channel();
        let begun = Instant::now();
        let clock = thread::spawn({
            let stop = stop.clone();
            move || work(&stop, &send)
        });
        Self {
            stop,
            clock: Some(clock),
            results,
            begun,
        }
    }

    /// Sends no more, waits for the answers still due, and tells.
    pub fn stop(mut self) -> LoadReport {
        self.end();
        let mut report = LoadReport::default();
        let mut samples: Vec<Sample> = self.results.iter().collect();
        samples.sort_by_key(|sample| sample.sent);
        for Sample {
            sent,
            took,
            answer,
            retried,
        } in samples
        {
            let at = sent - self.begun;
            report.retried += u64::from(retried);
            report.longest_stall = report.longest_stall.max(took);
            match answer {
                Ok(body) => {
                    report.ok += 1;
                    let first = report.first_seen.entry(body.clone()).or_insert(at + took);
                    *first = (*first).min(at + took);
                    report.last_sent.insert(body.clone(), at);
                    *report.bodies.entry(body).or_default() += 1;
                }
                Err(error) => report.failed.push((at, error)),
            }
        }
        report
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(clock) = self.clock.take() {
            let _ = clock.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.end();
    }
}

fn tick(
    target: SocketAddr,
    host: &str,
    path: &str,
    pause: Duration,
    stop: &AtomicBool,
    to: &Sender<Sample>,
) {
    thread::scope(|scope| {
        let mut next = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let sender = to.clone();
            scope.spawn(move || {
                let sent = Instant::now();
                let answer = good(get(target, host, path));
                let took = sent.elapsed();
                let _ = sender.send(Sample {
                    sent,
                    took,
                    answer,
                    retried: false,
                });
            });
            next += pause;
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    });
}

fn keep_asking(
    mut connection: Kept,
    path: &str,
    pause: Duration,
    stop: &AtomicBool,
    to: &Sender<Sample>,
) {
    while !stop.load(Ordering::Relaxed) {
        let sent = Instant::now();
        let (answer, retried) = match connection.get(path) {
            Ok((reply, retried)) => (good(Ok(reply)), retried),
            Err(error) => (Err(error.to_string()), false),
        };
        let took = sent.elapsed();
        let _ = to.send(Sample {
            sent,
            took,
            answer,
            retried,
        });
        thread::sleep(pause.saturating_sub(took));
    }
}

fn good(answer: std::io::Result<Reply>) -> Result<String, String> {
    match answer {
        Ok(reply) if reply.status < 400 => Ok(reply.body),
        Ok(reply) => Err(format!("status {}", reply.status)),
        Err(error) => Err(error.to_string()),
    }
}
