//! `service`: what the process manager is told of the app.

use std::time::Duration;

use super::{Fault, Section, text};
use crate::config::node::Node;
use crate::config::{Hardening, Manager, Respawn, Scope, Service, ServiceName};

/// Five times in a minute, and then somebody has to look.
const FEW: Respawn = Respawn::Limited {
    count: 5,
    interval: Duration::from_secs(60),
};

pub(super) fn service(section: &Section<'_>) -> Service {
    let manager = section.choice(
        "manager",
        [
            ("auto", Manager::Systemd),
            ("systemd", Manager::Systemd),
            ("supervisor", Manager::Supervisor),
            ("upstart", Manager::Upstart),
        ],
    );
    let scope = section.choice("scope", [("system", Scope::System), ("user", Scope::User)]);
    expressible(section, manager, scope);
    Service {
        manager,
        scope,
        hardening: hardening(section, manager),
        after: section.list("after", |node| known_to(manager, text(node)?)),
        open_files: section.number("open_files", 256..=1_048_576, 16_384),
        memory_max: section.optional("memory_max"),
        start_timeout: section.seconds("start_timeout", 1..=3600, 60),
        respawn: respawn(section, FEW, manager),
        umask: section.optional("umask").unwrap_or_default(),
    }
}

/// The sandbox is systemd's.
fn hardening(section: &Section<'_>, manager: Manager) -> Hardening {
    let asked = section.choice(
        "hardening",
        [("basic", Hardening::Basic), ("off", Hardening::Off)],
    );
    match manager {
        Manager::Systemd => asked,
        Manager::Supervisor | Manager::Upstart => Hardening::Off,
    }
}

/// What a manager has no word for is an error, and nothing is silently left out.
fn expressible(section: &Section<'_>, manager: Manager, scope: Scope) {
    let name = match manager {
        Manager::Systemd => return,
        Manager::Supervisor => "supervisord",
        Manager::Upstart => "Upstart",
    };
    limits_memory(section, manager);
    let refuse = |key: &str, says: String, label: &str| {
        if section.has(key) {
            section.refuse(key, says, label);
        }
    };
    if section.peek("hardening").and_then(Node::text) == Some("basic") {
        refuse("hardening", format!("{name} has no sandbox"), "write `off`");
    }
    if manager == Manager::Supervisor {
        refuse(
            "after",
            format!("{name} cannot wait for another service"),
            "remove it: the app has to wait for what it needs",
        );
    }
    if manager == Manager::Upstart && scope == Scope::User {
        refuse(
            "scope",
            "Upstart's jobs are root's".to_owned(),
            "use `system`, or `manager: supervisor`",
        );
    }
}

/// Upstart has no kinds of units.
fn known_to(manager: Manager, service: ServiceName) -> Result<ServiceName, Fault> {
    match service.of_unit().filter(|_| manager == Manager::Upstart) {
        Some(name) => Err(Fault::new(
            "a unit of systemd, and Upstart runs the app",
            format!("write `{name}`"),
        )),
        None => Ok(service),
    }
}

/// Of the app or of a worker.
pub(super) fn limits_memory(section: &Section<'_>, manager: Manager) {
    let says = match manager {
        Manager::Systemd => return,
        Manager::Supervisor => "supervisord limits no memory",
        Manager::Upstart => "Upstart limits no memory",
    };
    section.refuse("memory_max", says, "remove it, or use systemd");
}

/// What the rest of the file may ask of this manager.
pub(super) fn suits(root: &Section<'_>, service: &Service) {
    if service.scope == Scope::User {
        rootless(root);
    }
}

/// Without root there is no user but the login, no place but its own, and no site.
fn rootless(root: &Section<'_>) {
    root.must_have(
        "root",
        "add a directory that the login may make, such as `root: /home/deploy/polls`",
    );
    if root.has("user") {
        let label = "remove it, or use `service.scope: system`";
        root.refuse("user", "without root the app runs as the login", label);
    }
    if root
        .peek("nginx")
        .is_some_and(|node| node.text() != Some("false"))
    {
        root.refuse(
            "nginx",
            "without root there is no site to install",
            "write `nginx: false`; docs/how-to/without-root.md has what a site of your own needs",
        );
    }
}

/// `unlimited`, or a map.
pub(super) fn respawn(section: &Section<'_>, default: Respawn, manager: Manager) -> Respawn {
    let by_time = section
        .peek("respawn")
        .is_some_and(|node| node.get("interval").is_some());
    if manager == Manager::Supervisor && by_time {
        let says = "supervisord counts failed starts in a row, whatever time they take";
        section.refuse("respawn", says, "give a `count` alone, or `unlimited`");
    }
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
