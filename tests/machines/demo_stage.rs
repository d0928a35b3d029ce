//! The machines, the app's directory, and what is typed there.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use console::style;
use tempfile::TempDir;

use crate::machines::{GitServer, Lab, Load, Machine, SshConfig, get};

const SITE: &str = "hello.example.com";

pub(crate) struct Stage {
    deployer: PathBuf,
    web: Machine,
    git: GitServer,
    ssh: SshConfig,
    app: TempDir,
}

/// What the app says of itself; see `examples/flask/hello.py`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) greeting: String,
    pub(crate) release: String,
    pub(crate) click: String,
}

impl Stage {
    pub(crate) fn set() -> Result<Self> {
        let me = env::current_exe()?;
        let built = me
            .parent()
            .and_then(Path::parent)
            .context("no directory of built programs")?;
        let deployer = built.join("deployer");
        ensure!(
            deployer.exists(),
            "{} is not built; run `make demo`",
            deployer.display()
        );

        let lab = Lab::new()?;
        let (web, git) = thread::scope(|scope| {
            let git = scope.spawn(|| GitServer::up(&lab, "git1"));
            (lab.up("web1"), git.join())
        });
        let Ok(git) = git else {
            bail!("the git server did not boot")
        };
        let (web, git) = (web?, git?);
        let ssh = SshConfig::new(&[&web, git.machine()])?;

        let app = TempDir::new()?;
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/flask/.");
        let copied = Command::new("cp")
            .arg("-R")
            .arg(example)
            .arg(app.path())
            .status()?;
        ensure!(copied.success(), "cannot copy the example");
        git.create("hello")?;
        let stage = Self {
            deployer,
            web,
            git,
            ssh,
            app,
        };
        let origin = stage.git.url("hello");
        stage.shell("sed -i s/click==8.5.1/click==8.1.8/ requirements.txt")?;
        stage.shell("git init -q -b main && git add . && git commit -qm Howdy")?;
        stage.shell(&format!(
            "git remote add origin {origin} && git push -qu origin main"
        ))?;
        Ok(stage)
    }

    pub(crate) fn show_file(&self, name: &str) -> Result<()> {
        print!(
            "\n{}",
            indented(&fs::read_to_string(self.app.path().join(name))?)
        );
        Ok(())
    }

    /// Sets the host up, and gives the key that it made read access to the repository.
    pub(crate) fn set_up(&self) -> Result<()> {
        let keys = self.run(&["setup", "production", "--login", "root"], Stdio::piped())?;
        for key in keys.lines() {
            println!("{key}");
            self.git.authorize(key)?;
        }
        Ok(())
    }

    pub(crate) fn deployer(&self, arguments: &[&str]) -> Result<()> {
        self.run(arguments, Stdio::inherit()).map(drop)
    }

    fn run(&self, arguments: &[&str], output: Stdio) -> Result<String> {
        let line = format!("deployer {}", arguments.join(" "));
        println!();
        prompt(&line)?;
        let mut command = Command::new(&self.deployer);
        command.args(arguments).current_dir(self.app.path());
        command
            .env("DEPLOYER_SSH_CONFIG", self.ssh.path())
            .env("USER", "you");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .spawn()
            .context("cannot start deployer")?;
        let done = child.wait_with_output()?;
        ensure!(done.status.success(), "`{line}`: {}", done.status);
        Ok(String::from_utf8(done.stdout)?)
    }

    /// Edits the app with `sed`, commits and pushes, as its author would.
    pub(crate) fn change(&self, file: &str, from: &str, to: &str) -> Result<()> {
        println!();
        for line in [
            format!("sed -i s/{from}/{to}/ {file}"),
            format!("git commit -qam {to} && git push -q"),
        ] {
            prompt(&line)?;
            self.shell(&line)?;
        }
        Ok(())
    }

    fn shell(&self, line: &str) -> Result<()> {
        let ssh = format!("ssh -F '{}'", self.ssh.path().display());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(self.app.path())
            .env("GIT_SSH_COMMAND", ssh);
        // No settings of this machine's user: they may sign commits, or run hooks.
        shell.env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            shell
                .env(format!("GIT_{who}_NAME"), "You")
                .env(format!("GIT_{who}_EMAIL"), "you@example.com");
        }
        ensure!(shell.status()?.success(), "`{line}` failed");
        Ok(())
    }

    /// Shows the site's answer, which has to be as `right` wants it.
    pub(crate) fn page(&self, right: impl FnOnce(&Page) -> bool) -> Result<Page> {
        let reply = get((self.web.ip(), 80).into(), SITE, "/")?;
        println!("\n{}", style(format!("http://{SITE}/ answers")).bold());
        print!("{}", indented(&reply.body));
        let page = Page::of(&reply.body).context("the page is not the app's")?;
        ensure!(
            reply.status == 200 && right(&page),
            "that is the wrong answer"
        );
        Ok(page)
    }

    pub(crate) fn load(&self) -> Load {
        Load::start((self.web.ip(), 80).into(), SITE, "/", 50)
    }
}

impl Page {
    fn of(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        let (greeting, release) = lines.next()?.split_once(" from ")?;
        let click = lines.find_map(|line| line.strip_prefix("click: "))?;
        Some(Self {
            greeting: greeting.to_owned(),
            release: release.to_owned(),
            click: click.to_owned(),
        })
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .fold(String::new(), |all, line| all + "  " + line + "\n")
}

/// What follows is really run.
fn prompt(command: &str) -> Result<()> {
    println!("{} {command}", style("$").green().bold());
    Ok(stdout().flush()?)
}
