//! Celery on real brokers, and RQ: whatever happens to the workers, each task is accounted for.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::machines::{Machine, Options};
use crate::random::{soak, turn};
use crate::site::{NAME, Site};
use crate::state::tidy;
use crate::wait::within;

const PUSH: [&str; 2] = ["push", "production"];
const ROLLBACK: [&str; 2] = ["rollback", "production"];

#[test]
fn no_task_is_lost() -> Result<()> {
    let brokers = Options {
        packages: vec!["redis-server", "rabbitmq-server"],
        ..Options::with_uv()
    };
    let site = Site::of("celery", &[brokers])?;
    site.go_live()?;
    for queue in turn(vec!["redis", "rabbitmq", "rq"])? {
        match queue {
            "redis" => redis(&site),
            "rabbitmq" => rabbitmq(&site),
            _ => rq(&site),
        }
        .context(queue)?;
    }
    Ok(())
}

fn redis(site: &Site) -> Result<()> {
    ours(site, Some("began")).survives(site, tasks(200))?;
    tidy(site.web())?;
    one_beat(site).context("beat")
}

fn rabbitmq(site: &Site) -> Result<()> {
    site.edit(
        "deploy.yaml",
        "redis://127.0.0.1/0",
        "amqp://guest@127.0.0.1//",
    )?;
    site.edit(
        "deploy.yaml",
        "after: [redis-server]",
        "after: [rabbitmq-server]",
    )?;
    site.commit()?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&PUSH)?.expect(0)?;
    ours(site, Some("began")).survives(site, tasks(200))?;
    tidy(site.web())
}

/// Another app in Celery's place: its workers come, and those before are gone.
fn rq(site: &Site) -> Result<()> {
    let web = site.web();
    site.take("rq")?;
    site.commit()?;
    site.set_up(&["--login", "root"])?
        .says("remove /etc/systemd/system/hello-worker-celery@.service")?;
    site.deployer(&PUSH)?.expect(0)?;
    let units =
        web.sh("systemctl list-units --plain --no-legend 'hello-worker-*' | cut -d' ' -f1")?;
    ensure!(
        units == "hello-worker-rq@1.service\nhello-worker-rq@2.service",
        "{units}"
    );
    ours(site, None).survives(site, tasks(100))?;
    tidy(web)
}

/// Under the systemd of the host.
fn ours<'a>(site: &'a Site, began: Option<&'static str>) -> Queue<'a> {
    Queue {
        web: site.web(),
        root: "/srv/hello",
        port: 80,
        began,
    }
}

fn tasks(few: usize) -> usize {
    if soak() { 1000 } else { few }
}

/// What the workers have done, in files that all releases share.
#[derive(Clone, Copy)]
pub(crate) struct Queue<'a> {
    pub(crate) web: &'a Machine,
    pub(crate) root: &'a str,
    pub(crate) port: u16,
    /// The file that names each task as it begins, of an app that has one.
    pub(crate) began: Option<&'static str>,
}

