use anyhow::Result;

use super::context::Context;
use super::session;
use crate::cli::{Global, History};
use crate::plan::Question;
use crate::report::{self, ExitCode};

pub(super) fn run(global: &Global, arguments: &History) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let question = Question::History {
        count: arguments.lines,
    };
    let answers = session::ask(global, &context, "history", &question)?;
    session::show(&context, answers, report::history)
}
