use super::{Invalid, allow, text_type};

text_type! {
    /// Where the repository is cloned from, without a password: `https://`, `ssh://` or `git@host:path`.
    RepoUrl, "a repository's URL", check
}

/// A URL taken apart; nothing in it has been checked.
struct Parts<'a> {
    https: bool,
    user: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
}

fn check(text: &str) -> Result<(), Invalid> {
    allow(
        !text.starts_with("http://"),
        "use `https://`: plain http can be changed on its way",
    )?;
    allow(
        !text.starts_with("git://"),
        "use `https://`: git:// can be changed on its way",
    )?;
    allow(text.len() <= 500, "at most 500 characters")?;
    let url =
        Parts::of(text).ok_or(Invalid("use `https://...`, `ssh://...` or `git@host:path`"))?;
    allow(
        url.user
            .is_none_or(|user| !url.https && !user.contains(':')),
        "without a token or password: give the host a deploy key instead",
    )?;
    allow(
        url.user.is_none_or(|user| word(user, "._-")) && word(url.host, ".-"),
        "user and host are letters, digits and `.-`",
    )?;
    allow(
        url.port.is_none_or(|port| number(port).is_some()),
        "the port is 1 to 65535",
    )?;
    allow(
        url.path.len() > 1
            && !url
                .path
                .split('/')
                .any(|part| part.starts_with('-') || part == "..")
            && url
                .path
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/._~+-".contains(&byte)),
        "the path is letters, digits and `/._~+-`, no part that starts with `-` or is `..`",
    )
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let https = text.strip_prefix("https://");
        let (authority, path) = match https.or_else(|| text.strip_prefix("ssh://")) {
            Some(rest) => rest.split_at(rest.find('/')?),
            None if text.contains("::") || text.contains("://") => return None,
            // Without a user, `file:x` and `C:x` would be hosts too.
            None => text
                .split_once(':')
                .filter(|(authority, _)| authority.contains('@'))?,
        };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        };
        Some(Self {
            https: https.is_some(),
            user,
            host,
            port,
            path,
        })
    }
}

fn word(text: &str, more: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
}

fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|&port| digits && port > 0)
}

impl RepoUrl {
    /// The ssh server and its port, whose host key must be known before the first fetch.
    pub fn ssh_host(&self) -> Option<(&str, u16)> {
        let url = Parts::of(&self.0).filter(|url| !url.https)?;
        Some((url.host, url.port.and_then(number).unwrap_or(22)))
    }
}

impl RepoUrl {
    /// `https://host` and its port, which a token is for; nobody else gets it.
    pub fn https_origin(&self) -> Option<&str> {
        let rest = self.0.strip_prefix("https://")?;
        let end = rest.find('/')?;
        self.0.get(..end + "https://".len())
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
}