impl Queue<'_> {
    /// A quarter of the tasks, and one that takes five seconds, are under way while each of these happens.
    pub(crate) fn survives(&self, site: &Site, tasks: usize) -> Result<()> {
        let shared = format!("{}/shared", self.root);
        self.web
            .sh(&format!("rm -f {shared}/began {shared}/done"))?;
        let mut sent = 0;
        for event in ["push", "rollback", "scale", "reboot"] {
            sent += self.send(event, tasks / 4, 0.05)?;
            sent += self.send(&format!("{event}-long"), 1, 5.0)?;
            self.wait_for(&format!("{event}-long-0"))?;
            match event {
                "push" => {
                    // Each finishes what it does: nothing is handed out twice.
                    site.commit_empty()?;
                    site.deployer(&PUSH)?.expect(0)?.says_not("was killed")?;
                }
                "rollback" => {
                    site.deployer(&ROLLBACK)?
                        .expect(0)?
                        .says_not("was killed")?;
                }
                "scale" => {
                    let worker = site.worker()?;
                    for count in [1, 3, 2] {
                        let scale = format!("{worker}={count}");
                        site.deployer(&["scale", "production", &scale])?
                            .expect(0)?
                            .says_not("was killed")?;
                    }
                }
                _ => {
                    let twice = twice(&self.done()?);
                    ensure!(
                        twice.is_empty(),
                        "done twice although every worker finished: {twice:?}"
                    );
                    self.web.reboot()?;
                }
            }
        }
        let done = self.all_done(sent)?;
        for event in ["push", "rollback", "scale", "reboot"] {
            for number in 0..tasks / 4 {
                let name = format!("{event}-{number}");
                ensure!(done.contains_key(&name), "{name} was lost: {}", done.len());
            }
            ensure!(done.contains_key(&format!("{event}-long-0")), "{event}");
        }
        let twice = twice(&done);
        println!(
            "{sent} tasks, {} of them done more than once: {twice:?}",
            twice.len()
        );
        // As many as were under way when the host went down.
        ensure!(twice.len() <= 4, "{twice:?}");
        Ok(())
    }

    fn send(&self, name: &str, count: usize, seconds: f64) -> Result<usize> {
        let url = format!(
            "http://127.0.0.1:{}/work?name={name}&count={count}&seconds={seconds}",
            self.port
        );
        let said = self
            .web
            .sh(&format!("curl -fsS -X POST -H 'Host: {NAME}' '{url}'"))?;
        ensure!(said == count.to_string(), "{said}");
        Ok(count)
    }

    fn wait_for(&self, task: &str) -> Result<()> {
        let Some(file) = self.began else {
            sleep(Duration::from_secs(2));
            return Ok(());
        };
        let look = format!("grep -qx {task} {}/shared/{file}", self.root);
        within(60, &format!("`{task}` in {file}"), || {
            Ok(self.web.exec(&look)?.code == 0)
        })
    }

    /// What was done once as many tasks are as were sent, or none is for longer than it takes to hand one out again.
    fn all_done(&self, sent: usize) -> Result<Done> {
        let (mut before, mut since) = (0, Instant::now());
        loop {
            let done = self.done()?;
            if done.len() > before {
                (before, since) = (done.len(), Instant::now());
            }
            if done.len() >= sent || since.elapsed() > Duration::from_secs(240) {
                return Ok(done);
            }
            sleep(Duration::from_millis(500));
        }
    }

    fn done(&self) -> Result<Done> {
        let look = format!("cat {}/shared/done 2>/dev/null; :", self.root);
        let mut done = Done::new();
        for line in self.web.sh(&look)?.lines() {
            *done.entry(line.to_owned()).or_default() += 1;
        }
        Ok(done)
    }
}

/// How often each task was done.
type Done = BTreeMap<String, u32>;

fn twice(done: &Done) -> Vec<String> {
    let twice = done.iter().filter(|(_, times)| **times > 1);
    twice.map(|(name, _)| name.clone()).collect()
}

impl Site {
    /// A commit that changes a file nobody reads.
    fn commit_empty(&self) -> Result<()> {
        let path = self.app.path().join("README.md");
        std::fs::write(&path, std::fs::read_to_string(&path)? + "\n")?;
        self.commit()?;
        Ok(())
    }

    fn worker(&self) -> Result<&'static str> {
        let rq = std::fs::read_to_string(self.app.path().join("deploy.yaml"))?.contains("  rq:\n");
        Ok(if rq { "rq" } else { "celery" })
    }
}

/// It ticks in the release that is live, once each time.
fn one_beat(site: &Site) -> Result<()> {
    let web = site.web();
    web.sh("rm -f /srv/hello/shared/ticks")?;
    sleep(Duration::from_secs(9));
    let ticks = web.sh("cat /srv/hello/shared/ticks")?;
    let live = web.sh("readlink /srv/hello/current")?;
    let live = live.rsplit('/').next().unwrap_or_default();
    ensure!(
        ticks.lines().all(|release| release == live),
        "{live}: {ticks}"
    );
    ensure!((3..=6).contains(&ticks.lines().count()), "{ticks}");
    Ok(())
}
