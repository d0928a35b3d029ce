//! Releases as a push leaves them, and gunicorn at work in them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use deployer::config::{Config, EnvKey};
use deployer::plan::Place;
use deployer::quote;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cache::run;
use crate::{cache, cases, http};

/// A virtualenv with this gunicorn.
fn venv(version: &str) -> PathBuf {
    // Old gunicorns import pkg_resources, which newer setuptools no longer have.
    let packages = ["setuptools<80", &format!("gunicorn=={version}")];
    cache::venv(&format!("gunicorn-{version}"), &packages)
}

/// An app's tree, as a push leaves it, with releases made by hand.
pub(crate) struct Tree {
    dir: TempDir,
    pub(crate) venv: PathBuf,
    pub(crate) conf: String,
}

impl Tree {
    pub(crate) fn new(version: &str) -> Self {
        Self::with(version, |_| ())
    }

    pub(crate) fn with(version: &str, change: impl FnOnce(&mut Config)) -> Self {
        Self::of(venv(version), change)
    }

    pub(crate) fn of(venv: PathBuf, change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = cases::small();
        change(&mut config);
        let gunicorn = cases::gunicorn_of(&mut config);
        gunicorn.app = cases::text("app:application");
        gunicorn.workers = 2;
        let files = cases::moved(cases::rendered(&config), &config, dir.path());
        for slot in ["a", "b", "trial"] {
            fs::create_dir_all(dir.path().join("run").join(slot)).unwrap();
        }
        fs::create_dir_all(dir.path().join("root/slots")).unwrap();
        for file in &files {
            if let Place::Root(path) = &file.place {
                fs::write(dir.path().join("root").join(path), &file.content).unwrap();
            }
        }
        let conf = cases::content(&files, ".deployer/gunicorn.conf.py");
        Self { dir, venv, conf }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    pub(crate) fn release(&self, id: &str) -> PathBuf {
        self.root().join("releases").join(id)
    }

    pub(crate) fn add(&self, id: &str, app: &str, env: &[(&str, &str)]) {
        let release = self.release(id);
        fs::create_dir_all(release.join(".deployer")).unwrap();
        fs::write(release.join("app.py"), app).unwrap();
        fs::write(release.join("part.py"), format!("NAME = '{id}'\n")).unwrap();
        fs::write(release.join(".deployer/gunicorn.conf.py"), &self.conf).unwrap();
        let env: BTreeMap<EnvKey, &str> = env
            .iter()
            .map(|(key, value)| (cases::text(key), *value))
            .collect();
        let file = quote::env_file(env.iter().map(|(key, value)| (key, *value)));
        fs::write(release.join(".deployer/env"), file.unwrap()).unwrap();
        symlink(&self.venv, release.join("venv")).unwrap();
    }

    pub(crate) fn point(&self, slot: &str, id: &str) {
        let link = self.root().join("slots").join(slot);
        let _ = fs::remove_file(&link);
        symlink(Path::new("../releases").join(id), link).unwrap();
    }

    /// What the unit starts.
    pub(crate) fn command(&self, slot: &str) -> Command {
        let slots = self.root().join("slots");
        let mut command = Command::new(slots.join(slot).join("venv/bin/gunicorn"));
        command.arg("-c").arg(slots.join(format!("{slot}.py")));
        command
            .current_dir(self.root())
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("T_UNIT", "kept");
        command
    }

    pub(crate) fn start(&self, slot: &str) -> Running {
        Running {
            master: self.command(slot).spawn().unwrap(),
            run: self.dir.path().join("run").join(slot),
        }
    }
}

pub(crate) struct Running {
    pub(crate) master: Child,
    pub(crate) run: PathBuf,
}

impl Running {
    pub(crate) fn signal(&self, signal: &str) {
        run(Command::new("kill").args([signal, &self.master.id().to_string()]));
    }

    pub(crate) fn answer(&self) -> Value {
        let body = http::until("an answer", || http::get(&self.run.join("gunicorn.sock")));
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn reports(&self) -> Vec<Value> {
        let Ok(dir) = fs::read_dir(self.run.join("workers")) else {
            return Vec::new();
        };
        dir.map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_none())
            .filter_map(|path| fs::read_to_string(path).ok())
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect()
    }

    /// Waits until exactly so many workers report, all from this release.
    pub(crate) fn proven(&self, release: &Path, workers: usize) -> Vec<Value> {
        http::until("worker reports", || {
            let reports = self.reports();
            let theirs = reports
                .iter()
                .all(|report| report["release"] == json!(release));
            (reports.len() == workers && theirs).then_some(reports)
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal("-TERM");
        let _ = self.master.wait();
    }
}

pub(crate) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap()
}
