//! Runs programs of the outer machine and keeps what they said.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

/// What a finished command said; a command that a signal ended has code 128 + signal.
#[derive(Debug, Clone)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    what: String,
}

impl Output {
    pub fn success(&self) -> bool {
        self.code == 0
    }

    /// Standard output without its last line break, or an error that shows everything.
    pub fn ok(self) -> Result<String> {
        if !self.success() {
            let mut said = String::new();
            for text in [&self.stdout, &self.stderr] {
                if !text.trim().is_empty() {
                    write!(said, "\n{}", text.trim_end())?;
                }
            }
            bail!("`{}` exited with {}{said}", self.what, self.code);
        }
        Ok(self.stdout.trim_end_matches('\n').to_owned())
    }
}

/// Runs `command` to its end with `input` on its standard input.
pub fn run_with(command: &mut Command, input: &[u8], what: &str) -> Result<Output> {
    use std::os::unix::process::ExitStatusExt as _;

    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{what}`"))?;
    let stdin = child.stdin.take();
    let done = thread::scope(|scope| {
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                // A command may end without reading all of its input: its status tells.
                let _ = stdin.write_all(input);
            }
        });
        child.wait_with_output()
    })?;
    let signal = done.status.signal().unwrap_or(0);
    Ok(Output {
        code: done.status.code().unwrap_or(128 + signal),
        stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
        what: what.to_owned(),
    })
}

/// Runs a program of the outer machine; anything but success is an error.
pub fn run(program: &str, args: &[&str]) -> Result<String> {
    let what = format!("{program} {}", args.join(" "));
    run_with(Command::new(program).args(args), b"", &what)?.ok()
}

/// Runs one of this directory's shell scripts; `name` stands for it in errors.
pub fn run_script(name: &str, script: &str, args: &[&str], input: &[u8]) -> Result<String> {
    let what = format!("{name} {}", args.join(" "));
    let mut command = Command::new("sh");
    run_with(command.args(["-c", script, name]).args(args), input, &what)?.ok()
}
