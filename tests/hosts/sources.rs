//! Where the code comes from: a directory of a larger repository, submodules, and mirrors that break.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::large_files::large_files;
use crate::machines::Machine;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

/// A repository that holds the app below `services/web`, with a submodule and that one's own.
pub(crate) struct Monorepo<'a> {
    site: &'a Site,
    pub(crate) tree: TempDir,
    pub(crate) lib: String,
}

impl<'a> Monorepo<'a> {
    fn new(site: &'a Site) -> Result<Self> {
        for repo in ["mono", "lib", "deep"] {
            site.git.create(repo)?;
        }
        let deep = commit_file(site, "deep", "deep.txt", "bottom", &[])?;
        let modules = "[submodule \"d e\"]\n\tpath = deep\n\turl = ../deep.git\n";
        let lib = commit_file(site, "lib", ".gitmodules", modules, &[("deep", &deep)])?;
        // Only the pinned commit counts: the branch has moved on.
        commit_file(site, "lib", "later.txt", "later", &[])?;
        let tree = TempDir::new()?;
        let web = tree.path().join("services/web");
        fs::create_dir_all(&web)?;
        fs::write(tree.path().join("services/README"), "not the app's")?;
        let copied = Command::new("cp")
            .arg("-R")
            .arg(site.app.path().join("."))
            .arg(&web)
            .status()?;
        ensure!(copied.success());
        let this = Self { site, tree, lib };
        this.gitmodules("../lib.git")?;
        Ok(this)
    }

    fn gitmodules(&self, url: &str) -> Result<()> {
        let text =
            format!("[submodule \"lib\"]\n\tpath = services/web/vendor/lib\n\turl = {url}\n");
        Ok(fs::write(self.tree.path().join(".gitmodules"), text)?)
    }

    pub(crate) fn commit(&self) -> Result<String> {
        let links = [("services/web/vendor/lib", self.lib.as_str())];
        self.site
            .git
            .commit_with("mono", "main", self.tree.path(), "change", &links)
    }

    /// A commit that every mirror lacks.
    pub(crate) fn change(&self) -> Result<String> {
        let path = self.tree.path().join("services/web/static/style.css");
        fs::write(&path, fs::read_to_string(&path)? + "/**/\n")?;
        self.commit()
    }
}

fn commit_file(
    site: &Site,
    repo: &str,
    name: &str,
    text: &str,
    links: &[(&str, &str)],
) -> Result<String> {
    let tree = TempDir::new()?;
    fs::write(tree.path().join(name), text)?;
    site.git
        .commit_with(repo, "main", tree.path(), "change", links)
}

#[test]
fn code_comes_by_agent_key_and_token_from_any_mirror() -> Result<()> {
    let site = Site::bare()?;
    by_the_agent_of_who_deploys(&site)?;
    let mut mono = Monorepo::new(&site)?;
    a_directory_with_submodules(&site, &mono)?;
    with_a_token(&site, &mono)?;
    large_files(&site, &mut mono)
}

fn a_directory_with_submodules(site: &Site, mono: &Monorepo<'_>) -> Result<()> {
    let web = site.web();
    site.edit("deploy.yaml", "hello.git ", "mono.git ")?;
    site.set_up(&["--login", "root"])?;

    let head = mono.commit()?;
    site.deployer(&["push", "production"])?
        .expect(7)?
        .says("has submodules, such as `services/web/vendor/lib`")?;
    // Of one commit, only one run can begin in a second.
    mono.change()?;
    site.edit(
        "deploy.yaml",
        "gunicorn:",
        "git: {path: services/api, submodules: true}\ngunicorn:",
    )?;
    site.deployer(&["push", "production"])?
        .expect(7)?
        .says("no directory `services/api`")?;
    mono.change()?;
    site.edit("deploy.yaml", "services/api", "services/web")?;
    site.deployer(&["push", "production"])?.expect(0)?;
    coherent(web)?;
    web.sh(
        "cd /srv/hello/current && test -f hello.py && ! test -e services && ! test -e README &&
         test \"$(cat vendor/lib/deep/deep.txt)\" = bottom && ! test -e vendor/lib/later.txt &&
         ! find . -name .git | grep .",
    )?;
    tidy(web)?;
    site.deployer(&["push", "production"])?
        .expect(0)?
        .says("already live")?;

    hostile_urls(site, mono)?;
    damage(site, mono, &head)
}

/// What `.gitmodules` says is somebody's text, and no command.
fn hostile_urls(site: &Site, mono: &Monorepo<'_>) -> Result<()> {
    for url in [
        "-u./x",
        "ext::sh -c touch% /tmp/owned",
        "/srv/hello",
        "git@git1:-x",
    ] {
        mono.gitmodules(url)?;
        mono.commit()?;
        site.deployer(&["push", "production"])?
            .expect(7)?
            .says("no URL in `.gitmodules`")?;
    }
    site.web().sh("! test -e /tmp/owned")?;
    mono.gitmodules("../gone.git")?;
    mono.commit()?;
    site.deployer(&["push", "production"])?
        .expect(7)?
        .says("could not fetch from `ssh://git@git1/srv/git/gone.git`")?;
    mono.gitmodules("../lib.git")
}

