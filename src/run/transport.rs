//! A way to run one command on a host: closed set, one file per variant.

use super::bootstrap;
use super::local;
use super::lost::{Lost, LostKind};
use super::ssh::{Master, Ssh};
use crate::config::Reach;
use std::io;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[derive(Debug)]
pub(super) enum Transport {
    Ssh(Master),
    Local,
}

impl Transport {
    /// `control` is where ssh may put its socket.
    pub(super) async fn connect(reach: &Reach, ssh: &Ssh, control: &Path) -> Result<Self, Lost> {
        match reach {
            Reach::Local => Ok(Self::Local),
            Reach::Ssh {
                user,
                address,
                port,
            } => {
                let user = user.as_ref().map(ToString::to_string);
                Master::connect(ssh, user.as_deref(), address.as_str(), *port, control)
                    .await
                    .map(Self::Ssh)
            }
        }
    }

    /// Starts the bootstrap, which then waits for what it is to run.
    pub(super) async fn open(&self) -> Result<Exec, Lost> {
        let command = bootstrap::command();
        match self {
            Self::Ssh(master) => master.exec(&command).await,
            Self::Local => local::exec(&command),
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::Ssh(master) => master.close().await,
            Self::Local => {}
        }
    }
}

/// A running command and its three streams. Dropping the input is its end of file.
#[derive(Debug)]
pub(super) struct Exec {
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) errors: Output,
    pub(super) child: Child,
}

#[derive(Debug)]
pub(super) enum Input {
    Ssh(openssh::ChildStdin),
    Local(tokio::process::ChildStdin),
}

impl Input {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Ssh(pipe) => pipe.write_all(bytes).await,
            Self::Local(pipe) => pipe.write_all(bytes).await,
        }
    }
}

#[derive(Debug)]
pub(super) enum Output {
    Ssh(openssh::ChildStdout),
    SshErrors(openssh::ChildStderr),
    Local(tokio::process::ChildStdout),
    LocalErrors(tokio::process::ChildStderr),
}

impl Output {
    /// Like `read(2)`; may be cancelled without loss.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Ssh(pipe) => pipe.read(buffer).await,
            Self::SshErrors(pipe) => pipe.read(buffer).await,
            Self::Local(pipe) => pipe.read(buffer).await,
            Self::LocalErrors(pipe) => pipe.read(buffer).await,
        }
    }
}

#[derive(Debug)]
pub(super) enum Child {
    Ssh(openssh::Child<std::sync::Arc<openssh::Session>>),
    Local(tokio::process::Child),
}

impl Child {
    /// The exit status, if the host said one. Only for after the end of both outputs: openssh cuts them off here.
    pub(super) async fn status(self) -> Option<i32> {
        match self {
            Self::Ssh(child) => match child.wait().await {
                Ok(status) => status.code(),
                // openssh turns "command not found" into an error of its own.
                Err(openssh::Error::Remote(_)) => Some(127),
                Err(_) => None,
            },
            Self::Local(mut child) => child.wait().await.ok()?.code(),
        }
    }
}

impl From<openssh::Error> for Lost {
    fn from(error: openssh::Error) -> Self {
        let mut detail = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            detail = format!("{detail}: {cause}");
            source = cause.source();
        }
        Self::new(LostKind::Ssh, detail)
    }
}
