//! One small site on machines of its own: web hosts, a git server, and the app in a directory of this machine.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::machines::{GitServer, Lab, Load, Machine, Options, Proxy, Reply, SshConfig, get};
use crate::random::{soak, thorough};
use crate::run::{Run, Running};

/// `examples/flask` with the app and the packages of `tests/hosts/hello`, which boot faster.
pub(crate) const HELLO: &str = "hello";
pub(crate) const NAME: &str = "hello.example.com";
const SLOW: &str = "\n@app.get('/slow')\ndef slow():\n    import time\n    time.sleep(5)\n    return 'slow but whole'\n";

/// Lines for the app: its trial takes as long as a [test wants it to](Site::hold_trials), however slow that test is.
pub(crate) const HELD: &str = "import os, time
while os.environ.get('DEPLOYER_TRIAL') and os.path.exists('/srv/hello/shared/held'):
    time.sleep(0.1)";

/// The app has a page that names the release that made it.
pub(crate) struct Site {
    pub(crate) git: GitServer,
    pub(crate) web: Vec<Machine>,
    /// The link to each web host, to be cut or frozen.
    pub(crate) links: Vec<Proxy>,
    pub(crate) ssh: SshConfig,
    /// The app with its deploy.yaml; what the next commit holds.
    pub(crate) app: TempDir,
    /// What a client that was killed could not remove.
    scratch: TempDir,
}

impl Site {
    /// Machines without anything on them, and the app committed.
    pub(crate) fn bare() -> Result<Self> {
        Self::machines(1)
    }

    /// Set up, with a first release live.
    pub(crate) fn live() -> Result<Self> {
        Self::live_after(|_| Ok(()))
    }

    /// The same after an edit of the app.
    pub(crate) fn live_after(edit: impl FnOnce(&Self) -> Result<()>) -> Result<Self> {
        let site = Self::bare()?;
        edit(&site)?;
        site.go_live()?;
        Ok(site)
    }

    /// The same with a login that may change units and the site within a push.
    pub(crate) fn live_by_sudo() -> Result<Self> {
        Self::live_after(|site| {
            site.sudoer("ubuntu")?;
            site.edit("deploy.yaml", "deploy@web1", "ubuntu@web1")
        })
    }

    /// That many web hosts, set up and live.
    pub(crate) fn fleet(count: usize) -> Result<Self> {
        let site = Self::machines(count)?;
        site.all_go_live()?;
        Ok(site)
    }

    /// That many web hosts without anything on them.
    pub(crate) fn machines(count: usize) -> Result<Self> {
        Self::of(HELLO, &vec![Options::with_uv(); count])
    }

    /// An example, and a web host for each of these; its deploy.yaml names the first.
    pub(crate) fn of(example: &str, options: &[Options]) -> Result<Self> {
        let lab = Lab::in_a_hurry()?;
        let git = GitServer::up(&lab, "git1")?;
        let web: Vec<Machine> = (1..)
            .zip(options)
            .map(|(number, options)| lab.up_with(&format!("web{number}"), options))
            .collect::<Result<_>>()?;
        let links: Vec<Proxy> = web
            .iter()
            .map(|host| Proxy::start((host.ip(), 22).into(), Duration::ZERO))
            .collect::<Result<_>>()?;
        let mut routes = vec![(git.machine(), (git.machine().ip(), 22).into())];
        routes.extend(
            web.iter()
                .zip(&links)
                .map(|(host, link)| (host, link.address())),
        );
        let ssh = SshConfig::through(&routes)?.in_a_hurry()?;
        let app = TempDir::new()?;
        self::example(example, app.path())?;
        git.create("hello")?;
        let site = Self {
            git,
            web,
            links,
            ssh,
            app,
            scratch: TempDir::new()?,
        };
        site.commit()?;
        Ok(site)
    }

