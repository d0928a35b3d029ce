//! `service`: what the process manager is told of the app.

use std::time::Duration;

use super::{Section, text};
use crate::config::{Hardening, Manager, Respawn, Service};

/// Five times in a minute, and then somebody has to look.
const FEW: Respawn = Respawn::Limited {
    count: 5,
    interval: Duration::from_secs(60),
};

pub(super) fn service(section: &Section<'_>) -> Service {
    Service {
        manager: section.choice(
            "manager",
            [("auto", Manager::Systemd), ("systemd", Manager::Systemd)],
        ),
        hardening: section.choice(
            "hardening",
            [("basic", Hardening::Basic), ("off", Hardening::Off)],
        ),
        after: section.list("after", text),
        open_files: section.number("open_files", 256..=1_048_576, 16_384),
        memory_max: section.optional("memory_max"),
        start_timeout: section.seconds("start_timeout", 1..=3600, 60),
        respawn: respawn(section, FEW),
        umask: section.optional("umask").unwrap_or_default(),
    }
}

/// `unlimited`, or a map.
pub(super) fn respawn(section: &Section<'_>, default: Respawn) -> Respawn {
    if section
        .peek("respawn")
        .is_some_and(|node| node.text().is_some())
    {
        return section.choice("respawn", [("unlimited", Respawn::Unlimited)]);
    }
    let limited = |section: &Section<'_>| Respawn::Limited {
        count: section.number("count", 1..=1000, 5),
        interval: section.seconds("interval", 1..=86_400, 60),
    };
    section.present("respawn", limited).unwrap_or(default)
}
