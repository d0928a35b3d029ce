//! A value of every character that can be printed, and of a line break, under each manager.

use anyhow::{Result, ensure};

use super::Case;
use crate::machines::get;
use crate::processes::workers::add;
use crate::site::{NAME, Site};

/// A page that says what came of it.
const PAGE: &str = "
@app.get('/every')
def every():
    return os.environ['EVERY']

@app.get(\"/\")";

fn every() -> String {
    let ascii: String = (' '..='~').collect();
    format!("{ascii}\nGr\u{fc}\u{df}e \u{1f600} \\\\ '\"")
}

/// The app gets it.
pub(super) fn asked_for(site: &Site) -> Result<()> {
    let escaped = every()
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    add(site, &format!("env:\n  EVERY: \"{escaped}\"\n"))
}

pub(super) fn asked_for_by_a_page(site: &Site) -> Result<()> {
    asked_for(site)?;
    site.edit("hello.py", "\n@app.get(\"/\")", PAGE)
}

pub(super) fn arrived(site: &Site, case: &Case) -> Result<()> {
    let page = get((site.web().ip(), case.port).into(), NAME, "/every")?.body;
    ensure!(page == every(), "{page}");
    Ok(())
}

/// A process began with it.
pub(super) fn of_a_process(site: &Site, pid: &str) -> Result<()> {
    let found = site.web().sh(&format!(
        "tr '\\n\\0' '\\001\\n' </proc/{pid}/environ | grep ^EVERY="
    ))?;
    let wanted = format!("EVERY={}", every()).replace('\n', "\u{1}");
    ensure!(found == wanted, "{found} and not {wanted}");
    Ok(())
}
