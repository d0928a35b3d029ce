//! The system's `ssh` as the master of one connection, and `openssh` for the command that runs over it.
//!
//! The master is started here and not by `openssh`, which fixes its options and leaks the process when a connect is
//! given up. It goes to the background once it is authenticated (`-f`): its exit status is then the exact end of the
//! connect, with no polling for a socket, and its terminal and process group are free for a passphrase until then.
//! Should deployer die, the master leaves by itself when its last command has ended (`ControlPersist`).

use super::hostkey;
use super::local;
use super::lost::{Lost, LostKind};
use super::transport::{Child, Exec, Input, Output};
use crate::event::visible;
use openssh::{Session, Stdio};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

/// TCP and the banner are bounded by `ConnectTimeout`; this bounds a server that stalls after them.
const CONNECT: Duration = Duration::from_secs(30);
/// The same with a person typing.
const CONNECT_TYPING: Duration = Duration::from_secs(120);
const CLOSE: Duration = Duration::from_secs(1);

pub(super) const OPTIONS: [&str; 12] = [
    "ControlPersist=60",
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "StrictHostKeyChecking=yes",
    "Compression=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    // A server's banner is not an error; the user's own `LogLevel` may hide errors.
    "LogLevel=ERROR",
];

/// How to call ssh. Keys, agent, jump hosts and aliases come from the user's own configuration.
#[derive(Debug, Clone, Default)]
pub struct Ssh {
    /// Instead of `~/.ssh/config` and `/etc/ssh/ssh_config`.
    pub config: Option<PathBuf>,
    /// Whether ssh may ask for a passphrase on the terminal.
    pub interactive: bool,
    /// Whether hosts may use the client's ssh agent while a session lasts.
    pub agent: bool,
}

impl Ssh {
    /// `-F`, which `ssh -G` needs as much as the master does.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("ssh");
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        command
    }
}

/// An authenticated connection.
#[derive(Debug)]
pub(super) struct Master {
    session: Arc<Session>,
    /// What `openssh` cannot ask for: a session with the agent, through the same connection.
    with_agent: Option<(Ssh, PathBuf)>,
}

impl Master {
    pub(super) async fn connect(
        ssh: &Ssh,
        user: Option<&str>,
        address: &str,
        port: Option<u16>,
        control: &Path,
    ) -> Result<Self, Lost> {
        let mut place = Vec::new();
        if let Some(user) = user {
            place.extend(["-l".to_owned(), user.to_owned()]);
        }
        if let Some(port) = port {
            place.extend(["-p".to_owned(), port.to_string()]);
        }
        place.extend(["--".to_owned(), address.to_owned()]);

        let mut command = ssh.command();
        command.args(["-M", "-N", "-f", "-T", "-S"]).arg(control);
        // The first of two values holds.
        if ssh.agent {
            command.args(["-o", "ForwardAgent=yes"]);
        }
        command.args(OPTIONS.iter().flat_map(|option| ["-o", option]));
        let batch = if ssh.interactive {
            "BatchMode=no"
        } else {
            "BatchMode=yes"
        };
        command.args(["-o", batch]).args(&place);

        if !ssh.interactive {
            command.process_group(0);
        }

        let limit = if ssh.interactive {
            CONNECT_TYPING
        } else {
            CONNECT
        };
        match timeout(limit, authenticate(command)).await {
            Err(_) => Err(Lost::new(
                LostKind::TimedOut,
                format!("no login after {} s", limit.as_secs()),
            )),
            Ok(Err(error)) => Err(Lost::new(LostKind::Ssh, format!("ssh: {error}"))),
            Ok(Ok(Login::Failed(said))) => Err(classify(ssh, &place, &said).await),
            Ok(Ok(Login::Killed)) => Err(Lost::new(LostKind::Withdrawn, "")),
            Ok(Ok(Login::Made)) => Ok(Self {
                session: Arc::new(Session::resume_mux(control.into(), None)),
                with_agent: ssh.agent.then(|| (ssh.clone(), control.to_owned())),
            }),
        }
    }

    pub(super) async fn exec(&self, command: &str) -> Result<Exec, Lost> {
        if let Some((ssh, control)) = &self.with_agent {
            return local::spawn(agent_session(ssh, control).arg(command));
        }
        let mut child = Session::to_raw_command(Arc::clone(&self.session), command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .await?;
        match (
            child.stdin().take(),
            child.stdout().take(),
            child.stderr().take(),
        ) {
            (Some(input), Some(output), Some(errors)) => Ok(Exec {
                input: Input::Ssh(input),
                output: Output::Ssh(output),
                errors: Output::SshErrors(errors),
                child: Child::Ssh(child),
            }),
            _ => Err(Lost::new(LostKind::NotStarted, "no pipe to ssh")),
        }
    }

    /// Ends the master. It may have ended before, with its connection.
    pub(super) async fn close(self) {
        if let Some(session) = Arc::into_inner(self.session) {
            let _ = timeout(CLOSE, session.close()).await;
        }
    }
}

/// `-p 9` is the discard port: without the master's connection there must be none.
fn agent_session(ssh: &Ssh, control: &Path) -> Command {
    let mut command = ssh.command();
    command.arg("-S").arg(control);
    command.args(["-T", "-p", "9", "-o", "ForwardAgent=yes"]);
    command.args(["-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "--", "none"]);
    command
}

enum Login {
    /// The master is in the background.
    Made,
    /// It gave up, and said this.
    Failed(String),
    /// Somebody killed it: the terminal's Ctrl-C reaches it too while it may ask for a passphrase.
    Killed,
}

async fn authenticate(mut command: Command) -> std::io::Result<Login> {
    let mut master = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut said = Vec::new();
    let mut open = master.stderr.take();
    let status = loop {
        let Some(stderr) = &mut open else {
            break master.wait().await?;
        };
        tokio::select! {
            read = stderr.read_buf(&mut said) => if read? == 0 { open = None },
            status = master.wait() => break status?,
        }
    };
    if status.success() {
        return Ok(Login::Made);
    }
    if status.code().is_none() {
        return Ok(Login::Killed);
    }
    if let Some(mut stderr) = open {
        // A proxy command may hold the pipe after ssh itself has gone.
        let _ = timeout(Duration::from_millis(200), stderr.read_to_end(&mut said)).await;
    }
    Ok(Login::Failed(lines(&said)))
}

fn lines(said: &[u8]) -> String {
    let lines = said
        .split(|byte| *byte == b'\n')
        .map(|line| visible(line.trim_ascii()));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

async fn classify(ssh: &Ssh, place: &[String], said: &str) -> Lost {
    let any = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    let kind = if any(&[
        "HOST IDENTIFICATION HAS CHANGED",
        "has changed and you have requested",
    ]) {
        LostKind::HostKeyChanged(Box::new(hostkey::changed(said)))
    } else if any(&["host key is known for"]) {
        LostKind::HostKeyUnknown(Box::new(hostkey::unknown(ssh, place, said).await))
    } else if any(&[
        "Permission denied",
        "Too many authentication failures",
        "No supported authentication",
    ]) {
        LostKind::Denied
    } else if any(&["Could not resolve hostname"]) {
        LostKind::NoSuchName
    } else if any(&["Connection refused"]) {
        LostKind::Refused
    } else if any(&["timed out", "Timeout, server"]) {
        LostKind::TimedOut
    } else if any(&[
        "No route to host",
        "Network is unreachable",
        "Network is down",
    ]) {
        LostKind::Unreachable
    } else {
        LostKind::Ssh
    };
    Lost::new(kind, said)
}
