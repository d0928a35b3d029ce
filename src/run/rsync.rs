//! Files between a host and this machine, by the system's `rsync` over the same ssh.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ssh::{OPTIONS, Ssh};
use crate::config::{HostAddress, UserName};

/// One direction between a directory of this machine and one of a host.
#[derive(Debug, Clone)]
pub struct Transfer<'a> {
    pub ssh: &'a Ssh,
    pub login: &'a str,
    pub address: &'a HostAddress,
    pub port: Option<u16>,
    /// Whose files they are on the host, where they are not the login's own: it acts as that user.
    pub user: Option<&'a UserName>,
    /// Of the host, absolute.
    pub remote: String,
    pub local: PathBuf,
    pub way: Way,
    pub delete: bool,
    /// Only lists, on standard output, what would change.
    pub dry_run: bool,
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Pull,
    Push,
}

/// How rsync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transferred {
    Whole,
    /// This machine has no rsync.
    NotHere,
    /// The host has none, or does not let the login act as that user.
    NotThere,
    /// ssh could not log in, or lost its connection.
    Unreachable,
    /// Some files could not be read or written.
    Partly,
    Interrupted,
    /// Its own exit status.
    Failed(i32),
}

/// What rsync keeps of a file that did not come whole; never served, since its name starts with a dot.
const PARTIAL: &str = ".rsync-partial";

/// Runs with this process's terminal. What it says goes to standard error, a list to standard output.
pub fn transfer(transfer: &Transfer<'_>) -> io::Result<Transferred> {
    if transfer.way == Way::Push && !transfer.dry_run {
        match make_directories(transfer)? {
            Some(0) => {}
            Some(255) | None => return Ok(Transferred::Unreachable),
            Some(_) => return Ok(Transferred::NotThere),
        }
    }
    let mut command = command(transfer);
    command.stdin(Stdio::null());
    if !transfer.dry_run {
        command.stdout(io::stderr());
    }
    let status = match command.status() {
        Ok(status) => status,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Transferred::NotHere),
        Err(error) => return Err(error),
    };
    Ok(match status.code() {
        Some(0) => Transferred::Whole,
        Some(20) | None => Transferred::Interrupted,
        Some(23 | 24) => Transferred::Partly,
        Some(12 | 127) => Transferred::NotThere,
        Some(255 | 10 | 30 | 35) => Transferred::Unreachable,
        Some(code) => Transferred::Failed(code),
    })
}

/// rsync takes the set-group-ID bit from directories that it makes, and with it the group that nginx reads by. So they
/// are made before, as the app makes its own.
fn make_directories(transfer: &Transfer<'_>) -> io::Result<Option<i32>> {
    let mut directories = Vec::new();
    walk(&transfer.local, Path::new("."), &mut directories)?;
    let mut words = ssh_words(transfer).into_iter();
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .args(["-T", "--", transfer.address.as_str()]);
    command.arg(format!(
        "{}sh -c 'umask 027 && cd {} && xargs -0 mkdir -p --'",
        become_user(transfer),
        transfer.remote
    ));
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever does not read them ends with an error of its own.
        let _ = stdin.write_all(&directories);
    }
    Ok(child.wait()?.code())
}

/// The directories in `top`, each with a NUL after it; links are left out, as rsync leaves them.
fn walk(top: &Path, below: &Path, found: &mut Vec<u8>) -> io::Result<()> {
    found.extend_from_slice(below.as_os_str().as_bytes());
    found.push(0);
    for entry in fs::read_dir(top.join(below))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != PARTIAL {
            walk(top, &below.join(entry.file_name()), found)?;
        }
    }
    Ok(())
}

/// What stands before a command of the app's user.
fn become_user(transfer: &Transfer<'_>) -> String {
    // root too: not every host has runuser.
    let sudo = |user| format!("sudo -n -u {user} -- ");
    transfer.user.map_or_else(String::new, sudo)
}

fn command(transfer: &Transfer<'_>) -> Command {
    let remote = &transfer.remote;
    let mut command = Command::new("rsync");
    // Names and times; links, owners and rights are each side's own.
    command.args(["--recursive", "--times", "--no-implied-dirs"]);
    command.arg(format!("--partial-dir={PARTIAL}"));
    command.arg(format!("--exclude={PARTIAL}"));
    if transfer.way == Way::Push {
        // As the app's own: its group's, and not everybody's.
        command.arg("--chmod=F0640");
    }
    if transfer.delete {
        command.arg("--delete-delay");
    }
    if transfer.dry_run {
        command.args(["--dry-run", "--itemize-changes"]);
    } else if !transfer.quiet {
        command.args(["--human-readable", "--info=progress2,stats1"]);
    }
    command.arg("-e").arg(shell(transfer));
    command.arg(format!("--rsync-path={}rsync", become_user(transfer)));
    let address = transfer.address.as_str();
    let there = if address.contains(':') {
        format!("[{address}]:{remote}/")
    } else {
        format!("{address}:{remote}/")
    };
    let here = contents(&transfer.local);
    command.arg("--");
    match transfer.way {
        Way::Pull => command.arg(there).arg(here),
        Way::Push => command.arg(here).arg(there),
    };
    command
}

/// With the last slash, a directory stands for what is in it.
fn contents(directory: &Path) -> PathBuf {
    directory.join("")
}

/// rsync reads the command as words, in which quotes keep blanks together and are doubled to stand for themselves.
fn shell(transfer: &Transfer<'_>) -> String {
    let quoted: Vec<String> = ssh_words(transfer)
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', "''")))
        .collect();
    quoted.join(" ")
}

/// ssh with its options; the address comes after them.
fn ssh_words(transfer: &Transfer<'_>) -> Vec<String> {
    let mut words = vec!["ssh".to_owned()];
    if let Some(config) = &transfer.ssh.config {
        words.extend(["-F".to_owned(), config.to_string_lossy().into_owned()]);
    }
    words.extend(["-l".to_owned(), transfer.login.to_owned()]);
    if let Some(port) = transfer.port {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    let batch = if transfer.ssh.interactive {
        "BatchMode=no"
    } else {
        "BatchMode=yes"
    };
    let own = OPTIONS
        .iter()
        .filter(|option| !option.starts_with("Control"));
    for option in own.copied().chain([batch]) {
        words.extend(["-o".to_owned(), option.to_owned()]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rsync_is_told() {
        let ssh = Ssh {
            config: Some(PathBuf::from("/home/it's me/config")),
            ..Ssh::default()
        };
        let (Ok(address), Ok(user)) = (HostAddress::try_from("::1"), UserName::try_from("polls"))
        else {
            unreachable!()
        };
        let transfer = Transfer {
            ssh: &ssh,
            login: "deploy",
            address: &address,
            port: Some(2222),
            user: Some(&user),
            remote: "/srv/polls/shared/media".to_owned(),
            local: PathBuf::from("-media"),
            way: Way::Push,
            delete: true,
            dry_run: false,
            quiet: true,
        };
        let said = format!("{:?}", command(&transfer));
        for part in [
            r#""-e" "'ssh' '-F' '/home/it''s me/config' '-l' 'deploy' '-p' '2222' '-o' 'ConnectTimeout=10'"#,
            r#""--rsync-path=sudo -n -u polls -- rsync" "--" "-media/" "[::1]:/srv/polls/shared/media/""#,
            r#""--delete-delay""#,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("Control"), "{said}");

        let own = Transfer {
            user: None,
            ..transfer
        };
        let said = format!("{:?}", command(&own));
        assert!(said.contains(r#""--rsync-path=rsync""#), "{said}");
    }
}
