use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;

/// Only a person at a terminal can be asked.
pub(super) fn confirmed(question: &str) -> Result<bool> {
    let mut stderr = io::stderr();
    if !io::stdin().is_terminal() || !stderr.is_terminal() {
        return Ok(false);
    }
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "yes"))
}
