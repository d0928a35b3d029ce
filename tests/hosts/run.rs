//! The deployer that was built, run as a user runs it.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::moment::signal;

/// What a finished deployer said; a signal's number plus 128 where one ended it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Run {
    pub(crate) fn expect(self, code: i32) -> Result<Self> {
        ensure!(
            self.code == code,
            "exit {} and not {code}\n{self}",
            self.code
        );
        Ok(self)
    }

    /// Fails with everything that was said unless standard error has `text`.
    pub(crate) fn says(self, text: &str) -> Result<Self> {
        ensure!(self.stderr.contains(text), "does not say `{text}`\n{self}");
        Ok(self)
    }

    pub(crate) fn says_not(self, text: &str) -> Result<Self> {
        ensure!(!self.stderr.contains(text), "says `{text}`\n{self}");
        Ok(self)
    }

    /// The script's digest as this run printed it.
    pub(crate) fn digest(&self) -> Result<&str> {
        let both = [&self.stdout, &self.stderr];
        let digest = both
            .iter()
            .find_map(|text| text.split_once("script sha256 "));
        let (_, rest) = digest.with_context(|| format!("no digest\n{self}"))?;
        rest.get(..64).context("a short digest")
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit {} after {:?}\n{}\n{}",
            self.code, self.took, self.stdout, self.stderr
        )
    }
}

/// A deployer at work. Dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    /// What was asked for.
    words: String,
    began: Instant,
    said: [Arc<Mutex<String>>; 2],
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        for other in ["NO_COLOR", "GITHUB_ACTIONS", "GITLAB_CI"] {
            command.env_remove(other);
        }
        command.env("USER", "tester");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let words = command
            .get_args()
            .skip_while(|word| *word != "--ssh-config");
        let words: Vec<_> = words.skip(2).map(|word| word.to_string_lossy()).collect();
        let words = words.join(" ");
        let mut child = command.spawn().context("cannot start deployer")?;
        let said = [Arc::default(), Arc::default()];
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(collect(stdout, &said[0]));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(collect(stderr, &said[1]));
        }
        Ok(Self {
            child,
            words,
            began: Instant::now(),
            said,
            readers,
        })
    }

    /// Waits for a line of its report.
    pub(crate) fn wait_for(&mut self, text: &str) -> Result<()> {
        loop {
            if self.said(1).contains(text) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                sleep(Duration::from_millis(50));
                if !self.said(1).contains(text) {
                    bail!(
                        "ended with {status} before it said `{text}`\n{}",
                        self.said(1)
                    );
                }
            }
            sleep(Duration::from_millis(2));
        }
    }

    /// As the terminal's Ctrl-C, or somebody's `kill`.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status()?;
        ensure!(sent.success(), "no process {pid}");
        Ok(())
    }

    /// No chance to say good-bye.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// A closed lid: it and the ssh below it do nothing any more, and nobody is told.
    pub(crate) fn freeze(&self) -> Result<()> {
        let me = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{me}/task/{me}/children"))?;
        signal("-STOP", &me.to_string())?;
        for child in children.split_whitespace() {
            signal("-STOP", child)?;
        }
        Ok(())
    }

    pub(crate) fn end(mut self) -> Result<Run> {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.child.wait()?;
        let took = self.began.elapsed();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let code = status.code().unwrap_or(128 + status.signal().unwrap_or(0));
        println!("{took:.1?} deployer {}: exit {code}", self.words);
        let (stdout, stderr) = (self.said(0).clone(), self.said(1).clone());
        Ok(Run {
            code,
            stdout,
            stderr,
            took,
        })
    }

    fn said(&self, which: usize) -> MutexGuard<'_, String> {
        self.said[which]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(from: impl Read + Send + 'static, to: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let to = Arc::clone(to);
    spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            let text = String::from_utf8_lossy(&line).into_owned();
            to.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&text);
            line.clear();
        }
    })
}
