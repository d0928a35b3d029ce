//! Whatever a value is made of, the app, the shell, systemd and a visitor get that value.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Result, ensure};

use crate::machines::{Machine, get};
use crate::random::Random;
use crate::run::Run;
use crate::site::{NAME, Site};
use crate::state::coherent;
use crate::texts::{NASTY, text, yaml};

/// Lines for the app: a page that says all it was given, and the settings of the gunicorn that runs it.
const PAGE: &str = "
@app.get('/values')
def values():
    import gc
    from gunicorn.config import Config
    cfg = next(one for one in gc.get_objects() if isinstance(one, Config))
    settings = {name: cfg.settings[name].get() for name in ('proc_name', 'statsd_prefix', 'syslog_prefix')}
    return json.dumps({'env': dict(os.environ), 'settings': settings})
";

/// A worker that writes down what it was given.
const DUMP: &str = "import json, os, sys, time
path = os.environ['DEPLOYER_ROOT'] + '/shared/dump'
with open(path + '.part', 'w') as file:
    json.dump({'env': dict(os.environ), 'arguments': sys.argv[1:]}, file)
os.rename(path + '.part', path)
time.sleep(100000)
";

/// Prints every secret in the ways a failing program does.
const LEAK: &str = "import os, sys
print('leak', os.environ.get('S_0'), repr(os.environ.get('S_PEM')), flush=True)
sys.stderr.write(os.environ['S_PEM'] + os.environ['S_TOKEN'])
raise RuntimeError(os.environ['S_TOKEN'])";

const PEM: &str = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nx7Zs2LmEq\n-----END KEY-----\n";

#[test]
fn every_value_arrives_as_itself() -> Result<()> {
    let mut random = Random::seeded()?;
    let site = Site::bare()?;
    let mut batch = Batch::draw(&mut random);
    batch.write(&site)?;
    site.edit(
        "hello.py",
        "@app.get(\"/\")",
        &format!("{PAGE}\n\n@app.get(\"/\")"),
    )?;
    site.commit()?;
    site.set_up(&["--login", "root"])?;
    batch.deployer(&site, &["push", "production"])?.expect(0)?;
    batch.arrived(&site)?;

    // A secret is rotated where it is kept.
    let old = batch
        .secrets
        .insert("S_TOKEN".to_owned(), "t0ken-number-two".to_owned());
    let said = "environment: S_TOKEN changed";
    let planned = batch.deployer(&site, &["plan", "production"])?.expect(0)?;
    ensure!(planned.stdout.contains(said), "{planned}");
    batch
        .deployer(&site, &["push", "production"])?
        .expect(0)?
        .says(said)?;
    batch.arrived(&site)?;
    let planned = batch.deployer(&site, &["plan", "production"])?.expect(0)?;
    ensure!(!planned.stdout.contains("environment:"), "{planned}");
    // Nobody needs the values to go back.
    site.deployer(&["rollback", "production"])?
        .expect(0)?
        .says(said)?;
    batch
        .secrets
        .extend(old.map(|old| ("S_TOKEN".to_owned(), old)));
    batch.arrived(&site)?;

    // Older code with newer values is a release of its own; one that fails leaves nothing.
    site.change()?;
    let changed = batch.deployer(&site, &["push", "production"])?.expect(0)?;
    changed.says_not("environment:")?;
    batch
        .secrets
        .insert("S_TOKEN".to_owned(), "t0ken-number-three".to_owned());
    batch
        .deployer(&site, &["push", "production"])?
        .expect(0)?
        .says(said)?;
    let web = site.web();
    let older = web.sh("sed 1q /srv/hello/current/.deployer/proven")?;
    let print = format!(
        "cd /srv/hello && ls -1 releases static && sha256sum releases/{older}/.deployer/* && readlink releases/{older}/.deployer/env"
    );
    let before = web.sh(&print)?;
    let gunicorn = "/srv/hello/current/venv/bin/gunicorn";
    web.sh(&format!("mv {gunicorn} {gunicorn}.away"))?;
    site.deployer(&["rollback", "production", "--keep-env"])?
        .expect(7)?;
    web.sh(&format!("mv {gunicorn}.away {gunicorn}"))?;
    ensure!(web.sh(&print)? == before);
    let back = site
        .deployer(&["rollback", "production", "--keep-env"])?
        .expect(0)?;
    back.clone().says(said)?.says("environment kept")?;
    batch.arrived(&site)?;
    let kept = coherent(web)?.release;
    ensure!(
        web.sh(&format!("({print}) | grep -v {kept}"))? == before,
        "{back}"
    );
    site.deployer(&["rollback", "production"])?
        .expect(0)?
        .says_not("environment:")?;
    site.deployer(&["rollback", "production", &kept])?
        .expect(0)?;
    batch.arrived(&site)?;

    // What a program prints of them does not leave.
    site.on_import(LEAK)?;
    site.commit()?;
    for detail in [["-v", "--color=always"], ["-q", "--color=never"]] {
        let failed = batch
            .deployer(&site, &[&["push", "production"], &detail[..]].concat())?
            .expect(7)?;
        let shown = failed.to_string();
        for secret in batch.secrets.values() {
            for line in secret.lines().map(str::trim).filter(|line| line.len() >= 6) {
                ensure!(!shown.contains(line), "{line:?}\n{shown}");
            }
        }
        ensure!(
            detail[0] == "-q" || shown.contains("RuntimeError: ***"),
            "{shown}"
        );
    }
    batch.arrived(&site)
}

