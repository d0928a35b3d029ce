//! One file per command: glue between the stages, and the only place that sees all of them.

mod assets;
mod attach;
mod by_hand;
mod check;
mod completions;
mod confirm;
mod context;
mod fault;
mod history;
mod known_hosts;
mod login_keys;
mod maintenance;
mod plan;
mod prune;
mod push;
mod releases;
mod render;
mod revision;
mod rollback;
mod session;
mod setup;
mod status;
mod uploads;

use crate::cli::{Cli, Command};
use crate::config::Storage;
use crate::plan::ByHand;
use crate::report::{ExitCode, storage_unusable};
use crate::run::StorageFault;

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
        Command::Attach(arguments) => attach::run(global, arguments),
        Command::History(arguments) => history::run(global, arguments),
        Command::Reload(arguments) => by_hand::run(global, arguments, &ByHand::Reload),
        Command::Restart(arguments) => by_hand::run(global, arguments, &ByHand::Restart),
        Command::Start(arguments) => by_hand::run(global, arguments, &ByHand::Start),
        Command::Stop(arguments) => by_hand::stop(global, arguments),
        Command::Scale(arguments) => by_hand::scale(global, arguments),
        Command::Prune(arguments) => prune::run(global, arguments),
        Command::Lock(arguments) => by_hand::lock(global, arguments),
        Command::Unlock(arguments) => by_hand::unlock(global, arguments),
        Command::Maintenance(arguments) => maintenance::run(global, arguments),
        Command::Uploads(arguments) => uploads::run(global, arguments),
        Command::Completions(arguments) => completions::run(arguments),
    };
    done.unwrap_or_else(|error| fault::report(global, &error))
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

    fn not_ready(text: impl Into<String>) -> anyhow::Error {
        Self {
            code: ExitCode::NotReady,
            text: text.into(),
        }
        .into()
    }

    fn storage(fault: &StorageFault, storage: &Storage) -> anyhow::Error {
        let (code, text) = storage_unusable(fault, storage);
        Self { code, text }.into()
    }

    fn unreachable(text: impl Into<String>) -> anyhow::Error {
        Self {
            code: ExitCode::Connect,
            text: text.into(),
        }
        .into()
    }
}
