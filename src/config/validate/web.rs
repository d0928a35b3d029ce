use std::collections::BTreeMap;

use super::{Fault, Section, text, tls, written};
use crate::config::node::{Entry, Node, Plain};
use crate::config::values::{ServerName, Size, UrlPath};
use crate::config::{Health, Manager, Nginx, Uploads};

const MAX_BODY: Size = Size::mebibytes(10);

pub(super) fn nginx(
    root: &Section<'_>,
    uploads: Option<&Uploads>,
    manager: Manager,
) -> Option<Nginx> {
    root.must_have(
        "nginx",
        "add it with its key `server_name`, or write `nginx: false`",
    );
    match root.peek("nginx").and_then(Node::plain) {
        Some(Plain::Bool(false)) => root.with("nginx", |_| Ok(None))?,
        Some(Plain::MaybeBool(false)) => root.with("nginx", |_| {
            Err(Fault::new("not a boolean", "write `false`"))
        }),
        _ => root.present("nginx", |section| site(section, uploads, manager))?,
    }
}

fn site(section: &Section<'_>, uploads: Option<&Uploads>, manager: Manager) -> Option<Nginx> {
    section.must_have("server_name", "add the site's host name");
    let same =
        |one: &ServerName, other: &ServerName| one.as_str().eq_ignore_ascii_case(other.as_str());
    let server_names = section.several("server_name", text, same);
    let uploaded = uploads.map_or(MAX_BODY, |uploads| uploads.max_size);
    let max_body = section.optional("max_body");
    if max_body.is_some_and(|max_body| max_body < uploaded) && uploads.is_some() {
        let label = format!("at least {uploaded}, or remove it");
        section.refuse("max_body", "less than `uploads.max_size`", label);
    }
    let redirects = section.list("redirects", text);
    redirects_apart(section, server_names.as_deref(), &redirects, same);
    let listen = port(section, 80);
    let tls = section.present("tls", |section| tls::tls(section, manager));
    let headers = section.section("headers", headers).unwrap_or_default();
    let read = tls.as_ref().and_then(Option::as_ref);
    tls::apart(section, read, listen, &headers);
    tls::askable(
        section,
        read,
        "server_name",
        server_names.as_deref().unwrap_or_default(),
    );
    tls::askable(section, read, "redirects", &redirects);
    Some(Nginx {
        listen,
        max_body: max_body.unwrap_or_else(|| uploaded.max(MAX_BODY)),
        headers,
        error_pages: section.optional("error_pages"),
        extra: section.with("extra", extra),
        redirects,
        // A broken `tls` must not look like plain HTTP to who asks further.
        tls: match tls {
            Some(tls) => Some(tls?),
            None => None,
        },
        server_names: server_names?,
    })
}

pub(super) fn port(section: &Section<'_>, default: u16) -> u16 {
    let number = section.number("listen", 1..=65_535, default.into());
    u16::try_from(number).unwrap_or(default)
}

/// Names that lead elsewhere: not to themselves, and to a name that a browser can be told.
fn redirects_apart(
    section: &Section<'_>,
    names: Option<&[ServerName]>,
    redirects: &[ServerName],
    same: impl Fn(&ServerName, &ServerName) -> bool,
) {
    let Some(names) = names else { return };
    if redirects.is_empty() {
        return;
    }
    if let Some(twice) = redirects
        .iter()
        .find(|other| names.iter().any(|name| same(name, other)))
    {
        let says = format!("`{twice}` is a `server_name` too");
        section.refuse("redirects", says, "keep it in one of the two");
    }
    if redirects.iter().any(|name| name.as_str() == "_") {
        let label = "name them; a name that nobody lists gets no answer";
        section.refuse("redirects", "`_` is no name", label);
    }
    if !names.iter().any(ServerName::is_plain) {
        let label = "they lead to the first `server_name` without a wildcard: add one";
        section.refuse("redirects", "nothing to lead to", label);
    }
}

/// Trusted text: nginx itself judges it, before it is used.
fn extra(node: &Node) -> Result<String, Fault> {
    let text = written(node)?.trim_end();
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if text.contains(odd) {
        return Err(Fault::new("a control character", "write lines of text"));
    }
    Ok(text.to_owned())
}

fn headers(section: &Section<'_>) -> BTreeMap<String, String> {
    let read = |entry| header(section, entry);
    section.every().iter().filter_map(read).collect()
}

fn header(section: &Section<'_>, entry: &Entry) -> Option<(String, String)> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if entry.key.is_empty() || entry.key.len() > 100 || !entry.key.bytes().all(token) {
        let fault = Fault::new("not a header's name", "use letters, digits and `-`");
        section.fault(&entry.key, &entry.key_span, fault);
        return None;
    }
    let value = section.convert(entry, |node| {
        let value = written(node)?;
        // nginx has no escape for `$`; what a quote means depends on those around the value.
        let plain = |letter: char| !letter.is_control() && !"$\"'\\".contains(letter);
        if value.chars().all(plain) {
            return Ok(value.to_owned());
        }
        Err(Fault::new(
            "not a literal header value",
            "without `$`, quotes, `\\` and control characters",
        ))
    })?;
    Some((entry.key.clone(), value))
}

pub(super) fn uploads(root: &Section<'_>) -> Option<Uploads> {
    let read = |section: &Section<'_>| {
        section.must_have("url", "add where they are served, such as `url: /media/`");
        let (path, url) = (section.required("path", "media"), directory_url(section));
        let max_size = section.optional("max_size").unwrap_or(MAX_BODY);
        Some(Uploads {
            path: path?,
            url: url?,
            max_size,
        })
    };
    root.present("uploads", read)?
}

/// `/static/`: without the last slash, nginx would map `/static../x` to a neighbour of the directory.
pub(super) fn directory_url(section: &Section<'_>) -> Option<UrlPath> {
    let url: UrlPath = section.optional("url")?;
    if !url.as_str().ends_with('/') {
        section.refuse("url", "the URL of a directory", format!("write `{url}/`"));
    } else if url.as_str() == "/" {
        section.refuse(
            "url",
            "it would hide the app",
            "use a path of its own, such as `/static/`",
        );
    }
    Some(url)
}

pub(super) fn health(section: &Section<'_>, nginx: Option<&Nginx>) -> Health {
    let host = |node: &Node| {
        let host: ServerName = text(node)?;
        if host.is_plain() {
            Ok(host)
        } else {
            Err(Fault::new("not a host name", "one name, no wildcard"))
        }
    };
    let named = || {
        let first = nginx.and_then(Nginx::first_name);
        first.map_or("localhost", ServerName::as_str).to_owned()
    };
    Health {
        path: section.optional("path").unwrap_or_else(UrlPath::root),
        status: section.with("status", status),
        host_header: section
            .with("host_header", host)
            .map_or_else(named, |host| host.to_string()),
        timeout: section.millis("timeout", 100..=300_000, 5_000),
    }
}

/// `200` or `200-399`.
fn status(node: &Node) -> Result<(u16, u16), Fault> {
    let text = node
        .text()
        .ok_or_else(|| Fault::expected("a status or a range of them", node))?;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let code = |text: &str| {
        let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>()
            .ok()
            .filter(|code| digits && (100..=599).contains(code))
    };
    match (code(first), code(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(Fault::new(
            "not a status",
            "write `200`, or a range such as `200-399`",
        )),
    }
}
