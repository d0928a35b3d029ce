//! Errors that come from no host: the file, the command line, this machine.

use std::io::{self, Write as _};

use super::{Unfit, context, session};
use crate::cli::Global;
use crate::config::ConfigErrors;
use crate::report::{ExitCode, Problem};

/// Says what went wrong; the code is the command's.
pub(super) fn report(global: &Global, error: &anyhow::Error) -> ExitCode {
    let ci = session::ci(global);
    let mut problems = Vec::new();
    let (code, text) = if let Some(errors) = error.downcast_ref::<ConfigErrors>() {
        problems = errors.list().map(problem).collect();
        (ExitCode::Config, errors.render(context::coloured(global)))
    } else {
        let code = error
            .downcast_ref::<Unfit>()
            .map_or(ExitCode::Internal, |unfit| unfit.code);
        let said = format!("{error:#}");
        let text = match ci {
            Some(ci) => ci.error(&said),
            None => format!("error: {said}"),
        };
        (code, format!("{text}\n"))
    };
    let mut stderr = io::stderr().lock();
    for problem in &problems {
        let Problem {
            line, column, what, ..
        } = problem;
        let file = global.config.to_string_lossy();
        if let Some(mark) = ci.and_then(|ci| ci.error_at(&file, *line, *column, what)) {
            let _ = writeln!(stderr, "{mark}");
        }
    }
    let _ = stderr.write_all(text.as_bytes());
    if let Some(stream) = session::stream(global) {
        let error = match problems.first() {
            Some(first) => first.what.clone(),
            None => format!("{error:#}"),
        };
        stream.fail(code, &error, &problems);
    }
    code
}

fn problem((line, column, what, label): (usize, usize, String, String)) -> Problem {
    Problem {
        line,
        column,
        what,
        label,
    }
}
