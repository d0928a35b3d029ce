//! Every example beside the others on the same hosts: up, changed and back under load, on one host and on three, on
//! Debian 12 and on 13.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::machines::{Load, Machine, Options, get};
use crate::random::{soak, turn};
use crate::run::Run;
use crate::site::Site;
use crate::state::tidy_of;
use crate::wait::until;

const PUSH: [&str; 2] = ["push", "production"];
const ROLLBACK: [&str; 2] = ["rollback", "production"];

const DEBIAN_13: &[usize] = &[0];
const DEBIAN_12: &[usize] = &[2];
const FLEET: &[usize] = &[0, 1, 2];

#[test]
fn every_example_comes_and_goes_on_one_host_and_on_three() -> Result<()> {
    // By pip, but for what only uv reads.
    let older = Options {
        suite: "bookworm".to_owned(),
        ..Options::default()
    };
    let site = Site::of("flask", &[Options::with_uv(), Options::with_uv(), older])?;
    let mut live = Vec::new();
    for example in turn(vec!["flask", "django", "fastapi"])? {
        let app = match example {
            "flask" => flask(&site),
            "django" => django(&site),
            _ => fastapi(&site),
        };
        live.push(app.with_context(|| example)?);
    }
    // Neighbours are none of a push's business.
    for app in &live {
        for host in &site.web {
            app.page(host)?;
            tidy_of(app.name, host)?;
        }
    }
    Ok(())
}

fn flask(site: &Site) -> Result<App<'_>> {
    let app = App::new(site, "flask", "static/style.css")?;
    app.comes_and_goes(DEBIAN_12)?;
    Ok(app)
}

fn django(site: &Site) -> Result<App<'_>> {
    let app = App::new(site, "django", "guestbook/static/guestbook/style.css")?;
    // SQLite is each host's own.
    site.edit("deploy.yaml", "migrate:\n", "migrate:\n  on: each\n")?;
    app.comes_and_goes(DEBIAN_13)?;
    migrates_on_the_first_host(&app)?;
    Ok(app)
}

fn fastapi(site: &Site) -> Result<App<'_>> {
    let app = App::new(site, "fastapi", "static/style.css")?;
    // However slow these machines import it.
    site.edit("deploy.yaml", "gunicorn:", "gunicorn:\n  reload: reload")?;
    app.comes_and_goes(DEBIAN_12)?;
    starts_before_it_serves(&app)?;
    Ok(app)
}

/// An example under its own name: user, directory, units, site.
struct App<'a> {
    site: &'a Site,
    name: &'static str,
    server: String,
    style: &'static str,
}

impl<'a> App<'a> {
    fn new(site: &'a Site, name: &'static str, style: &'static str) -> Result<Self> {
        site.take(name)?;
        let path = site.app.path().join("deploy.yaml");
        let text = fs::read_to_string(&path)?;
        let (first, rest) = text.split_once('\n').context("one line")?;
        ensure!(first.starts_with("app: "), "{first}");
        let server = format!("{name}.example.com");
        let rest = rest.replace("hello.example.com", &server);
        fs::write(&path, format!("app: {name}\n{rest}"))?;
        Ok(Self {
            site,
            name,
            server,
            style,
        })
    }

    /// On three hosts, and on one alone; in a soak on each of both alone.
    fn comes_and_goes(&self, alone: &'static [usize]) -> Result<()> {
        self.on("deploy@web1", FLEET)?;
        self.site.set_up(&["--login", "root"])?;
        self.site.commit()?;
        self.site
            .deployer(&PUSH)?
            .expect(0)?
            .says("virtualenv built")?;
        let all: &[_] = if soak() {
            &[FLEET, DEBIAN_12, DEBIAN_13]
        } else {
            &[FLEET, alone]
        };
        for hosts in all {
            self.on_these(hosts)?;
            self.changes_and_goes_back(hosts)?;
        }
        self.on_these(FLEET)
    }

    fn changes_and_goes_back(&self, hosts: &[usize]) -> Result<()> {
        let old = self.releases(hosts)?;
        let path = self.site.app.path().join(self.style);
        fs::write(&path, fs::read_to_string(&path)? + "/**/\n")?;
        self.site.commit()?;
        self.switch(hosts, &PUSH)?;
        ensure!(self.releases(hosts)?.iter().all(|new| !old.contains(new)));
        self.switch(hosts, &ROLLBACK)?;
        ensure!(self.releases(hosts)? == old);
        Ok(())
    }

    /// Edits deploy.yaml, which names these hosts already, to name others.
    fn on(&self, before: &str, hosts: &[usize]) -> Result<()> {
        let names: Vec<String> = hosts
            .iter()
            .map(|host| format!("deploy@{}", self.site.web[*host].name()))
            .collect();
        let list = format!("hosts: [{}]", names.join(", "));
        self.site
            .edit("deploy.yaml", &format!("hosts: {before}"), &list)
    }

    fn on_these(&self, hosts: &[usize]) -> Result<()> {
        let text = fs::read_to_string(self.site.app.path().join("deploy.yaml"))?;
        let (_, rest) = text.split_once("hosts: [").context("no hosts")?;
        let (before, _) = rest.split_once(']').context("no end")?;
        self.on(&format!("[{before}]"), hosts)
    }

    fn releases(&self, hosts: &[usize]) -> Result<Vec<String>> {
        let page = |host: &usize| Ok(self.page(&self.site.web[*host])?.release);
        hosts.iter().map(page).collect()
    }

