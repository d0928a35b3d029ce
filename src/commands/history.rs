use std::io::{self, Write as _};

use anyhow::Result;

use super::context::Context;
use super::session;
use crate::cli::{Global, History};
use crate::plan::Question;
use crate::report::{ExitCode, history_lines};

pub(super) fn run(global: &Global, arguments: &History) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let question = Question::History {
        count: arguments.lines,
    };
    let (facts, code) = session::ask(global, &context, "history", &question)?;
    let mut stdout = io::stdout().lock();
    for (host, facts) in context.hosts.iter().zip(&facts) {
        let Some(facts) = facts else { continue };
        for line in history_lines(&host.host.name, facts) {
            writeln!(stdout, "{line}")?;
        }
    }
    Ok(code)
}
