use std::io::{self, Write as _};

use anyhow::Result;

use super::context::Context;
use super::{push, revision, session};
use crate::cli::{Global, Push};
use crate::plan::Question;
use crate::report::{ExitCode, plan_lines};
use crate::script::compile;

pub(super) fn run(global: &Global, arguments: &Push) -> Result<ExitCode> {
    let mut context = Context::load(global, &arguments.environment.environment)?;
    let wanted = revision::wanted(&arguments.which, &context)?;
    context.resolve_secrets()?;
    let target = push::target(
        &context,
        revision::current(&wanted, &context)?,
        arguments.allow_older,
    );
    let question = Question::Foresee {
        revision: target.revision.sha.clone(),
    };
    let (facts, code) = session::ask(global, &context, "plan", &question)?;
    let mut stdout = io::stdout().lock();
    for (host, facts) in target.hosts.iter().zip(&facts) {
        let Some(facts) = facts else { continue };
        let plan = crate::plan::push(&target, host, context.files(host)?);
        let live = facts
            .iter()
            .find(|(what, _)| what == "live")
            .and_then(|(_, fields)| fields.get("revision"));
        let changes = live.zip(context.working_copy.as_ref());
        let changes = changes.and_then(|(live, copy)| copy.changes(live, &target.revision.sha));
        for line in plan_lines(
            &plan,
            &target.revision,
            facts,
            changes.as_deref(),
            &compile(&plan).digest(),
        ) {
            writeln!(stdout, "{line}")?;
        }
    }
    Ok(code)
}