/// What one deploy.yaml holds, and the client's variables that it names.
struct Batch {
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
    settings: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    /// Of a worker.
    arguments: Vec<String>,
}

impl Batch {
    fn draw(random: &mut Random) -> Self {
        let named = |prefix: &str, values: Vec<String>| -> BTreeMap<String, String> {
            let values = values.into_iter().enumerate();
            values
                .map(|(number, value)| (format!("{prefix}{number}"), value))
                .collect()
        };
        let mut texts: Vec<String> = NASTY.map(str::to_owned).to_vec();
        texts.push("x".repeat(100_000));
        texts.extend((0..40).map(|_| text(random)));
        let all = texts.clone();
        let secret = |text: &String| !text.trim().is_empty();
        let mut secrets = named(
            "S_",
            all.iter().filter(|text| secret(text)).cloned().collect(),
        );
        secrets.insert("S_TOKEN".to_owned(), "t0ken-number-one".to_owned());
        secrets.insert("S_PEM".to_owned(), PEM.to_owned());
        // A setting is one line, which gunicorn strips.
        let line = |text: &&String| {
            !text.contains(char::is_control) && text.trim() == **text && !text.is_empty()
        };
        let lines: Vec<String> = all.iter().filter(line).cloned().collect();
        let settings = ["proc_name", "statsd_prefix", "syslog_prefix"];
        let settings =
            settings.map(|name| (name.to_owned(), lines[random.below(lines.len())].clone()));
        // What nginx cannot write is an error of the file, see tests/cases/config.
        let literal = |text: &&String| !text.contains(['$', '"', '\'', '\\']) && text.len() < 1000;
        let headers: Vec<String> = lines.iter().filter(literal).cloned().collect();
        let short = |text: &&String| text.len() < 1000;
        let arguments = texts.iter().filter(short).cloned().collect();
        Self {
            arguments,
            env: named("E_", texts),
            secrets,
            settings: settings.into(),
            headers: named("X-Nasty-", headers),
        }
    }

