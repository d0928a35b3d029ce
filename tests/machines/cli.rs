//! Test machines by hand: `cargo run --example machine -- up web1`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what this prints is its only product"
)]

#[path = "mod.rs"]
mod machines;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Error, Result};
use clap::{Args, Parser, Subcommand};

use machines::{GitServer, Lab, Machine, Options, SshConfig};

/// Boots throwaway Debian hosts on a private network of this machine (needs root).
///
/// They stay until `down`; hosts reach each other by name. A first start builds the root
/// file system, about half a minute.
#[derive(Debug, Parser)]
#[command(name = "machine", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Boot new hosts and wait until sshd answers
    Up(Up),
    /// Show name, address and state of every host
    List,
    /// Run shell text on a host as root, without ssh
    Exec {
        name: String,
        /// The command; several words are joined by spaces
        #[arg(required = true, last = true)]
        command: Vec<String>,
    },
    /// Print the path of a configuration for `ssh -F` and `deployer --ssh-config`
    SshConfig,
    /// Open a shell, or run a command, over ssh
    Ssh {
        name: String,
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Kill a host's PID 1, like a power cut; its disk stays
    Kill9 { name: String },
    /// Boot a host that is off, on the disk it had
    Boot { name: String },
    /// Reboot a host in good order
    Reboot { name: String },
    /// Commit a directory as the next state of a repository on a git server
    Commit {
        server: String,
        repo: String,
        tree: std::path::PathBuf,
        #[arg(short, long, default_value = "change")]
        message: String,
    },
    /// Remove hosts and their disks
    Down {
        #[arg(required_unless_present = "all")]
        names: Vec<String>,
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
}

#[derive(Debug, Args)]
struct Up {
    #[arg(required = true)]
    names: Vec<String>,
    /// Give the hosts `uv`
    #[arg(long)]
    uv: bool,
    /// Make them git servers and nothing else: repositories in /srv/git, user `git`
    #[arg(long)]
    git: bool,
    /// The Debian release
    #[arg(long, default_value = "trixie")]
    suite: String,
    /// Wait for Ctrl-C, then remove the hosts
    #[arg(long)]
    foreground: bool,
}

fn main() -> ExitCode {
    match act(Cli::parse().action) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("machine: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(action: Action) -> Result<ExitCode> {
    let lab = Lab::by_hand()?;
    match action {
        Action::Up(options) => up(&lab, options)?,
        Action::List => list(&lab)?,
        Action::Exec { name, command } => {
            let output = lab.machine(&name)?.exec(&command.join(" "))?;
            print!("{}", output.stdout);
            eprint!("{}", output.stderr);
            return Ok(ExitCode::from(u8::try_from(output.code).unwrap_or(1)));
        }
        Action::SshConfig => println!("{}", ssh_config(&lab)?.path().display()),
        Action::Ssh { name, command } => {
            let config = ssh_config(&lab)?;
            let mut ssh = Command::new("ssh");
            ssh.arg("-F").arg(config.path()).arg(name).args(command);
            return Err(Error::new(ssh.exec()).context("cannot start `ssh`"));
        }
        Action::Kill9 { name } => lab.machine(&name)?.kill9()?,
        Action::Boot { name } => lab.machine(&name)?.boot()?,
        Action::Reboot { name } => lab.machine(&name)?.reboot()?,
        Action::Commit {
            server,
            repo,
            tree,
            message,
        } => {
            let server = GitServer::open(lab.machine(&server)?);
            if !server.bare(&repo).exists() {
                server.create(&repo)?;
            }
            println!("{}", server.commit(&repo, &tree, &message)?);
        }
        Action::Down { names, all } => {
            for name in &names {
                lab.machine(name)?.down()?;
            }
            if all {
                lab.down()?;
            }
        }
    }
    if lab.dir().exists() && lab.names()?.is_empty() {
        lab.down()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn up(lab: &Lab, options: Up) -> Result<()> {
    let machine_options = Options {
        suite: options.suite,
        uv: options.uv,
        ..Options::default()
    };
    for name in &options.names {
        let mut machine = lab.up_with(name, &machine_options)?;
        if options.git {
            machine = GitServer::on(machine)?.into_machine();
        }
        println!("{name} {}", machine.ip());
    }
    println!(
        "ssh -F {} root@{}",
        ssh_config(lab)?.path().display(),
        options.names[0]
    );
    if options.foreground {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(tokio::signal::ctrl_c())?;
        for name in &options.names {
            lab.machine(name)?.down()?;
        }
    }
    Ok(())
}

fn list(lab: &Lab) -> Result<()> {
    for name in lab.names()? {
        let machine = lab.machine(&name)?;
        let state = if machine.runs() { "up" } else { "off" };
        println!(
            "{name:12} {:15} {state:4} {}",
            machine.ip().to_string(),
            machine.root_path().display()
        );
    }
    Ok(())
}

fn ssh_config(lab: &Lab) -> Result<SshConfig> {
    let names = lab.names()?;
    let machines = names
        .iter()
        .map(|name| lab.machine(name))
        .collect::<Result<Vec<Machine>>>()?;
    let reach: Vec<_> = machines.iter().map(|m| (m, (m.ip(), 22).into())).collect();
    SshConfig::in_dir(lab.dir(), &reach)
}
