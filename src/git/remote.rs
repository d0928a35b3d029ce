//! The repository, asked by the user's own `git`.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::config::RepoUrl;
use crate::secret::Secret;
use crate::target::is_sha;

/// A token, for the origin of the repository alone.
pub struct Login<'a> {
    pub origin: &'a str,
    pub username: &'a str,
    pub token: &'a Secret,
}

impl Login<'_> {
    /// By the environment: arguments are for everybody to read. The user's own helpers might keep it, so they are left out.
    fn give(&self, git: &mut Command) {
        const HELPER: &str = r#"!f() { [ "$1" != get ] || printf 'username=%s\npassword=%s\n' "$DEPLOYER_GIT_USERNAME" "$DEPLOYER_GIT_TOKEN"; }; f"#;
        git.args(["-c", "credential.helper=", "-c"])
            .arg(format!("credential.{}.helper={HELPER}", self.origin))
            .env("DEPLOYER_GIT_USERNAME", self.username)
            .env("DEPLOYER_GIT_TOKEN", self.token.expose());
    }
}

impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("origin", &self.origin)
            .finish()
    }
}

/// A repository as this machine asks it: with the user's own `git`, or with a token.
#[derive(Debug)]
pub struct Remote<'a> {
    pub repo: &'a RepoUrl,
    pub ssh_config: Option<&'a Path>,
    pub login: Option<Login<'a>>,
}

impl Remote<'_> {
    /// The commit that `reference` names right now.
    ///
    /// `None` when the repository answers and has no such ref.
    pub fn head(&self, reference: &str) -> Result<Option<String>> {
        let peeled = format!("{reference}^{{}}");
        let refs = self.list(&[reference, &peeled])?;
        // An annotated tag's own id is not a commit. Patterns match the ends of longer names too.
        let named = |name: &str| refs.iter().find(|(_, listed)| listed == name);
        let found = named(&peeled).or_else(|| named(reference));
        Ok(found.map(|(sha, _)| sha.clone()))
    }

    /// What all branches and tags name right now, peeled and not.
    pub fn heads(&self) -> Result<Vec<String>> {
        let refs = self.list(&["refs/heads/*", "refs/tags/*"])?;
        Ok(refs.into_iter().map(|(sha, _)| sha).collect())
    }

    /// Brings a ref or a commit, without its history, into the bare repository `into`.
    pub fn fetch(&self, name: &str, into: &Path) -> Result<()> {
        let mut git = self.git()?;
        git.arg("--git-dir")
            .arg(into)
            .args(["fetch", "--quiet", "--depth=1", "--no-tags", "--"])
            .args([self.repo.as_str(), name]);
        answer(git, FETCH).map(drop)
    }

    /// Ids and names.
    fn list(&self, patterns: &[&str]) -> Result<Vec<(String, String)>> {
        let mut git = self.git()?;
        git.args(["ls-remote", "--quiet", "--", self.repo.as_str()])
            .args(patterns);
        let text = answer(git, LIMIT)?;
        let refs = text.lines().filter_map(|line| line.split_once('\t'));
        let refs = refs.filter(|(sha, _)| is_sha(sha));
        Ok(refs
            .map(|(sha, name)| (sha.to_owned(), name.to_owned()))
            .collect())
    }

    fn git(&self) -> Result<Command> {
        let mut git = Command::new("git");
        if let Some(login) = &self.login {
            login.give(&mut git);
        }
        git.env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "https:ssh")
            .stdin(Stdio::null());
        if let Some(file) = self.ssh_config {
            let file = file
                .to_str()
                .context("the path of the ssh configuration is not UTF-8")?;
            git.env(
                "GIT_SSH_COMMAND",
                format!(
                    "ssh -o BatchMode=yes -o ConnectTimeout=15 -F '{}'",
                    file.replace('\'', r"'\''")
                ),
            );
        }
        Ok(git)
    }
}

/// How long a repository may keep us waiting: ssh alone would wait for a silent one forever.
const LIMIT: Duration = Duration::from_secs(30);
/// The same where it sends files.
const FETCH: Duration = Duration::from_secs(600);

/// What git prints, within the limit.
fn answer(mut git: Command, limit: Duration) -> Result<String> {
    git.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = git.spawn().context("failed to run `git`")?;
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let Ok(text) = out.recv_timeout(limit) else {
        child.kill()?;
        child.wait()?;
        bail!("`git` had no answer for {} s", limit.as_secs());
    };
    if !child.wait()?.success() {
        bail!("`git` failed: {}", err.recv().unwrap_or_default().trim());
    }
    Ok(text)
}

/// All that comes, in one piece, once it has ended.
fn read(from: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (to, text) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut bytes);
        }
        let _ = to.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}
