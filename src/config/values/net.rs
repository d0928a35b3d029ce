use std::net::Ipv6Addr;

use super::{Invalid, allow, spelled, text_type};

text_type! {
    /// What ssh is asked to reach: a name, an alias of `~/.ssh/config` or an IP address (IPv6 without brackets).
    HostAddress, "a host", host_address
}

text_type! {
    /// One of nginx's `server_name`: a host name, `*.example.com`, `.example.com` or `_`; no regular expression.
    ServerName, "a server name", server_name
}

text_type! {
    /// A package index reached by https, without credentials.
    IndexUrl, "a package index", index_url
}

text_type! {
    /// What stands before the path of a URL on a CDN: `https://`, a host, perhaps a port and a path, no `/` last.
    CdnUrl, "the address of a CDN", cdn_url
}

fn host_address(text: &str) -> Result<(), Invalid> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    allow(
        text.parse::<Ipv6Addr>().is_ok()
            || spelled(text, |byte| byte.is_ascii_alphanumeric(), rest, 253),
        "use letters, digits and `._-`, a letter or digit first",
    )
}

fn server_name(text: &str) -> Result<(), Invalid> {
    allow(!text.contains("://"), "the name alone, without `https://`")?;
    allow(
        !text.contains([' ', ',']),
        "several names are a list: `[example.com, www.example.com]`",
    )?;
    allow(!text.contains(':'), "without a port: `listen` has it")?;
    let name = text
        .strip_prefix("*.")
        .or_else(|| text.strip_prefix('.'))
        .unwrap_or(text);
    allow(
        text == "_" || host_name(name),
        "a host name such as `example.com`, `*.example.com`, `.example.com` or `_`; punycode for other letters",
    )
}

fn host_name(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

fn index_url(text: &str) -> Result<(), Invalid> {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    allow(
        !host.contains('@'),
        "without user or password: a netrc file on the host holds them",
    )?;
    https_url(
        text,
        "such as `https://pypi.example.com/simple`, with letters, digits and `/._~+-`",
    )
}

fn https_url(text: &str, says: &'static str) -> Result<(), Invalid> {
    allow(text.starts_with("https://"), "start with `https://`")?;
    allow(https_place(text), says)
}

fn cdn_url(text: &str) -> Result<(), Invalid> {
    allow(
        !text.ends_with('/'),
        "without the last `/`: `static.url` follows it",
    )?;
    https_url(
        text,
        "such as `https://cdn.example.com`, with letters, digits and `/._~+-`",
    )
}

/// A host name, or one and a port.
pub(super) fn host_and_port(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "443"));
    host_name(name)
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// An https URL without user, query or anything that a shell could read.
pub(super) fn https_place(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    host_and_port(rest.split('/').next().unwrap_or_default())
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":/._~+-".contains(&byte))
}

impl ServerName {
    /// A host name that a request may carry: not a wildcard, not `_`.
    pub fn is_plain(&self) -> bool {
        host_name(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_only_in_front() {
        for good in [
            "example.com",
            "*.example.com",
            ".example.com",
            "_",
            "xn--bcher-kva.example",
            "10.0.0.1",
        ] {
            assert!(ServerName::try_from(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a..b",
            "www.*",
            "~^x$",
            "a;b",
            "$host",
            "{}",
            "-a",
            "a b",
            "*",
            "bücher.example",
        ] {
            assert!(ServerName::try_from(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_never_an_option() {
        for bad in [
            "",
            "-oProxyCommand=x",
            "a@b",
            "a:b",
            "a b",
            "*",
            "a;id",
            ".hidden",
        ] {
            assert!(HostAddress::try_from(bad).is_err(), "{bad}");
        }
        assert!(HostAddress::try_from("2001:db8::1").is_ok());
    }
}