    /// What the host serves, in agreement with its tree; with the style sheet that the page names.
    fn page(&self, host: &Machine) -> Result<Page> {
        let ask = |path: &str| get((host.ip(), 80).into(), &self.server, path);
        let reply = ask("/")?;
        ensure!(reply.status == 200, "{reply:?}");
        let page = Page::of(&reply.body).with_context(|| format!("{reply:?}"))?;
        let style = ask(&page.style)?;
        ensure!(style.status == 200 && style.body.contains('{'), "{style:?}");
        let current = host.sh(&format!("readlink /srv/{}/current", self.name))?;
        ensure!(current == format!("releases/{}", page.release), "{page:?}");
        Ok(page)
    }

    /// A command under load on every host: nothing fails, and after the first answer of the new release none is old.
    fn switch(&self, hosts: &[usize], arguments: &[&str]) -> Result<Run> {
        let web: Vec<&Machine> = hosts.iter().map(|host| &self.site.web[*host]).collect();
        let old = self.releases(hosts)?;
        let load = |host: &&Machine| Load::start((host.ip(), 80).into(), &self.server, "/", 10);
        let loads: Vec<Load> = web.iter().map(load).collect();
        let run = self.site.deployer(arguments)?.expect(0)?;
        let reports: Vec<_> = loads.into_iter().map(Load::stop).collect();
        let new = self.releases(hosts)?;
        let mut requests = 0;
        for (report, (old, new)) in reports.iter().zip(old.iter().zip(&new)) {
            ensure!(report.failed.is_empty(), "{:?}\n{run}", report.failed);
            let pages: BTreeMap<String, &String> = report
                .bodies
                .keys()
                .map(|body| Some((Page::of(body)?.release, body)))
                .collect::<Option<_>>()
                .context("no page")?;
            ensure!(
                pages.len() == 2 && old != new && report.bodies.len() == 2,
                "{pages:?}\n{run}"
            );
            let (Some(old), Some(new)) = (pages.get(old), pages.get(new)) else {
                anyhow::bail!("{pages:?}\n{run}");
            };
            ensure!(
                report.last_sent[*old] <= report.first_seen[*new],
                "the old release after the new one: {report:?}"
            );
            requests += report.ok;
        }
        for host in web {
            tidy_of(self.name, host)?;
        }
        let (name, command, count) = (self.name, arguments[0], hosts.len());
        println!(
            "{name}: {command} on {count}: {requests} requests, {:?}",
            run.took
        );
        Ok(run)
    }
}

#[derive(Debug)]
struct Page {
    release: String,
    style: String,
}

impl Page {
    fn of(body: &str) -> Option<Self> {
        let line = |start: &str| body.lines().find_map(|line| line.strip_prefix(start));
        Some(Self {
            release: line("Howdy from ")?.to_owned(),
            style: line("style: ")?.to_owned(),
        })
    }
}

/// Once in a fleet, and where that fails no host goes on.
fn migrates_on_the_first_host(app: &App<'_>) -> Result<()> {
    let site = app.site;
    let run = "run: python manage.py migrate --noinput";
    for host in &site.web {
        let table = "cd /srv/django/shared/data && python3 -c \"import sqlite3; \
            sqlite3.connect('guestbook.sqlite3').execute('select * from guestbook_entry')\"";
        host.sh(table)?;
    }
    site.edit("deploy.yaml", "  on: each\n", "")?;
    site.edit("deploy.yaml", run, "run: date >> data/began")?;
    let check = "check: python manage.py migrate --check";
    site.edit("deploy.yaml", check, "check: false")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    let began = "cat /srv/django/shared/data/began 2>/dev/null | wc -l";
    let began: Vec<_> = site
        .web
        .iter()
        .map(|host| host.sh(began))
        .collect::<Result<_>>()?;
    ensure!(began == ["1", "0", "0"], "{began:?}");
    let before = app.releases(FLEET)?;
    ensure!(
        before.iter().all(|release| *release == before[0]),
        "{before:?}"
    );

    site.edit("deploy.yaml", "date >> data/began", "echo broken; exit 1")?;
    site.commit()?;
    site.deployer(&PUSH)?
        .expect(8)?
        .says("web2 | called off, nothing changed")?;
    ensure!(app.releases(FLEET)? == before);
    Ok(())
}

/// A reload takes every worker of uvicorn's class along, and what fails at the app's start is no release.
fn starts_before_it_serves(app: &App<'_>) -> Result<()> {
    let site = app.site;
    let web = &site.web[0];
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    let before = both_workers(web)?;
    site.edit("deploy.yaml", "good day", "good night")?;
    app.switch(FLEET, &PUSH)?.says("takeover: reload")?;
    let after = both_workers(web)?;
    ensure!(
        after.iter().all(|pid| !before.contains(pid)),
        "{before:?} {after:?}"
    );
    let old = app.releases(FLEET)?;
    site.edit(
        "hello.py",
        "app.state.started = True",
        "raise OSError('no pool')",
    )?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(7)?.says("no pool")?;
    ensure!(app.releases(FLEET)? == old);
    for host in &site.web {
        tidy_of(app.name, host)?;
    }
    Ok(())
}

/// Those of the live release, once the ones before them have answered what they had and left.
fn both_workers(host: &Machine) -> Result<Vec<String>> {
    let mut pids = Vec::new();
    until("two workers", || {
        pids = workers(host)?;
        Ok(pids.len() == 2)
    })?;
    Ok(pids)
}

/// The processes below gunicorn's master.
fn workers(host: &Machine) -> Result<Vec<String>> {
    let pids = host.sh(
        "for slot in a b; do master=$(systemctl show -p MainPID --value fastapi-$slot); \
         [ $master = 0 ] || cat /proc/$master/task/$master/children; done",
    )?;
    Ok(pids.split_whitespace().map(ToOwned::to_owned).collect())
}
