//! `migrate`: one command, or a map of what belongs to it.

use std::time::Duration;

use super::{Section, text};
use crate::config::{Migrate, Which};

/// Seconds that a migration may take.
const TIMEOUT: u64 = 600;

pub(super) fn migrate(root: &Section<'_>) -> Option<Migrate> {
    if root
        .peek("migrate")
        .is_some_and(|node| node.text().is_some())
    {
        return Some(Migrate {
            run: root.with("migrate", text)?,
            check: None,
            backup: None,
            timeout: Duration::from_secs(TIMEOUT),
            on: Which::First,
        });
    }
    let read = |section: &Section<'_>| {
        let run = section.required("run", "python manage.py migrate --noinput");
        let (check, backup) = (section.optional("check"), section.optional("backup"));
        let timeout = section.seconds("timeout", 1..=86_400, TIMEOUT);
        let on = which(section, Which::First);
        Some(Migrate {
            run: run?,
            check,
            backup,
            timeout,
            on,
        })
    };
    root.present("migrate", read)?
}

/// `on`, which is `default` where the file does not say.
pub(super) fn which(section: &Section<'_>, default: Which) -> Which {
    let words = [("first", Which::First), ("each", Which::Each)];
    let asked = section.choice("on", words);
    if section.has("on") { asked } else { default }
}
