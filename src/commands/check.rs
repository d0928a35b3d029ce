use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::net::ToSocketAddrs as _;
use std::thread::{JoinHandle, spawn};

use anyhow::{Context as _, Result};

use super::context::Context;
use super::{assets, session, setup};
use crate::cli::{Check, Global};
use crate::event::{Event, Fields};
use crate::plan::check;
use crate::report::{Examined, ExitCode, Level, check_code, check_lines, check_summary, findings};
use crate::run::{Fleet, Job, Mode, News, Policy, Signal};
use crate::script::compile;

pub(super) fn run(global: &Global, arguments: &Check) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    let hosts = setup::hosts(&context, arguments.login.as_deref())?;
    let fleet = Fleet::connect(&hosts, &context.ssh).context("failed to start")?;
    let names = Names::ask(&context);
    let storage = assets::ask(&context);
    let mut facts = vec![Vec::new(); hosts.len()];
    let mut signal = None;
    let endings = fleet.run(jobs(&context)?, Policy::Apart, &mut |update| {
        if let News::Interrupted(which) = &update.news {
            signal = Some(*which);
        }
        if let News::Event(Event::Fact { what, mut fields }) = update.news {
            if what == "clock" {
                let now = jiff::Timestamp::now().as_second();
                fields.insert("here".to_owned(), now.to_string());
            }
            facts[update.host].push((what, fields));
        }
    });
    match signal {
        Some(Signal::Interrupt) => return Ok(ExitCode::Interrupted),
        Some(Signal::Terminate) => return Ok(ExitCode::Terminated),
        None => {}
    }
    let names = names.answers();
    for (host, facts) in facts
        .iter_mut()
        .enumerate()
        .filter(|(_, facts)| !facts.is_empty())
    {
        facts.extend(names.of(host));
    }
    let mut found: Vec<_> = (0..hosts.len())
        .map(|host| {
            findings(&Examined {
                config: &context.config,
                host: &context.hosts[host],
                login: arguments.login.as_deref(),
                facts: &facts[host],
                ending: &endings[host],
            })
        })
        .collect();
    // Of this machine and not of a host: said once.
    if let (Some(asked), Some(first)) = (storage, found.first_mut()) {
        first.extend(asked.join().ok());
    }
    let width = hosts.iter().map(|host| host.name.chars().count()).max();
    let mut stdout = io::stdout().lock();
    for (host, findings) in hosts.iter().zip(&found) {
        let mut shown = findings.clone();
        shown.retain(|finding| !global.quiet || finding.level > Level::Note);
        for line in check_lines(&host.name, width.unwrap_or(0), &shown) {
            writeln!(stdout, "{line}")?;
        }
    }
    let nothing_live = facts.iter().flatten().all(|(what, _)| what != "live");
    let environment = context.config.environment.as_str();
    let summary = check_summary(environment, &found, nothing_live);
    writeln!(io::stderr(), "{summary}")?;
    Ok(check_code(&endings, &found))
}

fn jobs(context: &Context) -> Result<Vec<Job>> {
    let id = session::run_id("check");
    let job = |host| {
        let script = compile(&check(&context.config, host, context.files(host)?));
        Ok(Job::new(script, Mode::Read, id.as_str()))
    };
    context.hosts.iter().map(job).collect()
}

/// What this client's resolver knows, asked beside the hosts: the site's names, and each host's own.
struct Names {
    servers: Vec<(String, JoinHandle<String>)>,
    hosts: Vec<Option<JoinHandle<String>>>,
}

impl Names {
    fn ask(context: &Context) -> Self {
        let servers = context
            .config
            .nginx
            .iter()
            .flat_map(|nginx| &nginx.server_names);
        // No address is asked of a name that stands for many.
        let plain = servers.filter(|name| !name.as_str().starts_with(['*', '.', '_']));
        let resolved = |name: &str| {
            let name = name.to_owned();
            spawn(move || addresses(&name))
        };
        Self {
            servers: plain
                .map(|name| (name.to_string(), resolved(name.as_str())))
                .collect(),
            hosts: context
                .hosts
                .iter()
                .map(|host| {
                    let ssh = context.ssh.resolve(&host.host.reach).ok()??;
                    Some(resolved(&ssh.address))
                })
                .collect(),
        }
    }

    fn answers(self) -> Answers {
        let answer = |thread: JoinHandle<String>| thread.join().unwrap_or_default();
        let servers = self.servers.into_iter();
        Answers {
            servers: servers
                .map(|(name, thread)| (name, answer(thread)))
                .collect(),
            hosts: self
                .hosts
                .into_iter()
                .map(|thread| thread.map(answer))
                .collect(),
        }
    }
}

struct Answers {
    servers: Vec<(String, String)>,
    hosts: Vec<Option<String>>,
}

impl Answers {
    /// As facts of one host. What is behind ssh's proxies or on this machine has no address to compare with.
    fn of(&self, host: usize) -> Vec<(String, Fields)> {
        let Some(own) = self.hosts[host].as_ref().filter(|own| !own.is_empty()) else {
            return Vec::new();
        };
        let fact = |what: &str, fields: [(&str, &str); 2]| {
            let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned()));
            (what.to_owned(), Fields::from(fields))
        };
        let names = self.servers.iter();
        let names =
            names.map(|(name, addresses)| fact("name", [("name", name), ("addresses", addresses)]));
        [fact("own", [("addresses", own), ("by", "client")])]
            .into_iter()
            .chain(names)
            .collect()
    }
}

fn addresses(name: &str) -> String {
    let found = (name, 80).to_socket_addrs();
    let found: BTreeSet<String> = found
        .into_iter()
        .flatten()
        .map(|address| address.ip().to_string())
        .collect();
    found.into_iter().collect::<Vec<_>>().join(" ")
}
