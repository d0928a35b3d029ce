//! One file per command: glue between the stages, and the only place that sees all of them.

mod check;
mod context;
mod known_hosts;
mod login_keys;
mod plan;
mod push;
mod releases;
mod render;
mod revision;
mod rollback;
mod session;
mod setup;
mod status;

use std::io::{self, Write as _};

use crate::cli::{Cli, Command};
use crate::config::ConfigErrors;
use crate::report::ExitCode;

/// Runs one command line.
pub fn run(cli: &Cli) -> ExitCode {
    let global = &cli.global;
    let done = match &cli.command {
        Command::Setup(arguments) => setup::run(global, arguments),
        Command::Check(arguments) => check::run(global, arguments),
        Command::Push(arguments) => push::run(global, arguments),
        Command::Rollback(arguments) => rollback::run(global, arguments),
        Command::Plan(arguments) => plan::run(global, arguments),
        Command::Render(arguments) => render::run(global, arguments),
        Command::Releases(arguments) => releases::run(global, arguments),
        Command::Status(arguments) => status::run(global, arguments),
    };
    done.unwrap_or_else(|error| {
        let mut stderr = io::stderr().lock();
        if let Some(errors) = error.downcast_ref::<ConfigErrors>() {
            let _ = stderr.write_all(errors.render(context::coloured(global)).as_bytes());
            return ExitCode::Config;
        }
        let _ = writeln!(stderr, "error: {error:#}");
        match error.downcast_ref::<Unfit>() {
            Some(unfit) => unfit.code,
            None => ExitCode::Internal,
        }
    })
}

/// What a user can mend: the code says which kind, the text how.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Unfit {
    code: ExitCode,
    text: String,
}

impl Unfit {
    fn usage(text: impl Into<String>) -> anyhow::Error {
        Self {
            code: ExitCode::Usage,
            text: text.into(),
        }
        .into()
    }

    fn unreachable(text: impl Into<String>) -> anyhow::Error {
        Self {
            code: ExitCode::Connect,
            text: text.into(),
        }
        .into()
    }
}
