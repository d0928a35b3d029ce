use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_complete::{Shell as Made, generate};

use crate::cli::{Cli, Completions, Shell};
use crate::report::ExitCode;

pub(super) fn run(arguments: &Completions) -> Result<ExitCode> {
    let shell = match arguments.shell {
        Shell::Bash => Made::Bash,
        Shell::Zsh => Made::Zsh,
        Shell::Fish => Made::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut shown(&Cli::command()), "deployer", &mut script);
    io::stdout()
        .write_all(&script)
        .context("failed to write the script")?;
    Ok(ExitCode::Done)
}

/// The command without its hidden options, which stand for environment variables.
fn shown(command: &Command) -> Command {
    let aliases = command.get_visible_aliases().map(ToOwned::to_owned);
    let arguments = command.get_arguments().filter(|one| !one.is_hide_set());
    let mut copy = Command::new(command.get_name().to_owned())
        .visible_aliases(aliases)
        .args(arguments.cloned())
        .subcommands(command.get_subcommands().map(shown))
        .disable_help_subcommand(true);
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    match command.get_version() {
        Some(version) => copy.version(version.to_owned()),
        None => copy,
    }
}