    /// The example's file with all of them; the last secret comes from a command.
    fn write(&self, site: &Site) -> Result<()> {
        let mut file = fs::read_to_string(site.app.path().join("deploy.yaml"))?;
        let map = |values: &BTreeMap<String, String>, indent: &str| {
            values
                .iter()
                .fold(String::new(), |mut lines, (name, value)| {
                    let _ = writeln!(lines, "{indent}{name}: {}", yaml(value));
                    lines
                })
        };
        let _ = writeln!(file, "env:\n{}", map(&self.env, "  "));
        let words = self
            .arguments
            .iter()
            .fold(String::new(), |words, word| words + ", " + &yaml(word));
        let _ = writeln!(
            file,
            "workers:\n  dump: {{command: [python3, dump.py{words}], min_uptime: 1s}}"
        );
        fs::write(site.app.path().join("dump.py"), DUMP)?;
        let names: Vec<String> = self
            .secrets
            .keys()
            .map(|name| match name.as_str() {
                "S_PEM" => "  S_PEM: {command: 'cat key.pem; echo'}\n".to_owned(),
                name => format!("  {name}: {{env: CLIENT_{name}}}\n"),
            })
            .collect();
        let _ = writeln!(file, "secrets:\n{}", names.concat());
        file = file.replacen(
            "  app: hello:app",
            &format!(
                "  settings:\n{}  app: hello:app",
                map(&self.settings, "    ")
            ),
            1,
        );
        file = file.replacen(
            "nginx:\n",
            &format!("nginx:\n  headers:\n{}", map(&self.headers, "    ")),
            1,
        );
        fs::write(site.app.path().join("deploy.yaml"), file)?;
        Ok(fs::write(site.app.path().join("key.pem"), PEM)?)
    }

    fn deployer(&self, site: &Site, arguments: &[&str]) -> Result<Run> {
        let mut command = site.command(arguments);
        for (name, value) in &self.secrets {
            command.env(format!("CLIENT_{name}"), value);
        }
        Site::run(command)
    }

    fn arrived(&self, site: &Site) -> Result<()> {
        let wanted: BTreeMap<&String, &String> = self.env.iter().chain(&self.secrets).collect();
        let reply = get((site.web().ip(), 80).into(), NAME, "/values")?;
        let page: serde_json::Value = serde_json::from_str(&reply.body)?;
        for (name, value) in &wanted {
            ensure!(
                page["env"][name] == ***value,
                "the app has {:?} for {name}: {value:?}",
                page["env"][name]
            );
        }
        let dump = site.web().sh("cat /srv/hello/shared/dump")?;
        let worker: serde_json::Value = serde_json::from_str(&dump)?;
        for (name, value) in &wanted {
            ensure!(
                worker["env"][name] == ***value,
                "the worker has {:?} for {name}: {value:?}",
                worker["env"][name]
            );
        }
        let arguments = serde_json::to_value(&self.arguments)?;
        ensure!(
            worker["arguments"] == arguments,
            "the worker has {} and not {arguments}",
            worker["arguments"]
        );
        for (name, value) in &self.settings {
            ensure!(
                page["settings"][name] == **value,
                "gunicorn has {:?} for {name}: {value:?}",
                page["settings"][name]
            );
        }
        for (name, value) in &self.headers {
            let line = format!("\r\n{name}: {value}\r\n");
            ensure!(
                format!("{}\r\n", reply.head).contains(&line),
                "{name}: {value:?}\n{}",
                reply.head
            );
        }
        let file = "/srv/hello/current/.deployer/env";
        for reader in [
            format!("set -a; . {file}; exec env -0"),
            format!("exec bash -c 'set -a; . {file}; exec env -0'"),
            format!(
                "exec systemd-run -q --pipe --wait -p User=hello -p EnvironmentFile={file} env -0"
            ),
        ] {
            let read = variables(site.web(), &reader)?;
            for (name, value) in &wanted {
                let found = read.get(*name);
                ensure!(
                    found == Some(*value),
                    "{reader}: {found:?} for {name}: {value:?}"
                );
            }
        }
        Ok(())
    }
}

fn variables(host: &Machine, command: &str) -> Result<BTreeMap<String, String>> {
    let output = host.exec(command)?;
    ensure!(output.code == 0, "{command}: {output:?}");
    let entries = output
        .stdout
        .split_terminator('\0')
        .filter_map(|entry| entry.split_once('='));
    Ok(entries
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
