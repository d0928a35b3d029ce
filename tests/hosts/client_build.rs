//! Static files that are built on this machine, for all hosts that lack them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::machines::{Machine, get};
use crate::run::Run;
use crate::site::{NAME, Site};
use crate::state::{print, same, tidy, wait_until_free};

const PUSH: [&str; 2] = ["push", "production"];
/// Says where and how often it ran.
const RUN: &str = "mkdir -p static/made && { cat colours && uname -n && ls; } >static/made/stamp.txt && echo built >>\"$COUNT\"";

fn stamp(host: &Machine) -> Result<String> {
    let reply = get((host.ip(), 80).into(), NAME, "/static/made/stamp.txt")?;
    ensure!(reply.status == 200, "{reply:?}");
    Ok(reply.body)
}

struct Counter(TempDir);

impl Counter {
    fn push(&self, site: &Site) -> Result<Run> {
        let path = self.path();
        site.start_with(&PUSH, &[("COUNT", &path)])?.end()
    }

    fn path(&self) -> String {
        self.0.path().join("count").to_string_lossy().into_owned()
    }

    fn count(&self) -> Result<usize> {
        Ok(fs::read_to_string(self.path())?.lines().count())
    }
}

#[test]
fn what_the_client_builds_is_sent_along() -> Result<()> {
    let site = Site::fleet(2)?;
    let counter = Counter(TempDir::new()?);
    let build = format!(
        "build:\n    run: {RUN}\n    on: client\n    inputs: [colours]\n    output: static/made\n  source: static "
    );
    site.edit("deploy.yaml", "source: static ", &build)?;
    fs::write(site.app.path().join("colours"), "red\n")?;
    site.commit()?;
    // No commit has this one.
    fs::write(site.app.path().join("dirt"), "")?;
    counter.push(&site)?.expect(0)?.says("| build client (")?;
    ensure!(counter.count()? == 1, "once for all hosts");
    let here = fs::read_to_string("/proc/sys/kernel/hostname")?;
    for host in &site.web {
        let stamp = stamp(host)?;
        ensure!(
            stamp.starts_with(&format!("red\n{here}")) && !stamp.contains("dirt"),
            "{stamp}"
        );
        tidy(host)?;
    }
    fs::remove_file(site.app.path().join("dirt"))?;

    fs::write(site.app.path().join("note"), "")?;
    site.commit()?;
    counter.push(&site)?.expect(0)?.says("| build reused (")?;
    ensure!(counter.count()? == 1);
    fs::write(site.app.path().join("colours"), "blue\n")?;
    site.commit()?;
    counter.push(&site)?.expect(0)?;
    ensure!(counter.count()? == 2 && stamp(&site.web[1])?.starts_with("blue\n"));
    site.deployer(&["rollback", "production"])?.expect(0)?;
    ensure!(stamp(&site.web[1])?.starts_with("red\n"));

    of_the_clone(&site, &counter)?;
    that_fails(&site, &counter)?;
    that_is_stopped(&site)
}

/// A clone that has the commit is where it comes from, and its changes are not.
fn of_the_clone(site: &Site, counter: &Counter) -> Result<()> {
    let clone = TempDir::new()?;
    let git = |directory: &Path, words: &[&str]| -> Result<()> {
        let done = Command::new("git")
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.com",
                "-c",
                "safe.directory=*",
                "-C",
            ])
            .arg(directory)
            .args(words)
            .output()?;
        ensure!(done.status.success(), "{done:?}");
        Ok(())
    };
    fs::write(site.app.path().join("colours"), "green\n")?;
    let head = site.commit()?;
    let ssh = format!("ssh -F '{}'", site.ssh.path().display());
    let url = fs::read_to_string(site.app.path().join("deploy.yaml"))?;
    let url = url
        .lines()
        .find_map(|line| line.strip_prefix("repo: "))
        .context("no repo")?;
    let url = url.split_whitespace().next().unwrap_or_default();
    let command = format!("core.sshCommand={ssh}");
    git(
        clone.path(),
        &["-c", &command, "clone", "--quiet", url, "."],
    )?;
    git(clone.path(), &["cat-file", "-e", &head])?;
    fs::write(clone.path().join("colours"), "dirty\n")?;
    let mut command = site.command(&PUSH);
    command
        .current_dir(clone.path())
        .env("COUNT", counter.path());
    crate::run::Running::start(command)?.end()?.expect(0)?;
    ensure!(stamp(site.web())?.starts_with("green\n"));
    Ok(())
}

/// As a failed `prepare`: nothing changes anywhere.
fn that_fails(site: &Site, counter: &Counter) -> Result<()> {
    let before = print(site.web())?;
    let fails = |run: &str, says: &[&str]| -> Result<()> {
        site.edit("deploy.yaml", RUN, run)?;
        site.commit()?;
        let mut done = counter.push(site)?.expect(7)?;
        for text in says {
            done = done.says(text)?;
        }
        site.edit("deploy.yaml", run, RUN)?;
        same(&before, &print(site.web())?)
    };
    fails(
        "echo no colour; exit 3",
        &["error: `static.build` failed on this machine", "no colour"],
    )?;
    fails(
        "echo nothing to do",
        &["`static.build` left nothing in `static/made` on this machine"],
    )
}

/// Nothing goes on here, nor there.
fn that_is_stopped(site: &Site) -> Result<()> {
    let before = print(site.web())?;
    site.edit("deploy.yaml", RUN, "echo begun; sleep 98765")?;
    site.commit()?;
    let mut push = site.start(&[&PUSH[..], &["-v"]].concat())?;
    push.wait_for("begun")?;
    push.signal("INT")?;
    push.end()?.expect(130)?;
    wait_until_free(site.web())?;
    tidy(site.web())?;
    same(&before, &print(site.web())?)?;
    let left = Command::new("pgrep")
        .args(["-f", "^sleep 98765"])
        .output()?;
    ensure!(left.stdout.is_empty(), "{left:?}");
    Ok(())
}
