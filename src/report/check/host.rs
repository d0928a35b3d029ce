//! The host itself: its login, its tools, whose the root is, and whether there is room.

use super::{Judge, Level, tools};
use crate::config::{Manager, Scope};
use crate::event::Fields;
use crate::report::reasons;

/// Clocks may differ by this.
const SPARE_SECONDS: u64 = 30;

impl Judge<'_> {
    pub(super) fn login(&mut self) {
        let (name, sudo) = (
            self.of("login", "name").to_owned(),
            self.of("login", "sudo").to_owned(),
        );
        let owner = self.examined.host.owner(self.examined.config);
        let (later, ready) = (self.examined.login.is_some(), self.ready());
        let text = |rights: &str| format!("{name}, {rights}");
        if self.examined.config.service.scope == Scope::User {
            return self.say(
                Level::Ok,
                "login",
                text("who runs the app: root is not needed"),
            );
        }
        match sudo.as_str() {
            "root" => self.say(
                Level::Ok,
                "login",
                format!("root; the app's tree belongs to `{owner}`"),
            ),
            "full" => self.say(
                Level::Ok,
                "login",
                text("with all of sudo: a push may change units and site"),
            ),
            "drop-in" => self.say(
                Level::Ok,
                "login",
                text("with sudo for the app's units only: units and site change with setup"),
            ),
            _ if ready && !later => {
                let fields = Fields::new();
                self.refused("login", "sudo", &fields);
            }
            _ if later => {
                let remedy = format!(
                    "name a login that is root or a sudoer: `deployer check {} --login USER`",
                    self.environment()
                );
                self.advise(
                    Level::Error,
                    "login",
                    text("without sudo that asks no password"),
                    remedy,
                );
            }
            _ => self.say(
                Level::Note,
                "login",
                text("without sudo: setup has to log in as somebody else"),
            ),
        }
    }

    pub(super) fn system(&mut self) {
        let (name, init) = (
            self.of("system", "name").to_owned(),
            self.of("system", "init").to_owned(),
        );
        let service = &self.examined.config.service;
        let wanted = match service.manager {
            Manager::Systemd => Some("systemd"),
            Manager::Upstart => Some("upstart"),
            // It runs anywhere.
            Manager::Supervisor => None,
        };
        let manager = self.of("system", "manager").to_owned();
        if let Some(wanted) = wanted.filter(|wanted| *wanted != manager) {
            let text = format!("{name} is run by `{init}`, not by {wanted}");
            let remedy = match manager.as_str() {
                "systemd" | "upstart" => format!("write `service: {{manager: {manager}}}`"),
                _ => "a supervisord can run the app there: `service: {manager: supervisor}`"
                    .to_owned(),
            };
            self.advise(Level::Error, "system", text, remedy);
        } else if service.scope == Scope::System
            && self.of("system", "apt") != "yes"
            && !self.ready()
        {
            let text = format!("{name} has no `apt-get`, which setup installs packages with");
            self.advise(Level::Error, "system", text, "use a Debian or an Ubuntu");
        } else {
            self.say(Level::Ok, "system", name);
        }
        let found = tools::judge(self);
        self.found.extend(found);
    }

    pub(super) fn packages(&mut self) {
        let missing = self.of("packages", "missing").replace(' ', ", ");
        if missing.is_empty() {
            return;
        }
        if self.ready() {
            let setup = self.setup();
            self.advise(
                Level::Warning,
                "packages",
                format!("not installed: {missing}"),
                setup,
            );
        } else {
            self.say(Level::Note, "packages", format!("setup installs {missing}"));
        }
    }

    pub(super) fn root(&mut self) {
        let config = self.examined.config;
        let (root, app) = (config.root.to_string(), config.app.to_string());
        let expected = self.examined.host.owner(config);
        let owner = self.of("root", "owner").to_owned();
        let holder = self.of("root", "app").trim().to_owned();
        let state = self.of("root", "state").to_owned();
        let managers = self.fact("other-manager").cloned().unwrap_or_default();
        let named = |name: &str| Fields::from([("name".to_owned(), name.to_owned())]);
        if self.of("root", "real") == "no" {
            return self.refused("root", "root-link", &Fields::new());
        }
        if !owner.is_empty() && owner != expected {
            return self.refused("root", "owner", &named(&owner));
        }
        match state.as_str() {
            "foreign" => {
                let path = Fields::from([("path".to_owned(), root)]);
                self.refused("root", "foreign", &path);
            }
            "ready" if holder != app => self.refused("root", "other-app", &named(&holder)),
            "ready" if !managers.is_empty() => self.refused("root", "manager-differs", &managers),
            "ready" if self.of("root", "layout") == "no" => {
                self.refused("root", "layout", &Fields::new());
            }
            "ready" => self.say(
                Level::Ok,
                "root",
                format!("{root} is set up, and belongs to `{owner}`"),
            ),
            "unfinished" => {
                let setup = self.setup();
                self.advise(
                    Level::Error,
                    "root",
                    format!("the setup of {root} was not finished"),
                    setup,
                );
            }
            "hidden" => {
                let text =
                    format!("{root} belongs to `{owner}`, and this login may not look into it");
                let remedy = format!("run `deployer check {}`", self.environment());
                self.advise(Level::Note, "root", text, remedy);
            }
            _ => self.refused("root", "not-set-up", &Fields::new()),
        }
    }

    pub(super) fn room(&mut self) {
        let Some(disk) = self.fact("disk").cloned() else {
            return;
        };
        let number = |fields: &Fields, key: &str| {
            let text = fields.get(key).map_or("", String::as_str);
            text.trim_end_matches("kB").parse::<u64>().ok()
        };
        let size = |kilobytes: u64| reasons::size(&format!("{kilobytes}kB"));
        let (need, have) = (
            number(&disk, "need").unwrap_or(0),
            number(&disk, "have").unwrap_or(0),
        );
        let inodes = number(&disk, "inodes").filter(|count| *count > 0);
        if have < need {
            self.refused("disk", "disk", &disk);
        } else if have < need * 3 {
            let text = format!(
                "little disk space: {} free, a push needs {}",
                size(have),
                size(need)
            );
            self.advise(
                Level::Warning,
                "disk",
                text,
                "free some, or lower `keep_releases`",
            );
        } else {
            self.say(
                Level::Ok,
                "disk",
                format!("{} free, a push needs {}", size(have), size(need)),
            );
        }
        if let Some(inodes) = inodes.filter(|count| *count < 2000) {
            let fields = [("need", "2000".to_owned()), ("have", inodes.to_string())];
            let fields = fields.map(|(key, value)| (key.to_owned(), value));
            self.refused("disk", "inodes", &Fields::from(fields));
        }
        let Some(memory) = self.fact("memory").cloned() else {
            return;
        };
        let (used, free) = (
            number(&memory, "need").unwrap_or(0),
            number(&memory, "have").unwrap_or(0),
        );
        if used == 0 {
            self.say(Level::Ok, "memory", format!("{} available", size(free)));
        } else if used >= free {
            let text = format!(
                "{} available, and a second generation needs {}: a push that has to replace is refused",
                size(free),
                size(used)
            );
            let remedy = "`gunicorn.reload: restart` needs none, at the price of a short downtime";
            self.advise(Level::Warning, "memory", text, remedy);
        } else {
            let text = format!(
                "{} available, a second generation needs {}",
                size(free),
                size(used)
            );
            self.say(Level::Ok, "memory", text);
        }
    }

    pub(super) fn python(&mut self) {
        let Some(python) = self.fact("python").cloned() else {
            return;
        };
        if python.get("found").is_some_and(|found| found == "yes") {
            let version = python.get("version").map_or("", String::as_str);
            self.say(Level::Ok, "python", format!("python {version} is there"));
        } else if !self.ready() && self.installs(&python) {
            self.say(Level::Note, "python", "setup installs it");
        } else {
            self.refused("python", "python", &python);
        }
    }

    fn installs(&self, python: &Fields) -> bool {
        let version = python.get("version").map_or("", String::as_str);
        let packages = &self.examined.config.setup.packages;
        let names = [format!("python{version}"), format!("python{version}-venv")];
        packages
            .iter()
            .any(|package| names.iter().any(|name| name == package.as_str()))
    }

    pub(super) fn clock(&mut self) {
        let seconds = |key: &str| self.of("clock", key).parse::<u64>().ok();
        let (Some(there), Some(here)) = (seconds("now"), seconds("here")) else {
            return;
        };
        let off = there.abs_diff(here);
        if off > SPARE_SECONDS {
            let side = if there > here { "ahead of" } else { "behind" };
            let text = format!("{off} s {side} this machine's");
            self.advise(
                Level::Warning,
                "clock",
                text,
                "there: `timedatectl set-ntp true`; or look at this machine's clock",
            );
        } else {
            self.say(Level::Ok, "clock", "as this machine's");
        }
    }
}
