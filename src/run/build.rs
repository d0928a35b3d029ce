//! Static files that are built on this machine, once for all hosts that lack the result.

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::checkout::Checkout;
use crate::event::visible;

/// How soon a build that has to stop stops.
const TICK: Duration = Duration::from_millis(50);

/// For a build that has to stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a host is sent: a line that says whether there is a result, and the result.
type Answer = Arc<Vec<u8>>;

/// A build that runs when the first host asks for it.
#[derive(Debug)]
pub struct Build {
    checkout: Checkout,
    command: String,
    /// The directory that it writes.
    output: String,
    timeout: Duration,
    answer: Mutex<Option<Answer>>,
    stopped: AtomicBool,
}

impl Build {
    pub fn new(checkout: Checkout, command: String, output: String, timeout: Duration) -> Self {
        Self {
            checkout,
            command,
            output,
            timeout,
            answer: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Whoever asks while it runs waits for the same.
    pub(super) fn answer(&self, say: &mut dyn FnMut(String)) -> Answer {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = &*answer {
            return Arc::clone(answer);
        }
        let made = match self.make(say) {
            Ok(packed) => [b"made\n".as_slice(), &packed].concat(),
            Err(fault) => format!("fault {fault}\n").into_bytes(),
        };
        Arc::clone(answer.insert(Arc::new(made)))
    }

    /// Nobody waits for it any more. Returns when nothing of it runs, or soon: a `git fetch` ends by itself.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        let until = Instant::now() + PATIENCE;
        while self.answer.try_lock().is_err() && Instant::now() < until {
            thread::sleep(TICK);
        }
    }

    /// The packed output, or a reason from the report's list.
    fn make(&self, say: &mut dyn FnMut(String)) -> Result<Vec<u8>, &'static str> {
        let directory = tempfile::Builder::new().prefix("deployer.").tempdir();
        let directory = directory.map_err(|error| {
            say(error.to_string());
            "client-checkout"
        })?;
        if let Err(error) = self.checkout.write(directory.path()) {
            say(format!("{error:#}"));
            return Err("client-checkout");
        }
        self.run(directory.path(), say)?;
        let output = directory.path().join(&self.output);
        let whole = output.symlink_metadata().is_ok_and(|facts| facts.is_dir());
        let mut files = output.read_dir().into_iter().flatten();
        if !whole || files.next().is_none() {
            return Err("client-output");
        }
        let tar = Command::new("tar")
            .args(["-c", "-z", "-f", "-", "-C"])
            .arg(&output)
            .arg(".")
            .output();
        match tar {
            Ok(tar) if tar.status.success() => Ok(tar.stdout),
            _ => Err("client-output"),
        }
    }

    fn run(&self, directory: &Path, say: &mut dyn FnMut(String)) -> Result<(), &'static str> {
        let child = Command::new("sh")
            .arg("-c")
            .arg(format!("exec 2>&1\n{}", self.command))
            .current_dir(directory)
            .env("DEPLOYER_PHASE", "build")
            .env("DEPLOYER_REVISION", &self.checkout.sha)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn();
        let Ok(mut child) = child else {
            return Err("client-build");
        };
        let lines = lines(child.stdout.take());
        let until = Instant::now() + self.timeout;
        let mut silent = false;
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => say(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    // What it left behind may go on, and has no say.
                    thread::sleep(if silent { TICK } else { Duration::ZERO });
                    silent = true;
                }
            }
            match child.try_wait() {
                Ok(Some(_)) if !silent && Instant::now() < until => {}
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(_)) | Err(_) => return Err("client-build"),
                Ok(None) if self.stopped.load(Ordering::Relaxed) => {
                    kill(&mut child);
                    return Err("client-build");
                }
                Ok(None) if Instant::now() >= until => {
                    kill(&mut child);
                    return Err("client-build-timeout");
                }
                Ok(None) => {}
            }
        }
    }
}

/// And all that it started.
fn kill(child: &mut Child) {
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    let _ = child.wait();
}

fn lines(from: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (to, lines) = channel();
    thread::spawn(move || {
        let mut from = from.map(BufReader::new);
        let mut line = Vec::new();
        while let Some(from) = &mut from
            && from
                .read_until(b'\n', &mut line)
                .is_ok_and(|count| count > 0)
        {
            let end = line.strip_suffix(b"\n").unwrap_or(&line);
            if to
                .send(visible(end.strip_suffix(b"\r").unwrap_or(end)))
                .is_err()
            {
                return;
            }
            line.clear();
        }
    });
    lines
}
