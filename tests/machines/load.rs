//! Light HTTP load that counts every single request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::http::get;

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
}

impl Load {
    /// Asks `target` for `path` of the site `host`, `per_second` times a second.
    pub fn start(target: SocketAddr, host: &str, path: &str, per_second: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (send, results) = mpsc::channel();
        let begun = Instant::now();
        let clock = thread::spawn({
            let (stop, host, path) = (stop.clone(), host.to_owned(), path.to_owned());
            move || {
                tick(
                    target,
                    &host,
                    &path,
                    Duration::from_secs(1) / per_second,
                    &stop,
                    &send,
                );
            }
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
        for Sample { sent, took, answer } in samples {
            let at = sent - self.begun;
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
                let answer = match get(target, host, path) {
                    Ok(reply) if reply.status < 400 => Ok(reply.body),
                    Ok(reply) => Err(format!("status {}", reply.status)),
                    Err(error) => Err(error.to_string()),
                };
                let took = sent.elapsed();
                let _ = sender.send(Sample { sent, took, answer });
            });
            next += pause;
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    });
}