fn damage(site: &Site, mono: &Monorepo<'_>, first: &str) -> Result<()> {
    let web = site.web();
    for command in [
        "rm $m/HEAD",
        "rm -f $m/packed-refs && head -c 41 /dev/zero > $m/refs/heads/main",
    ] {
        mono.change()?;
        as_deploy(web, &format!("m=/srv/hello/repo.git; {command}"))?;
        let run = site.deployer(&["push", "production"])?.expect(0)?;
        run.says("mirror-renewed")?;
        coherent(web)?;
        tidy(web)?;
    }
    // The commit is there, what it holds is not: a power cut leaves such files.
    as_deploy(
        web,
        r#"cd /srv/hello
for m in repo.git modules/*.git; do
    mv $m/objects/pack /tmp/pack
    for pack in $(find /tmp/pack -name "*.pack"); do git --git-dir=$m unpack-objects -q < $pack; done
    rm -rf /tmp/pack
done
for m in repo.git modules/*.git; do
    for file in services/web/hello.py deep.txt; do
        commit=$(git --git-dir=$m for-each-ref --count=1 --format='%(objectname)' refs/heads/main refs/pins)
        blob=$(git --git-dir=$m rev-parse -q --verify $commit:$file) || continue
        file=$m/objects/$(echo $blob | cut -c1-2)/$(echo $blob | cut -c3-)
        chmod u+w $file && : > $file && echo $m
    done
done | grep -c . | grep -qx 2"#,
    )?;
    let run = site.deployer(&[
        "push",
        "production",
        "--revision",
        first,
        "--allow-older",
        "-v",
    ])?;
    ensure!(
        run.clone().expect(0)?.stderr.contains("mirror-renewed"),
        "{run}"
    );
    coherent(web)?;
    tidy(web)?;

    // A server that is gone is no reason to give up a good mirror.
    let print =
        "cd /srv/hello/repo.git && find . -type f ! -name FETCH_HEAD | sort | xargs sha256sum";
    let before = web.sh(print)?;
    mono.change()?;
    site.git.machine().sh("systemctl stop ssh")?;
    let down = site.deployer(&["push", "production"])?.expect(4)?;
    down.says("cannot ask")?;
    site.git.machine().sh("systemctl start ssh")?;
    as_deploy(
        web,
        "sed -i 's/ .* / ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFNVCmFqZ2ZyZ2VyZ2VyZ2VyZ2VyZ2VyZ2VyZ2Vy /' /srv/hello/.deployer/known_hosts",
    )?;
    site.deployer(&["push", "production"])?
        .expect(7)?
        .says("another host key than the one that setup pinned")?;
    ensure!(web.sh(print)? == before, "the mirror changed");
    coherent(web)?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&["push", "production"])?.expect(0)?;
    Ok(())
}

/// An ssh agent that ends with the test.
struct Agent {
    process: Child,
    directory: TempDir,
}

impl Agent {
    fn with(key: &Path) -> Result<Self> {
        let directory = TempDir::new()?;
        let socket = directory.path().join("agent");
        let process = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()?;
        let agent = Self { process, directory };
        while !socket.exists() {
            sleep(Duration::from_millis(10));
        }
        let added = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &socket)
            .status()?;
        ensure!(added.success(), "the agent did not take the key");
        Ok(agent)
    }

    fn socket(&self) -> String {
        self.directory.path().join("agent").display().to_string()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// No deploy key is asked for, made or needed.
fn by_the_agent_of_who_deploys(site: &Site) -> Result<()> {
    site.edit("deploy.yaml", "gunicorn:", "git: {auth: agent}\ngunicorn:")?;
    let set_up = site
        .deployer(&["setup", "production", "--login", "root"])?
        .expect(0)?;
    ensure!(set_up.stdout.is_empty(), "{set_up}");
    site.web().sh("! test -e /srv/hello/.deployer/git_key")?;
    site.deployer(&["push", "production"])?
        .expect(6)?
        .says("reaches no ssh agent")?;
    // Another commit: two runs of one commit have one name within a second.
    site.change()?;
    let agent = Agent::with(&site.ssh.path().with_file_name("identity"))?;
    let config = fs::read_to_string(site.ssh.path())?;
    let mine = format!("IdentityAgent {}", agent.socket());
    fs::write(site.ssh.path(), config.replace("IdentityAgent none", &mine))?;
    site.deployer(&["push", "production"])?.expect(0)?;
    coherent(site.web())?;
    tidy(site.web())?;
    a_tag_and_a_branch_of_one_name(site)?;
    from_a_clone(site)?;
    fs::write(site.ssh.path(), config)?;
    site.edit("deploy.yaml", "git: {auth: agent}\ngunicorn:", "gunicorn:")
}

/// The tag is annotated, so that its own id is no commit.
fn a_tag_and_a_branch_of_one_name(site: &Site) -> Result<()> {
    let file = site.app.path().join("which.txt");
    fs::write(&file, "tag")?;
    let tagged = site.commit()?;
    let author = "-c user.name=Test -c user.email=test@example.test";
    let tag = format!("git --git-dir=/srv/git/hello.git {author} tag -a -m first v1 {tagged}");
    site.git.machine().exec_as("git", &tag)?.ok()?;
    fs::write(&file, "branch")?;
    let other = site
        .git
        .commit_on("hello", "v1", site.app.path(), "other")?;
    fs::remove_file(file)?;
    site.commit()?;
    for (option, commit) in [("--tag", &tagged), ("--branch", &other)] {
        let short = &commit[..7];
        site.deployer(&["push", "production", option, "v1"])?
            .expect(0)?
            .says(&format!("revision {short} (v1)"))?;
        let release = coherent(site.web())?.release;
        ensure!(release.ends_with(short), "{release} is not of {commit}");
        let which = site.web().sh("cat /srv/hello/current/which.txt")?;
        ensure!(option.ends_with(&which), "{option} brought that of {which}");
    }
    tidy(site.web())
}

/// What is there alone is refused where it is asked for, and else told of.
fn from_a_clone(site: &Site) -> Result<()> {
    let clone = TempDir::new()?;
    let git = |arguments: &[&str]| {
        let ssh = format!("ssh -F {}", site.ssh.path().display());
        let output = Command::new("git")
            .env("GIT_SSH_COMMAND", ssh)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.test"])
            .arg("-C")
            .arg(clone.path())
            .args(arguments)
            .output()?;
        ensure!(output.status.success(), "{arguments:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let url = site.git.url("hello");
    git(&["clone", "--quiet", "--branch", "v1", &url, "."])?;
    git(&["commit", "--quiet", "--allow-empty", "-m", "here alone"])?;
    let own = git(&["rev-parse", "HEAD"])?;
    fs::write(clone.path().join("which.txt"), "neither")?;
    let before = print(site.web())?;
    site.start_in(clone.path(), &["push", "production", "--revision", &own])?
        .end()?
        .expect(2)?
        .says(&format!(
            "commit {} is not at `{url}`; push it there first",
            &own[..7]
        ))?;
    site.start_in(clone.path(), &["push", "production", "--branch", "v1"])?
        .end()?
        .expect(0)?
        .says("1 commit of the working copy not in it")?
        .says("1 changed file of the working copy not in it")?
        .says("already live")?;
    same(&before, &print(site.web())?)
}

pub(crate) const TOKEN: &str = "sentinel-5f1c92";

/// The same repository by https, for which a token is needed; its submodules too.
fn with_a_token(site: &Site, mono: &Monorepo<'_>) -> Result<()> {
    let web = site.web();
    // No mirror is there yet.
    as_deploy(web, "rm -rf /srv/hello/repo.git /srv/hello/modules")?;
    let certificate = site.git.serve_https("robot", TOKEN)?;
    let trust = "cat > /usr/local/share/ca-certificates/lab.crt && update-ca-certificates";
    web.exec_input(trust, certificate.as_bytes())?.ok()?;
    let trusted = TempDir::new()?;
    let trusted = trusted.path().join("lab.crt");
    fs::write(&trusted, certificate)?;
    let trusted = trusted.to_str().unwrap_or_default();
    let url = format!("https://{}", site.git.machine().ip());
    site.edit("deploy.yaml", "ssh://git@git1/srv/git", &url)?;
    let auth = "git: {auth: token, username: robot, token: {env: LAB_TOKEN}, ";
    site.edit("deploy.yaml", "git: {", auth)?;

    site.deployer(&["push", "production"])?
        .expect(6)?
        .says("git.token: the variable `LAB_TOKEN` is not set")?;
    let head = mono.change()?;
    let wrong = [("LAB_TOKEN", "wrong")];
    site.start_with(&["push", "production"], &wrong)?
        .end()?
        .expect(4)?
        .says("cannot ask")?;
    site.start_with(&["push", "production", "--revision", &head], &wrong)?
        .end()?
        .expect(7)?
        .says("could not fetch from `https://")?;

    let known = [("LAB_TOKEN", TOKEN), ("GIT_SSL_CAINFO", trusted)];
    // Without the certificate it is the host that asks for the branch's head.
    for variables in [&known[..], &known[..1]] {
        mono.change()?;
        let mut push = site.start_with(&["push", "production", "-v"], variables)?;
        push.wait_for("connected")?;
        let seen =
            web.sh("for i in $(seq 300); do cat /proc/[0-9]*/cmdline; done | tr '\\0' ' '")?;
        let run = push.end()?.expect(0)?.says_not(TOKEN)?;
        ensure!(!seen.contains(TOKEN), "in an argument list\n{run}");
        coherent(web)?;
        tidy(web)?;
    }
    web.sh(&format!(
        "! grep -rlF {TOKEN} /srv/hello /tmp /run/user /home /root /var/log /etc && ! find / -xdev -name token -path '*runs*' | grep ."
    ))?;
    Ok(())
}

pub(crate) fn as_deploy(host: &Machine, command: &str) -> Result<()> {
    host.exec_as("deploy", command)?.ok().map(drop)
}
