//! This machine, without ssh.

use super::lost::{Lost, LostKind};
use super::transport::{Child, Exec, Input, Output};
use std::process::Stdio;
use tokio::process::Command;

/// The same bootstrap as over ssh, so that a local run has the same faults and the same promises.
pub(super) fn exec(command: &str) -> Result<Exec, Lost> {
    spawn(Command::new("sh").args(["-c", command]))
}

/// A program of this machine with its three streams.
pub(super) fn spawn(command: &mut Command) -> Result<Exec, Lost> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // The terminal's Ctrl-C is for deployer, which tells the run what to do.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(input), Some(output), Some(errors)) => Ok(Exec {
            input: Input::Local(input),
            output: Output::Local(output),
            errors: Output::LocalErrors(errors),
            child: Child::Local(child),
        }),
        _ => Err(Lost::new(LostKind::NotStarted, "no pipe to the program")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: std::io::Error) -> Lost {
    Lost::new(LostKind::NotStarted, error.to_string())
}
