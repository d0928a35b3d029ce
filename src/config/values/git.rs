use super::{Invalid, allow, text_type};

text_type! {
    /// A branch or tag by git's own rules; legal but odd names such as `a;b` included, so quote it.
    GitRef, "a branch or tag", git_ref
}

text_type! {
    /// Where the repository is cloned from: `https://`, `ssh://` or `git@host:path`, without a password.
    RepoUrl, "a repository's URL", repo_url
}

fn git_ref(text: &str) -> Result<(), Invalid> {
    allow(!text.is_empty() && text.len() <= 200, "1 to 200 characters")?;
    allow(!text.starts_with('-'), "it cannot start with `-`")?;
    allow(
        !text
            .chars()
            .any(|letter| letter.is_control() || " ~^:?*[\\".contains(letter)),
        "without spaces, control characters and any of `~^:?*[\\`",
    )?;
    allow(
        !text.contains("..") && !text.contains("@{") && text != "@",
        "without `..` and `@{`",
    )?;
    allow(
        text.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.ends_with('.')
                && !part.ends_with(".lock")
        }),
        "no part between `/` may be empty, start or end with `.`, or end with `.lock`",
    )?;
    let commit = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    allow(
        !commit && text != "HEAD",
        "name a branch or tag, not a commit",
    )
}

fn repo_url(text: &str) -> Result<(), Invalid> {
    allow(
        !text.starts_with("http://"),
        "use `https://`: plain http can be changed on its way",
    )?;
    allow(
        !text.starts_with("git://"),
        "use `https://` or `ssh://`: git:// can be changed on its way",
    )?;
    allow(text.len() <= 500, "at most 500 characters")?;
    let (user, host, path) =
        parts(text).ok_or(Invalid("use `https://…`, `ssh://…` or `git@host:path`"))?;
    let https = text.starts_with("https://");
    allow(
        user.is_none_or(|user| !https && !user.contains(':')),
        "without a token or password: give the host a deploy key instead",
    )?;
    let (host, port) = split_port(host);
    allow(
        user.is_none_or(|user| word(user, "._-"))
            && word(host, ".-")
            && port.is_none_or(|port| port.is_some()),
        "the host is letters, digits and `.-`, then `:` and a port if need be",
    )?;
    allow(
        path.len() > 1
            && !path.starts_with('-')
            && path.bytes().all(in_path)
            && !path.contains("/-"),
        "the path is letters, digits and `/._~+-`",
    )
}

/// User, host with port, and path.
fn parts(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let scheme = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("ssh://"));
    let (authority, path) = match scheme {
        Some(rest) => rest.split_at(rest.find('/')?),
        None if text.contains("::") || text.contains("://") => return None,
        // Without a user, `file:x` and `C:x` would look the same.
        None => text
            .split_once(':')
            .filter(|(authority, _)| authority.contains('@'))?,
    };
    Some(match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host, path),
        None => (None, authority, path),
    })
}

/// The host, and its port: `Some(None)` where there is one that is none.
fn split_port(host: &str) -> (&str, Option<Option<u16>>) {
    match host.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().filter(|&port| port > 0))),
        None => (host, None),
    }
}

fn word(text: &str, more: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
}

fn in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._~+-".contains(&byte)
}

impl RepoUrl {
    /// The ssh server and its port, whose host key must be known before the first fetch.
    pub fn ssh_host(&self) -> Option<(&str, u16)> {
        let (_, host, _) = parts(&self.0).filter(|_| !self.0.starts_with("https://"))?;
        let (host, port) = split_port(host);
        Some((host, port.flatten().unwrap_or(22)))
    }
}

impl GitRef {
    pub(in crate::config) fn main() -> Self {
        Self("main".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_ssh_host() {
        let host = |text: &str| {
            let url = RepoUrl::try_from(text).ok()?;
            url.ssh_host().map(|(host, port)| format!("{host} {port}"))
        };
        assert_eq!(
            host("git@github.com:acme/polls.git").as_deref(),
            Some("github.com 22")
        );
        assert_eq!(
            host("ssh://git@git.example.com:2222/polls.git").as_deref(),
            Some("git.example.com 2222")
        );
        assert_eq!(host("https://github.com/acme/polls.git"), None);
    }

    #[test]
    fn a_url_is_neither_an_option_nor_a_command() {
        for bad in [
            "",
            "ext::sh -c id",
            "--upload-pack=x",
            "ssh://-oProxyCommand=x/y",
            "file:///etc",
            "/srv/x.git",
            "https://user:pass@host/x",
            "https://token@host/x",
            "ssh://git:pass@host/x",
            "http://host/x",
            "git://host/x",
            "git@host:-x",
            "git@-host:x",
            "git@host:a b",
            "https://host",
            "host:x",
            "ssh://h:0/x",
            "git@host:22:x",
            "https://host/$(id)",
        ] {
            assert!(RepoUrl::try_from(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_ref_follows_the_rules_of_git() {
        for good in [
            "main",
            "feature/x",
            "a;b",
            "a$(id)",
            "a'b",
            "a`id`",
            "v1.2",
            "größe",
        ] {
            assert!(GitRef::try_from(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-x",
            "a..b",
            "HEAD~1",
            "@{-1}",
            "a^{}",
            "a b",
            "a:b",
            "*",
            ".a",
            "a.lock",
            "a/.b",
            "/a",
            "a/",
            "a//b",
            "a.",
            "@",
            "a\u{1b}[m",
            "HEAD",
            "a\\b",
            "0123456789012345678901234567890123456789",
        ] {
            assert!(GitRef::try_from(bad).is_err(), "{bad}");
        }
    }
}
