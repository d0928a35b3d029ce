//! A process manager, as a file asks for it, and what that means for a site on a host.

use std::fs;

use anyhow::{Result, ensure};

use crate::machines::Options;
use crate::site::{HELLO, NAME, Site};

#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) service: &'static str,
    pub(super) root: &'static str,
    /// Sockets, and what processes report.
    pub(super) run: &'static str,
    pub(super) port: u16,
    /// Of each setup.
    pub(super) login: &'static [&'static str],
    /// The login's own, who has no sudo.
    pub(super) rootless: bool,
}

impl Case {
    /// A login without sudo, and a port of its own.
    pub(super) fn rootless(service: &'static str) -> Self {
        Self {
            service,
            root: "/home/deploy/hello",
            run: "/home/deploy/hello/run",
            port: 8000,
            login: &[],
            rootless: true,
        }
    }

    /// What root sets up, behind the site.
    pub(super) fn of_the_host(service: &'static str) -> Self {
        Self {
            service,
            root: "/srv/hello",
            run: "/run/hello",
            port: 80,
            login: &["--login", "root"],
            rootless: false,
        }
    }

    /// A machine with a login that has no sudo where the case needs no more, and the app's file as this case has it.
    pub(super) fn site(&self) -> Result<Site> {
        let options = Options {
            logs_out: self.rootless,
            ..Options::with_uv()
        };
        let site = Site::of(HELLO, &[options])?;
        self.logs_in(&site)?;
        self.asks(&site)?;
        Ok(site)
    }

    /// There is whoever it is that deploys.
    pub(super) fn logs_in(&self, site: &Site) -> Result<()> {
        if self.rootless {
            site.web()
                .sh("useradd --create-home --shell /bin/bash deploy
                 install -d -m 700 -o deploy -g deploy ~deploy/.ssh
                 install -m 600 -o deploy -g deploy /root/.ssh/authorized_keys ~deploy/.ssh/")?;
        }
        Ok(())
    }

    /// The file of an example asks for this manager.
    pub(super) fn asks(&self, site: &Site) -> Result<()> {
        let path = site.app.path().join("deploy.yaml");
        let text = fs::read_to_string(&path)?;
        let nginx = format!("nginx:\n  server_name: {NAME}\n");
        ensure!(text.matches(&nginx).count() == 1, "{text}");
        let (_, text) = text.split_once('\n').unwrap_or_default();
        // Without a site nothing says the host's name.
        let health = if self.rootless {
            format!("\nhealth:\n  host_header: {NAME}\n")
        } else {
            "\nhealth:\n".to_owned()
        };
        let (web, bind) = if self.rootless {
            let web = format!("nginx: false\nroot: {}\n", self.root);
            (web, format!("  bind: 0.0.0.0:{}\n", self.port))
        } else {
            (nginx.clone(), String::new())
        };
        // Slowly imported is what a busy machine makes of it.
        let gunicorn = format!("\ngunicorn:\n  max_stall: 60s\n{bind}");
        let text = text
            .replace(&nginx, &format!("{web}service: {}\n", self.service))
            .replace("\ngunicorn:\n", &gunicorn)
            .replace("\nhealth:\n", &health);
        Ok(fs::write(path, format!("app: hello\n{text}"))?)
    }

    /// Who the app runs as.
    pub(super) fn user(&self) -> &'static str {
        if self.rootless { "deploy" } else { "hello" }
    }

    pub(super) fn by_supervisord(&self) -> bool {
        self.service.contains("supervisor")
    }

    /// What root writes for a worker.
    pub(super) fn definition(&self, worker: &str) -> String {
        if self.by_supervisord() {
            format!("hello-worker-{worker}.conf")
        } else {
            format!("hello-worker-{worker}@.service")
        }
    }

    /// What cron runs for a schedule, where it is cron that does.
    pub(super) fn cron_script(&self, name: &str) -> Option<String> {
        let scripts = if self.rootless {
            "/home/deploy/hello/supervisor"
        } else {
            "/etc/deployer/hello"
        };
        self.by_supervisord()
            .then(|| format!("{scripts}/schedule-{name}.sh"))
    }

    /// Where supervisord keeps what a program printed.
    pub(super) fn log(&self, program: &str) -> String {
        if self.rootless {
            format!("{}/log/{program}.log", self.root)
        } else {
            format!("/var/log/supervisor/hello-{program}.log")
        }
    }

    /// The command that shows what a schedule printed.
    pub(super) fn output(&self, schedule: &str) -> String {
        match (self.by_supervisord(), self.rootless) {
            (true, true) => format!("cat {}/log/{schedule}.log", self.root),
            (true, false) => format!("cat /var/log/deployer/hello/{schedule}.log"),
            (false, true) => {
                format!("journalctl -q -o cat _SYSTEMD_USER_UNIT=hello-{schedule}.service")
            }
            (false, false) => format!("journalctl -q -o cat -u hello-{schedule}.service"),
        }
    }

    /// The same behind a web server of somebody else's, which asks the socket.
    pub(super) fn in_front(self, site: &Site) -> Result<Self> {
        if self.rootless {
            site.web().sh(&format!(
                "printf '%s\\n' 'upstream hello {{ server unix:{}/web.sock fail_timeout=0; }}' \
                 'server {{ listen 80; location / {{ proxy_pass http://hello; proxy_set_header Host $host; }} }}' \
                 > /etc/nginx/conf.d/front.conf
                 rm -f /etc/nginx/sites-enabled/default
                 usermod -aG deploy www-data && chmod 711 ~deploy && systemctl restart nginx",
                self.root
            ))?;
        }
        Ok(Self { port: 80, ..self })
    }
}
