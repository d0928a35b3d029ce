//! `schedules`: commands that run at their times, by their names.

use std::collections::BTreeMap;

use super::migrate::which;
use super::workers::name;
use super::{Fault, Section, text};
use crate::config::node::{Entry, Node};
use crate::config::values::{CalendarTime, WorkerName};
use crate::config::{Manager, Schedule, When, Which};

pub(super) fn schedules(root: &Section<'_>, manager: Manager) -> BTreeMap<WorkerName, Schedule> {
    let read = |section: &Section<'_>| {
        let one = |entry| {
            let schedule = schedule(section, entry, manager);
            Some((name(section, entry)?, schedule?))
        };
        section.every().iter().filter_map(one).collect()
    };
    root.section("schedules", read).unwrap_or_default()
}

fn schedule(section: &Section<'_>, entry: &Entry, manager: Manager) -> Option<Schedule> {
    section.convert(entry, |node| {
        let what = "a map with `run` and `on_calendar` or `cron`";
        node.entries().ok_or_else(|| Fault::expected(what, node))
    })?;
    section.inner(entry, |section| {
        let run = section.required("run", "python manage.py clearsessions");
        let times = section.several(
            "on_calendar",
            |node| time(node, manager),
            |one, other| one == other,
        );
        let cron = section.optional("cron");
        let both = section.has("on_calendar") && section.has("cron");
        if both {
            section.refuse("cron", "`on_calendar` is there too", "keep one of the two");
        } else if !section.has("cron") {
            let label = "add it, such as `on_calendar: daily`, or `cron: 30 4 * * *`";
            section.must_have("on_calendar", label);
        }
        Some(Schedule {
            on: which(section, Which::First),
            timeout: section.seconds("timeout", 1..=604_800, 3600),
            run: run?,
            when: times.map(When::Calendar).or(cron.map(When::Cron))?,
        })
    })?
}

/// Where the manager has no timers, cron runs it, which has fewer words.
fn time(node: &Node, manager: Manager) -> Result<CalendarTime, Fault> {
    let time: CalendarTime = text(node)?;
    let by_cron = match manager {
        Manager::Systemd => Ok(()),
        Manager::Supervisor | Manager::Upstart => time.as_cron().map(drop),
    };
    match by_cron {
        Ok(()) => Ok(time),
        Err(why) => Err(Fault::new(
            "cron, which runs it here, cannot say this",
            why.to_string(),
        )),
    }
}
