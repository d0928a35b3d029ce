//! The moment at which a run is at a step, as the run itself writes it down.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::machines::Machine;

/// The log of the next run on a host.
pub(crate) struct Log {
    runs: PathBuf,
    before: BTreeSet<PathBuf>,
}

impl Log {
    /// Of the run that is about to be started.
    pub(crate) fn of_next(host: &Machine) -> Self {
        let runs = host.root_path().join("srv/hello/.deployer/runs");
        let before = list(&runs);
        Self { runs, before }
    }

    /// Waits, busily, for an event such as `step seal` or `ready`.
    pub(crate) fn wait_for(&self, event: &str) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(90);
        let (mut log, mut text) = (None, Vec::new());
        loop {
            if log.is_none() {
                log = self.path().and_then(|path| File::open(path).ok());
            }
            let more = match &mut log {
                Some(log) => log.read_to_end(&mut text)?,
                None => 0,
            };
            let over = Instant::now() > end;
            if more > 0 || over {
                let events = events(&text);
                if events.iter().any(|line| is(line, event)) {
                    return Ok(());
                }
                if over || events.iter().any(|line| is(line, "end")) {
                    bail!("the run never came to `{event}`:\n{}", events.join("\n"));
                }
            }
            sleep(Duration::from_micros(300));
        }
    }

    /// The names of its steps, in their order.
    pub(crate) fn steps(&self) -> Vec<String> {
        let events = self.events();
        let names = events.iter().filter_map(|line| line.strip_prefix("step "));
        names.map(ToOwned::to_owned).collect()
    }

    /// The last thing that it said of its steps.
    pub(crate) fn last(&self) -> String {
        let events = self.events();
        let last = events.iter().rev().find(|line| {
            ["step ", "done ", "ready", "end "]
                .iter()
                .any(|kind| line.starts_with(kind))
        });
        last.cloned().unwrap_or_default()
    }

    /// What was printed into it, without the nonce.
    pub(crate) fn events(&self) -> Vec<String> {
        let text = self.path().and_then(|path| fs::read(path).ok());
        events(&text.unwrap_or_default())
    }

    pub(crate) fn id(&self) -> Result<String> {
        let directory = self.directory().context("no run began")?;
        let name = directory.file_name().context("no name")?;
        Ok(name.to_string_lossy().into_owned())
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.directory()?.join("log"))
    }

    fn directory(&self) -> Option<PathBuf> {
        list(&self.runs).difference(&self.before).next().cloned()
    }
}

/// Those of whole lines.
fn events(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.split_inclusive('\n');
    lines
        .filter_map(|line| line.strip_prefix('@')?.split_once(' '))
        .filter_map(|(_, event)| Some(event.strip_suffix('\n')?.to_owned()))
        .collect()
}

fn is(line: &str, event: &str) -> bool {
    line.strip_prefix(event)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn list(directory: &PathBuf) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Kills every process of a run on any machine of this one, at once and from outside.
pub(crate) fn kill_worker(id: &str) -> Result<usize> {
    let pids = named(&format!("/{id}/script\0worker\0"))?;
    for pid in &pids {
        signal("-KILL", pid)?;
    }
    Ok(pids.len())
}

/// The same of the session that follows it, with its children.
pub(crate) fn kill_follower(id: &str) -> Result<()> {
    for pid in named(&format!("/s\0run\0{id}\0"))? {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        if let Some(group) = after_name.split(' ').nth(2) {
            signal("-KILL", &format!("-{group}"))?;
        }
    }
    Ok(())
}

/// Processes whose words have this in them.
fn named(words: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let has = fs::read(path.join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&has).contains(words) {
            let pid = path.file_name().unwrap_or_default().to_string_lossy();
            found.push(pid.into_owned());
        }
    }
    Ok(found)
}

/// One that has ended already is no error.
pub(crate) fn signal(what: &str, pid: &str) -> Result<()> {
    std::process::Command::new("kill")
        .args([what, "--", pid])
        .stderr(std::process::Stdio::null())
        .status()?;
    Ok(())
}
