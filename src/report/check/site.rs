//! What belongs to the app: repository, units, site, names, and what runs.

use super::{Judge, Level};
use crate::event::Fields;
use crate::report::reasons::unknown_service;

impl Judge<'_> {
    pub(super) fn large_files(&mut self) {
        if self.fact("lfs").is_none() {
            return;
        }
        let remedy = format!(
            "add the package to `deploy.yaml`, `setup: {{packages: [git-lfs]}}`, then {}",
            self.setup()
        );
        self.advise(
            Level::Warning,
            "repository",
            "`.gitattributes` has files in git LFS, and the host has no `git-lfs`",
            remedy,
        );
    }

    pub(super) fn repository(&mut self) {
        let Some(fact) = self.fact("repository").cloned() else {
            return;
        };
        let config = self.examined.config;
        let (repo, branch) = (&config.repo, &config.branch);
        let of = |key: &str| fact.get(key).map_or("", String::as_str);
        let environment = self.environment().to_owned();
        match (of("asked"), of("works"), of("reached")) {
            ("yes", "yes", _) if of("branch") == "yes" => {
                self.say(Level::Ok, "repository", format!("{repo} has `{branch}`"));
            }
            ("yes", "yes", _) => {
                let text = format!("{repo} has no branch `{branch}`");
                self.advise(
                    Level::Error,
                    "repository",
                    text,
                    "check `branch`, or push the branch",
                );
            }
            ("yes", ..) => {
                let said = of("said").replace('\n', "; ").replace("\\x0a", "; ");
                let text = format!("cannot read {repo}: {said}");
                let remedy = if repo.ssh_host().is_some() {
                    format!(
                        "{}: it shows the deploy key, which needs read access there",
                        self.setup()
                    )
                } else {
                    "check `repo`; a private repository is reached with ssh and a deploy key"
                        .to_owned()
                };
                self.advise(Level::Error, "repository", text, remedy);
            }
            (_, _, "no") => self.refused("repository", "git-unreachable", &fact),
            (_, _, "yes") if self.ready() => {
                let text = format!(
                    "the git server's host key is not pinned; it shows {}",
                    of("seen")
                );
                let remedy = format!(
                    "compare that with what its owner publishes, then `deployer setup {environment} --accept-git-host-key SHA256:...`"
                );
                self.advise(Level::Error, "repository", text, remedy);
            }
            (_, _, "yes") => {
                let text = format!("{} answers; setup makes a deploy key for it", of("host"));
                self.say(Level::Ok, "repository", text);
            }
            _ if !of("auth").is_empty() => {
                let text = format!("not asked: with `git.auth: {}` only a push can", of("auth"));
                self.say(Level::Note, "repository", text);
            }
            _ => self.say(
                Level::Note,
                "repository",
                "not asked: the host has no git yet",
            ),
        }
    }

    pub(super) fn files(&mut self) {
        let ready = self.ready();
        let setup = self.setup();
        let mut differing = Vec::new();
        for file in self.facts("file") {
            let path = file.get("path").cloned().unwrap_or_default();
            match file.get("is").map_or("", String::as_str) {
                "foreign" => self.refused("units", "foreign", &file),
                "differs" | "missing" if ready => differing.push(path),
                _ => {}
            }
        }
        if !ready {
            return;
        }
        if differing.is_empty() {
            let same = self.found.iter().all(|one| one.topic != "units");
            if same {
                self.say(
                    Level::Ok,
                    "units",
                    "units and site are as the file renders them",
                );
            }
            return;
        }
        let text = format!("not as the file renders them: {}", differing.join(", "));
        if self.privileged() && self.examined.login.is_none() {
            self.say(
                Level::Note,
                "units",
                format!("{text}; the next push changes that"),
            );
        } else {
            self.advise(Level::Error, "units", text, setup);
        }
    }

    pub(super) fn services(&mut self) {
        // Before that, setup may have to install one.
        if !self.ready() {
            return;
        }
        for service in self.facts("unknown-service") {
            let text = unknown_service(service.get("name").map_or("", String::as_str));
            let remedy = "correct the name, or remove it";
            self.advise(Level::Warning, "services", text, remedy);
        }
    }

    pub(super) fn nginx(&mut self) {
        let ready = self.ready();
        let app = self.examined.config.app.to_string();
        match self.of("sockets", "state") {
            "there" | "ready" if self.of("root", "state") == "absent" => {
                let path = Fields::from([("path".to_owned(), format!("/run/{app}"))]);
                self.refused("sockets", "foreign", &path);
            }
            "foreign" => {
                let text = format!("the directories below /run/{app} are another user's");
                self.advise(
                    Level::Error,
                    "sockets",
                    text,
                    format!(
                        "choose another `app` name, or remove /run/{app} and {}",
                        self.setup()
                    ),
                );
            }
            "missing" | "there" if ready => {
                let setup = self.setup();
                self.advise(
                    Level::Error,
                    "sockets",
                    format!("/run/{app} lacks the sockets' directories"),
                    setup,
                );
            }
            _ => {}
        }
        let Some(nginx) = &self.examined.config.nginx else {
            return;
        };
        let ports = nginx.ports();
        let running = self.of("nginx", "state") == "active";
        if ready && !running {
            self.refused("nginx", "nginx-down", &Fields::new());
        } else if ready && self.of("nginx", "site") == "no" {
            let setup = self.setup();
            self.advise(
                Level::Error,
                "nginx",
                "the app's site is not enabled",
                setup,
            );
        }
        for port in ports {
            self.port(port, ready, running);
        }
    }

    /// Who listens at one of nginx's ports.
    fn port(&mut self, port: u16, ready: bool, running: bool) {
        let at = |fields: &Fields| {
            fields
                .get("number")
                .is_none_or(|at| *at == port.to_string())
        };
        let listeners: Vec<Fields> = self.facts("port").into_iter().filter(at).collect();
        let of = |fields: &Fields, key: &str| fields.get(key).cloned().unwrap_or_default();
        let stranger = listeners.iter().find(|listener| {
            let program = of(listener, "program");
            // The name of root's program is root's to know.
            !(program == "nginx" || program.is_empty() && of(listener, "user") == "root" && running)
        });
        match stranger {
            Some(stranger) => {
                let who = match (of(stranger, "program"), of(stranger, "user")) {
                    (program, user) if program.is_empty() => format!("a program of `{user}`"),
                    (program, _) => format!("`{program}`"),
                };
                let text = format!("port {port} is taken by {who}");
                self.advise(
                    Level::Error,
                    "port",
                    text,
                    "stop it there, or set `nginx.listen`",
                );
            }
            None if !listeners.is_empty() => {
                self.say(Level::Ok, "port", format!("nginx listens at {port}"));
            }
            None if ready && running => {
                let text = format!("nothing listens at port {port}, where the site should");
                self.advise(
                    Level::Error,
                    "port",
                    text,
                    "there: `nginx -t`, then `systemctl restart nginx`",
                );
            }
            None => self.say(Level::Ok, "port", format!("{port} is free")),
        }
    }

    /// What this client's resolver says of the site's names.
    pub(super) fn names(&mut self) {
        let own: Vec<String> = self
            .of("own", "addresses")
            .split(' ')
            .map(ToOwned::to_owned)
            .collect();
        for name in self.facts("name") {
            let of = |key: &str| name.get(key).map_or("", String::as_str);
            let (server, addresses) = (of("name"), of("addresses"));
            if addresses.is_empty() {
                let text = format!("{server} has no address yet, as seen from here");
                self.advise(
                    Level::Note,
                    "name",
                    text,
                    "let its DNS name this host, or what stands before it",
                );
            } else if addresses
                .split(' ')
                .any(|one| own.iter().any(|other| other == one))
            {
                self.say(Level::Ok, "name", format!("{server} is this host"));
            } else {
                let text = format!(
                    "{server} is {addresses}, not this host: right behind a proxy or a CDN"
                );
                self.say(Level::Note, "name", text);
            }
        }
    }

    pub(super) fn run(&mut self) {
        if !self.ready() {
            return;
        }
        let environment = self.environment().to_owned();
        if let Some(locked) = self.fact("locked") {
            let holder = locked.get("holder").cloned().unwrap_or_default();
            self.say(Level::Note, "run", format!("busy: {holder}"));
        } else if self.fact("journal").is_some() {
            self.advise(
                Level::Warning,
                "run",
                "an activation was cut short",
                format!("run `deployer push {environment}`, which settles it first"),
            );
        }
        let (release, slot, state) = (
            self.of("live", "release").to_owned(),
            self.of("live", "slot").to_owned(),
            self.of("live", "state").to_owned(),
        );
        if release.is_empty() {
            self.say(Level::Note, "live", "nothing is live yet");
        } else if state == "active" {
            self.say(Level::Ok, "live", format!("{release}, slot {slot} {state}"));
        } else {
            let app = &self.examined.config.app;
            let remedy =
                format!("`systemctl start {app}-{slot}` there, or `deployer push {environment}`");
            self.advise(
                Level::Error,
                "live",
                format!("{release}, slot {slot} is {state}"),
                remedy,
            );
        }
    }
}
