//! The client's secrets: a variable's value, or what a command prints.

use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{LONGEST_VALUE, SecretSource, Unholdable, VariableName, holdable};
use crate::event::visible;
use crate::secret::Secret;

/// Lines of what a failed command said.
const SAID: usize = 5;

/// Why there is no value. None of these holds a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    Unset(VariableName),
    /// Nothing but blanks.
    Blank,
    NotUtf8,
    Unholdable(Unholdable),
    /// Where only one may be.
    SeveralLines,
    NotFound,
    NotStarted(ErrorKind),
    /// The exit status, if no signal ended it, and the last lines of standard error.
    Failed(Option<i32>, Vec<String>),
    TimedOut(Duration),
}

impl From<Unholdable> for Unresolved {
    fn from(why: Unholdable) -> Self {
        Self::Unholdable(why)
    }
}

/// The value of a secret. `variable` reads the environment; commands run in `directory`.
pub fn resolve(
    source: &SecretSource,
    directory: &Path,
    variable: impl Fn(&VariableName) -> Option<OsString>,
) -> Result<Secret, Unresolved> {
    let bytes = match source {
        SecretSource::Variable(name) => variable(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Unresolved::Unset(name.clone()))?
            .into_encoded_bytes(),
        SecretSource::Command { argv, timeout } => {
            let mut bytes = printed(argv, directory, *timeout)?;
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            bytes
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| Unresolved::NotUtf8)?;
    if holdable(&text)?.trim().is_empty() {
        return Err(Unresolved::Blank);
    }
    Ok(Secret::new(text))
}

/// Without standard input: a program that asks its user does so at the terminal.
pub(super) fn printed(
    argv: &[String],
    directory: &Path,
    timeout: Duration,
) -> Result<Vec<u8>, Unresolved> {
    let (program, arguments) = argv.split_first().ok_or(Unresolved::NotFound)?;
    let child = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Unresolved::NotFound,
        kind => Unresolved::NotStarted(kind),
    })?;
    let until = Instant::now() + timeout;
    let (out, err) = (child.stdout.take().map(all), child.stderr.take().map(all));
    let finished = wait(&mut child, until);
    let left = || until.saturating_duration_since(Instant::now());
    // A program it left behind may hold the pipe for longer than itself.
    let heard = |bytes: Option<Receiver<Vec<u8>>>| bytes?.recv_timeout(left()).ok();
    match (finished, heard(out)) {
        (Some(_), Some(bytes)) if bytes.len() > LONGEST_VALUE + 1 => {
            Err(Unholdable::TooLong.into())
        }
        (Some(status), Some(bytes)) if status.success() => Ok(bytes),
        (Some(status), printed) if !status.success() => {
            let said = heard(err).unwrap_or_default();
            let said = without(&said, &printed.unwrap_or_default());
            Err(Unresolved::Failed(status.code(), said))
        }
        _ => Err(Unresolved::TimedOut(timeout)),
    }
}

/// All that can be read, from a thread that nobody has to wait for.
fn all(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // The rest of a longer text is not read: its writer gets a broken pipe, and we an answer.
        let _ = pipe.take(LONGEST_VALUE as u64 + 2).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

fn wait(child: &mut Child, until: Instant) -> Option<std::process::ExitStatus> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= until {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The last lines of what it said, but those that hold a part of what it printed.
fn without(said: &[u8], printed: &[u8]) -> Vec<String> {
    let printed = String::from_utf8_lossy(printed).into_owned();
    let private = |line: &str| {
        let mut parts = printed
            .lines()
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.any(|part| line.contains(part))
    };
    let said = String::from_utf8_lossy(said);
    let lines: Vec<String> = said
        .lines()
        .filter(|line| !line.trim().is_empty() && !private(line))
        .map(|line| visible(line.as_bytes()))
        .collect();
    lines[lines.len().saturating_sub(SAID)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(script: &str, timeout: Duration) -> Result<Secret, Unresolved> {
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        let source = SecretSource::Command { argv, timeout };
        resolve(&source, Path::new("/"), |_| None)
    }

    fn value(script: &str) -> Result<String, Unresolved> {
        command(script, Duration::from_secs(30)).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_commands_output_without_its_last_newline() {
        assert_eq!(value("echo hunter2"), Ok("hunter2".to_owned()));
        assert_eq!(
            value("printf ' a\\n\\nb\\n\\n'"),
            Ok(" a\n\nb\n".to_owned())
        );
        assert_eq!(value("printf x; echo noise >&2"), Ok("x".to_owned()));
        assert_eq!(value("pwd"), Ok("/".to_owned()));
        assert_eq!(value("cat; printf y"), Ok("y".to_owned()));
        let long = value("head -c 120000 /dev/zero | tr '\\0' x").map(|value| value.len());
        assert_eq!(long, Ok(120_000));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (script, why) in [
            ("true", Unresolved::Blank),
            ("echo", Unresolved::Blank),
            ("printf '\\377'", Unresolved::NotUtf8),
            ("printf 'a\\000b'", Unholdable::Nul.into()),
            ("printf '\\357\\277\\276'", Unholdable::Noncharacter.into()),
            (
                "head -c 900000 /dev/zero | tr '\\0' x",
                Unholdable::TooLong.into(),
            ),
            (
                "echo no such entry >&2; exit 3",
                Unresolved::Failed(Some(3), vec!["no such entry".into()]),
            ),
            ("kill -9 $$", Unresolved::Failed(None, vec![])),
            // What it printed is not repeated where it also said it.
            (
                "echo hunter2; echo bad hunter2 >&2; exit 1",
                Unresolved::Failed(Some(1), vec![]),
            ),
        ] {
            assert_eq!(value(script), Err(why), "{script}");
        }
        let source = SecretSource::Command {
            argv: vec!["deployer-no-such-program".into()],
            timeout: Duration::from_secs(1),
        };
        assert_eq!(
            resolve(&source, Path::new("/"), |_| None),
            Err(Unresolved::NotFound)
        );
    }

    #[test]
    fn a_command_ends_in_its_time() {
        let limit = Duration::from_secs(1);
        for script in ["exec sleep 60", "sleep 60 & echo x", "while :; do :; done"] {
            let began = Instant::now();
            assert_eq!(
                command(script, limit),
                Err(Unresolved::TimedOut(limit)),
                "{script}"
            );
            assert!(began.elapsed() < Duration::from_secs(10), "{script}");
        }
    }

    #[test]
    fn a_variable_has_to_have_a_value() {
        let name = VariableName::try_from("TOKEN").unwrap_or_else(|_| unreachable!());
        let source = SecretSource::Variable(name.clone());
        let with =
            |value: Option<&str>| resolve(&source, Path::new("/"), |_| value.map(OsString::from));
        assert_eq!(with(Some("hunter2\n")), Ok(Secret::new("hunter2\n")));
        assert_eq!(with(Some("  ")), Err(Unresolved::Blank));
        assert_eq!(with(Some("")), Err(Unresolved::Unset(name.clone())));
        assert_eq!(with(None), Err(Unresolved::Unset(name)));
    }
}
