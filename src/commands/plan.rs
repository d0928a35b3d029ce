use std::io;

use anyhow::Result;

use super::context::Context;
use super::{push, revision, session};
use crate::cli::{Global, Push};
use crate::plan::Question;
use crate::report::{self, ExitCode};
use crate::script::compile;

pub(super) fn run(global: &Global, arguments: &Push) -> Result<ExitCode> {
    let mut context = Context::load(global, &arguments.environment.environment)?;
    let wanted = revision::wanted(&arguments.which, &context)?;
    context.resolve_secrets()?;
    let target = push::target(
        &context,
        revision::current(&wanted, &context)?,
        Some(arguments),
    );
    let question = Question::Foresee {
        revision: target.revision.sha.clone(),
    };
    let (facts, mut verdict) = session::ask(global, &context, "plan", &question)?;
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
        let digest = compile(&plan).digest();
        let (revision, changes) = (&target.revision, changes.as_deref());
        let answer = report::plan(&plan, revision, facts, changes, &digest);
        verdict.answer(&mut stdout, answer)?;
    }
    drop(stdout);
    Ok(verdict.end())
}