    /// The app becomes another example.
    pub(crate) fn take(&self, example: &str) -> Result<()> {
        for entry in fs::read_dir(self.app.path())? {
            let path = entry?.path();
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
        self::example(example, self.app.path())
    }

    /// On every web host, where deploy.yaml names the first.
    pub(crate) fn all_go_live(&self) -> Result<()> {
        let hosts: Vec<String> = (1..=self.web.len())
            .map(|number| format!("deploy@web{number}"))
            .collect();
        let hosts = format!("hosts: [{}]", hosts.join(", "));
        self.edit("deploy.yaml", "hosts: deploy@web1", &hosts)?;
        self.go_live()
    }

    pub(crate) fn go_live(&self) -> Result<()> {
        self.set_up(&["--login", "root"])?;
        self.commit()?;
        self.deployer(&["push", "production"])?.expect(0)?;
        Ok(())
    }

    /// `deployer setup`, and what it asks for: the deploy key gets read access.
    pub(crate) fn set_up(&self, options: &[&str]) -> Result<Run> {
        let run = self
            .deployer(&[&["setup", "production"], options].concat())?
            .expect(0)?;
        for key in run.stdout.lines() {
            self.git.authorize(key)?;
        }
        Ok(run)
    }

    pub(crate) fn deployer(&self, arguments: &[&str]) -> Result<Run> {
        Self::run(self.command(arguments))
    }

    /// A command of [`Self::command`], to its end.
    pub(crate) fn run(command: Command) -> Result<Run> {
        let push = command.get_args().any(|argument| argument == "push");
        let run = Running::start(command)?.end()?;
        // Two pushes of one commit have one name within a second, and a short one may have got its name in this.
        let ended = second()?;
        while push && run.took < Duration::from_secs(3) && second()? == ended {
            sleep(Duration::from_millis(20));
        }
        Ok(run)
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Running> {
        Running::start(self.command(arguments))
    }

    /// The same for an app in another directory.
    pub(crate) fn start_in(&self, app: &Path, arguments: &[&str]) -> Result<Running> {
        let mut command = self.command(arguments);
        command.current_dir(app);
        Running::start(command)
    }

    /// With these variables too.
    pub(crate) fn start_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Running> {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        Running::start(command)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deployer"));
        command
            .current_dir(self.app.path())
            .env("TMPDIR", self.scratch.path())
            .arg("--ssh-config")
            .arg(self.ssh.path())
            .args(arguments);
        command
    }

    /// Replaces the only occurrence of `from` in a file of the app.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) -> Result<()> {
        let path = self.app.path().join(file);
        let text = fs::read_to_string(&path)?;
        ensure!(
            text.matches(from).count() == 1,
            "`{from}` does not stand once in {file}:\n{text}"
        );
        Ok(fs::write(path, text.replacen(from, to, 1))?)
    }

    /// Lines that the app runs when it is imported; the last call wins.
    pub(crate) fn on_import(&self, lines: &str) -> Result<()> {
        let path = self.app.path().join("hello.py");
        let text = fs::read_to_string(&path)?;
        let (_, rest) = text.rsplit_once("#--\n").unwrap_or(("", &text));
        Ok(fs::write(path, format!("{lines}\n#--\n{rest}"))?)
    }

    /// A page that takes five seconds, and threads so that the others need not wait for it.
    pub(crate) fn answer_slowly(&self) -> Result<()> {
        self.edit(
            "deploy.yaml",
            "app: hello:app ",
            "threads: 16\n  app: hello:app ",
        )?;
        self.edit(
            "hello.py",
            "app = Hello()\n",
            &format!("app = Hello()\n{SLOW}"),
        )
    }

    /// nginx of Debian takes 768 connections at once, fewer than come while nobody takes them on.
    pub(crate) fn take_many_connections(&self) -> Result<()> {
        self.web().sh(
            "sed -i 's/worker_connections .*/worker_connections 8000;/; 1i worker_rlimit_nofile 16384;' /etc/nginx/nginx.conf
             systemctl restart nginx",
        )?;
        Ok(())
    }

    /// The trial of an app with [`HELD`] does not end.
    pub(crate) fn hold_trials(&self) -> Result<()> {
        self.web().sh("touch /srv/hello/shared/held").map(drop)
    }

    pub(crate) fn let_trials_go(&self) -> Result<()> {
        self.web().sh("rm /srv/hello/shared/held").map(drop)
    }

    /// Commits the app as it is now; the full name of the commit.
    pub(crate) fn commit(&self) -> Result<String> {
        self.git.commit("hello", self.app.path(), "change")
    }

    /// A commit whose page differs from all before.
    pub(crate) fn change(&self) -> Result<String> {
        let path = self.app.path().join("static/style.css");
        fs::write(&path, fs::read_to_string(&path)? + "/**/\n")?;
        self.commit()
    }

    /// A login of the web host that may do everything by sudo, as cloud images have one.
    pub(crate) fn sudoer(&self, name: &str) -> Result<()> {
        self.web().sh(&format!(
            "useradd --create-home --shell /bin/bash {name}
             install -d -m 700 -o {name} -g {name} ~{name}/.ssh
             install -m 600 -o {name} -g {name} /root/.ssh/authorized_keys ~{name}/.ssh/
             echo '{name} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{name}"
        ))?;
        Ok(())
    }

    pub(crate) fn web(&self) -> &Machine {
        &self.web[0]
    }

    /// One request to the site through nginx.
    pub(crate) fn page_of(host: &Machine) -> Result<Page> {
        let reply = get((host.ip(), 80).into(), NAME, "/")?;
        Page::new(&reply)
    }

    pub(crate) fn page(&self) -> Result<Page> {
        Self::page_of(self.web())
    }

    pub(crate) fn load(&self) -> Load {
        Load::start((self.web().ip(), 80).into(), NAME, "/", rate())
    }

    /// The same requests over connections that stay open.
    pub(crate) fn kept_load(&self) -> Load {
        Load::start_kept((self.web().ip(), 80).into(), NAME, "/", rate(), 8)
    }

    /// Requests that take five seconds each, one begun every second.
    pub(crate) fn slow_load(&self) -> Load {
        Load::start((self.web().ip(), 80).into(), NAME, "/slow", 1)
    }
}

fn second() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// Of a load, requests per second.
pub(crate) fn rate() -> u32 {
    match (soak(), thorough()) {
        (true, _) => 200,
        (false, true) => 40,
        (false, false) => 20,
    }
}

/// All that a directory has, into another.
fn copy(from: &Path, into: &Path) -> Result<()> {
    let copied = Command::new("cp")
        .arg("-R")
        .arg(from.join("."))
        .arg(into)
        .status()?;
    ensure!(copied.success(), "no copy of {}", from.display());
    Ok(())
}

/// A copy of an example, with as few workers as show what more of them would, however many cores there are.
pub(crate) fn example(name: &str, into: &Path) -> Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = project.join("examples");
    if name == HELLO {
        copy(&examples.join("flask"), into)?;
        copy(&project.join("tests/hosts/hello"), into)?;
    } else {
        copy(&examples.join(name), into)?;
    }
    let config = into.join("deploy.yaml");
    let text = fs::read_to_string(&config)?;
    let fewer = text.replacen("\ngunicorn:\n", "\ngunicorn:\n  workers: 2\n", 1);
    Ok(fs::write(config, fewer)?)
}

/// What the app said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) release: String,
    pub(crate) greeting: String,
    pub(crate) click: String,
}

impl Page {
    fn new(reply: &Reply) -> Result<Self> {
        ensure!(reply.status == 200, "{reply:?}");
        Self::of(&reply.body).with_context(|| format!("{reply:?}"))
    }

    pub(crate) fn of(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        let release = lines.next()?.strip_prefix("Howdy from ")?.to_owned();
        let greeting = lines.next()?.strip_prefix("greeting: ")?.to_owned();
        let click = lines.next()?.strip_prefix("click: ")?.to_owned();
        Some(Self {
            release,
            greeting,
            click,
        })
    }
}
