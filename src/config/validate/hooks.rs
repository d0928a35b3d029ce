//! `hooks`: lists of commands, by the moment they run at.

use std::time::Duration;

use super::migrate::which;
use super::{Fault, Section, text};
use crate::config::node::Node;
use crate::config::{Account, Hook, Hooks, Moment, Which};

/// Seconds that a hook may take.
const TIMEOUT: u64 = 300;

pub(super) fn hooks(root: &Section<'_>, migrates: bool) -> Hooks {
    let read = |section: &Section<'_>| {
        let lists = Moment::ALL.map(|moment| (moment, list(section, moment)));
        for moment in [Moment::BeforeMigrate, Moment::AfterMigrate] {
            if !migrates {
                let label = "add `migrate`, or use another moment";
                section.refuse(moment.as_str(), "nothing migrates", label);
            }
        }
        let used = lists.into_iter().filter(|(_, hooks)| !hooks.is_empty());
        used.collect()
    };
    root.section("hooks", read).unwrap_or_default()
}

fn list(section: &Section<'_>, moment: Moment) -> Vec<Hook> {
    let short = |node: &Node| -> Result<Hook, Fault> {
        Ok(Hook {
            run: text(node)?,
            on: Which::Each,
            timeout: Duration::from_secs(TIMEOUT),
            account: account(moment),
        })
    };
    section.mixed(moment.as_str(), short, |section| hook(section, moment))
}

fn hook(section: &Section<'_>, moment: Moment) -> Option<Hook> {
    let run = section.required("run", "python manage.py check --deploy");
    let on = which(section, Which::Each);
    if matches!(moment, Moment::BeforeMigrate | Moment::AfterMigrate) {
        section.refuse("on", "it runs where the migration runs", "see `migrate.on`");
    }
    let words = [("app", Account::App), ("login", Account::Login)];
    let asked = section.choice("as", words);
    Some(Hook {
        on,
        timeout: section.seconds("timeout", 1..=86_400, TIMEOUT),
        account: if section.has("as") {
            asked
        } else {
            account(moment)
        },
        run: run?,
    })
}

/// What is built goes into the release, which the app cannot write.
fn account(moment: Moment) -> Account {
    match moment {
        Moment::BeforeBuild | Moment::AfterBuild => Account::Login,
        _ => Account::App,
    }
}
