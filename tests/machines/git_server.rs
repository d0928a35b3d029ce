//! A machine that serves bare repositories to a user `git` over ssh.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::lab::Lab;
use super::machine::{Machine, Options};
use super::process::{run, run_with};

pub(super) const HOME: &str = "/srv/git";

/// Repositories lie in `/srv/git/NAME.git`; the login `git` has git-shell and no password.
#[derive(Debug)]
pub struct GitServer {
    machine: Machine,
}

impl GitServer {
    pub fn up(lab: &Lab, name: &str) -> Result<Self> {
        let options = Options {
            only: Some("ssh.service"),
            ..Options::default()
        };
        Self::on(lab.up_with(name, &options)?)
    }

    /// Makes a running machine a git server too.
    pub fn on(machine: Machine) -> Result<Self> {
        machine.sh(&format!(
            "useradd --create-home --home-dir {HOME} --shell /usr/bin/git-shell git
             install -d -m 700 -o git -g git {HOME}/.ssh
             install -m 600 -o git -g git /root/.ssh/authorized_keys {HOME}/.ssh/
             # A fetch is too short for a session of its own; and without PAM a password that cannot be locks a login out.
             usermod -p '*' git
             echo 'UsePAM no' > /etc/ssh/sshd_config.d/git.conf
             # Tests fail on purpose, and more often than a server with penalties would bear.
             ! /usr/sbin/sshd -t -o PerSourcePenalties=no 2>/dev/null || echo 'PerSourcePenalties no' >> /etc/ssh/sshd_config.d/git.conf
             systemctl reload ssh"
        ))?;
        Ok(Self { machine })
    }

    /// A machine that [`Self::on`] has made a git server.
    pub fn open(machine: Machine) -> Self {
        Self { machine }
    }

    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    pub fn into_machine(self) -> Machine {
        self.machine
    }

    /// Lets the holder of a key (one line of a `.pub` file) fetch and push.
    pub fn authorize(&self, public_key: &str) -> Result<()> {
        let line = format!("{}\n", public_key.trim_end());
        let append = format!("cat >> {HOME}/.ssh/authorized_keys");
        self.machine
            .exec_input(&append, line.as_bytes())?
            .ok()
            .map(drop)
    }

    /// Serves the repositories by https too, to `user` with this password; the certificate that clients must trust.
    ///
    /// URLs start with `https://` and the machine's name or address.
    pub fn serve_https(&self, user: &str, password: &str) -> Result<String> {
        let (name, ip) = (self.machine.name(), self.machine.ip());
        self.machine.sh(&format!(
            r#"cd /etc/nginx
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name} -addext subjectAltName=DNS:{name},IP:{ip} \
    -keyout git.key -out git.crt 2>/dev/null
printf '%s:%s\n' '{user}' "$(openssl passwd -apr1 '{password}')" > git.passwd
chmod 755 {HOME}
git config --system --add safe.directory '*'
cat > sites-enabled/git <<'END'
server {{
    listen 443 ssl;
    ssl_certificate git.crt;
    ssl_certificate_key git.key;
    auth_basic git;
    auth_basic_user_file git.passwd;
    include git.d/*;
    access_log /var/log/nginx/git.log;
    location / {{
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
        fastcgi_param GIT_PROJECT_ROOT {HOME};
        fastcgi_param GIT_HTTP_EXPORT_ALL 1;
        fastcgi_param PATH_INFO $uri;
        fastcgi_param REMOTE_USER $remote_user;
        fastcgi_pass unix:/run/fcgiwrap.socket;
    }}
}}
END
systemctl start fcgiwrap.socket && systemctl restart nginx"#
        ))?;
        self.machine.sh("cat /etc/nginx/git.crt")
    }

    /// An empty repository whose first branch is `main`.
    pub fn create(&self, repo: &str) -> Result<()> {
        let init = format!("git init --quiet --bare --initial-branch=main {HOME}/{repo}.git");
        self.machine.exec_as("git", &init)?.ok().map(drop)
    }

    /// `ssh://git@git1/srv/git/NAME.git`
    pub fn url(&self, repo: &str) -> String {
        format!("ssh://git@{}{HOME}/{repo}.git", self.machine.name())
    }

    /// `git@git1:NAME.git`
    pub fn scp_url(&self, repo: &str) -> String {
        format!("git@{}:{repo}.git", self.machine.name())
    }

    /// Commits a directory's files, ignored ones too, as the next state of `main`; returns the
    /// commit's full name.
    pub fn commit(&self, repo: &str, tree: &Path, message: &str) -> Result<String> {
        self.commit_on(repo, "main", tree, message)
    }

    pub fn commit_on(
        &self,
        repo: &str,
        branch: &str,
        tree: &Path,
        message: &str,
    ) -> Result<String> {
        self.commit_with(repo, branch, tree, message, &[])
    }

    /// The same with submodules: paths and the commits they are pinned to.
    pub fn commit_with(
        &self,
        repo: &str,
        branch: &str,
        tree: &Path,
        message: &str,
        links: &[(&str, &str)],
    ) -> Result<String> {
        let scratch = TempDir::new()?;
        let bare = self.bare(repo);
        let index = scratch.path().join("index");
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command
                .env("GIT_INDEX_FILE", &index)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .args(["-c", "safe.directory=*", "-c", "user.name=Test"])
                .args(["-c", "user.email=test@example.test"])
                .arg("--git-dir")
                .arg(&bare)
                .arg("--work-tree")
                .arg(tree)
                .args(args);
            run_with(&mut command, b"", &format!("git {}", args.join(" ")))
        };
        git(&["add", "--all", "--force", "."])?.ok()?;
        for (path, commit) in links {
            let entry = format!("160000,{commit},{path}");
            git(&["update-index", "--add", "--cacheinfo", &entry])?.ok()?;
        }
        let tree = git(&["write-tree"])?.ok()?;
        let name = format!("refs/heads/{branch}");
        let before = git(&["rev-parse", "--quiet", "--verify", &name])?;
        let mut args = vec!["commit-tree", "-m", message, &tree];
        if before.success() {
            args.extend(["-p", before.stdout.trim_end()]);
        }
        let commit = git(&args)?.ok()?;
        git(&["update-ref", &name, &commit])?.ok()?;
        let bare = bare.to_str().context("the cache's path is not UTF-8")?;
        run("chown", &["-R", &format!("--reference={bare}"), bare])?;
        Ok(commit)
    }

    /// A repository's directory as the outer machine sees it.
    pub fn bare(&self, repo: &str) -> PathBuf {
        self.machine.root_path().join(format!("srv/git/{repo}.git"))
    }
}
