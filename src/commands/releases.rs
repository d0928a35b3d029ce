use std::io::{self, Write as _};

use anyhow::Result;

use super::context::Context;
use super::session;
use crate::cli::{Environment, Global};
use crate::plan::Question;
use crate::report::{ExitCode, release_lines};

pub(super) fn run(global: &Global, arguments: &Environment) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment)?;
    let (facts, code) = session::ask(global, &context, "releases", &Question::Releases)?;
    let mut stdout = io::stdout().lock();
    for (host, facts) in context.hosts.iter().zip(&facts) {
        let Some(facts) = facts else { continue };
        for line in release_lines(&host.host.name, facts) {
            writeln!(stdout, "{line}")?;
        }
    }
    Ok(code)
}
