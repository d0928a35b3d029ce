use anyhow::Result;

use super::context::Context;
use super::session;
use crate::cli::{Environment, Global};
use crate::plan::Question;
use crate::report::{self, ExitCode};

pub(super) fn run(global: &Global, arguments: &Environment) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment)?;
    let answers = session::ask(global, &context, "releases", &Question::Releases)?;
    session::show(&context, answers, report::releases)
}
