//! One host that carries the same app twice: once by deployer, once by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::machines::{GitServer, Lab, Machine, Proxy, SshConfig};

const BY_HAND: &str = include_str!("../by_hand.sh");
const BY_HAND_SETUP: &str = include_str!("../by_hand_setup.sh");

pub(crate) struct Site {
    pub(crate) deployer: PathBuf,
    web: Machine,
    git: GitServer,
    app: TempDir,
}

/// The way from the client to both machines.
pub(crate) struct Way {
    ssh: SshConfig,
    _proxies: Vec<Proxy>,
}

/// One timed command.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) took: Duration,
    pub(crate) said: String,
}

impl Site {
    /// Both ways set up, and used once.
    pub(crate) fn new(deployer: PathBuf) -> Result<Self> {
        let lab = Lab::new()?;
        let web = lab.up("web1")?;
        let git = GitServer::up(&lab, "git1")?;
        let app = TempDir::new()?;
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/flask/.");
        let copied = Command::new("cp")
            .arg("-R")
            .arg(example)
            .arg(app.path())
            .status()?;
        ensure!(copied.success(), "cannot copy the example");
        git.create("hello")?;
        let site = Self {
            deployer,
            web,
            git,
            app,
        };
        site.change()?;
        let way = site.way(Duration::ZERO)?;
        for key in site
            .deployer(&way, &["setup", "production", "--login", "root"])?
            .said
            .lines()
        {
            if key.starts_with("ssh-") {
                site.git.authorize(key)?;
            }
        }
        site.deployer(&way, &["push", "production"])?;
        let workers = "sed -n 's/.*\"workers\":\\([0-9]*\\).*/\\1/p' /srv/hello/current/.deployer/manifest.json";
        let workers = site.web.sh(workers)?;
        let setup = BY_HAND_SETUP.replace("$1", &workers);
        site.web
            .exec_input("cat > /root/setup.sh; sh /root/setup.sh", setup.as_bytes())?
            .ok()?;
        way.by_hand()?;
        Ok(site)
    }

    pub(crate) fn way(&self, round_trip: Duration) -> Result<Way> {
        let mut proxies = Vec::new();
        let mut reach = Vec::new();
        for machine in [&self.web, self.git.machine()] {
            let mut address = (machine.ip(), 22).into();
            if !round_trip.is_zero() {
                let proxy = Proxy::start(address, round_trip)?;
                address = proxy.address();
                proxies.push(proxy);
            }
            reach.push((machine, address));
        }
        Ok(Way {
            ssh: SshConfig::through(&reach)?,
            _proxies: proxies,
        })
    }

    /// Commits one more line of code.
    pub(crate) fn change(&self) -> Result<()> {
        let path = self.app.path().join("hello.py");
        fs::write(&path, fs::read_to_string(&path)? + "# one more line\n")?;
        self.git
            .commit("hello", self.app.path(), "change")
            .map(drop)
    }

    pub(crate) fn command(&self, way: &Way, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.deployer);
        command.args(arguments).current_dir(self.app.path());
        command.env("DEPLOYER_SSH_CONFIG", way.ssh.path());
        command
    }

    pub(crate) fn deployer(&self, way: &Way, arguments: &[&str]) -> Result<Run> {
        timed(&mut self.command(way, arguments))
    }

    /// What a push asks the repository beside its connect.
    pub(crate) fn ask_repository(&self, way: &Way) -> Result<Run> {
        let ssh = format!("ssh -F '{}'", way.ssh.path().display());
        let mut git = Command::new("git");
        git.env("GIT_SSH_COMMAND", ssh);
        timed(git.args(["ls-remote", &self.git.url("hello"), "refs/heads/main"]))
    }

    /// Name and time of every step of the last run, as its log on the host has them.
    pub(crate) fn steps(&self) -> Result<Vec<(String, Duration)>> {
        let runs = "/srv/hello/.deployer/runs";
        let log = self
            .web
            .sh(&format!("cat {runs}/$(ls -t {runs} | head -n 1)/log"))?;
        log.lines()
            .filter(|line| line.starts_with('@'))
            .filter_map(step)
            .collect::<Result<_>>()
    }
}

impl Way {
    pub(crate) fn by_hand(&self) -> Result<Run> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), BY_HAND)?;
        let mut ssh = self.ssh("bash -s");
        timed(ssh.stdin(fs::File::open(file.path())?))
    }

    pub(crate) fn nothing(&self) -> Result<Run> {
        timed(&mut self.ssh("true"))
    }

    fn ssh(&self, command: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F")
            .arg(self.ssh.path())
            .args(["deploy@web1", command])
            .stdin(Stdio::null());
        ssh
    }
}

fn step(line: &str) -> Option<Result<(String, Duration)>> {
    let (_, event) = line.split_once(" done ")?;
    let (name, rest) = event.split_once(' ')?;
    let (_, hundredths) = rest.split_once("cs=")?;
    let took = hundredths
        .parse()
        .map(|cs: u64| Duration::from_millis(cs * 10));
    Some(
        took.map(|took| (name.to_owned(), took))
            .context("a step without its time"),
    )
}

pub(crate) fn timed(command: &mut Command) -> Result<Run> {
    let began = Instant::now();
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()?;
    let took = began.elapsed();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said += &String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        output.status
    );
    Ok(Run { took, said })
}
