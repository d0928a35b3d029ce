use std::collections::BTreeMap;

use super::{Fault, Section, env, written};
use crate::config::node::Node;
use crate::config::values::{EnvKey, HostAddress, UserName};
use crate::config::{Host, Reach, SecretSource};

pub(super) fn hosts(
    root: &Section<'_>,
    app_user: Option<&UserName>,
    secrets: &BTreeMap<EnvKey, SecretSource>,
) -> Option<Vec<Host>> {
    let short = |node: &Node| {
        let host = host(node)?;
        match &host.reach {
            Reach::Ssh {
                user: Some(login), ..
            } if Some(login) == app_user => {
                let label = "the app would own its code: log in as another, such as `deploy`";
                Err(Fault::new("the login is the app's own user", label))
            }
            _ => Ok(host),
        }
    };
    let long = |section: &Section<'_>| {
        section.must_have("address", "add it, such as `address: deploy@web1`");
        let host = section.with("address", short);
        let env = section.present("env", |section| env::env(section, secrets));
        Some(Host {
            env: env.unwrap_or_default(),
            ..host?
        })
    };
    let same = |one: &Host, other: &Host| same(&one.reach, &other.reach);
    root.several_mixed("hosts", short, long, same)
}

/// One machine deployed to by two logins at once would still be one machine.
fn same(one: &Reach, other: &Reach) -> bool {
    match (one, other) {
        (Reach::Local, Reach::Local) => true,
        (
            Reach::Ssh {
                address: one,
                port: one_port,
                ..
            },
            Reach::Ssh {
                address: other,
                port: other_port,
                ..
            },
        ) => one.as_str().eq_ignore_ascii_case(other.as_str()) && one_port == other_port,
        _ => false,
    }
}

/// `web1`, `user@web1:2222`, `[2001:db8::1]:22` or `local`.
fn host(node: &Node) -> Result<Host, Fault> {
    let name = written(node)?;
    let fault = |says: String| Fault::new("not a host", says);
    if name.contains("://") || name.contains('/') {
        return Err(fault(
            "`user@host:port` alone: no scheme, no path".to_owned(),
        ));
    }
    if name.contains(", ") || name.split_whitespace().count() > 1 {
        return Err(fault("several hosts are a list: `[web1, web2]`".to_owned()));
    }
    let reach = if name == "local" {
        Reach::Local
    } else {
        let (user, place) = name
            .rsplit_once('@')
            .map_or((None, name), |(user, place)| (Some(user), place));
        let (address, port) = split(place);
        let invalid = |part: &str, says: &dyn std::fmt::Display| fault(format!("{part}: {says}"));
        Reach::Ssh {
            user: user
                .map(UserName::try_from)
                .transpose()
                .map_err(|says| invalid("user", &says))?,
            address: HostAddress::try_from(address).map_err(|says| invalid("host", &says))?,
            port: port.map(tcp_port).transpose()?,
        }
    };
    Ok(Host {
        name: name.to_owned(),
        reach,
        env: BTreeMap::new(),
    })
}

fn split(place: &str) -> (&str, Option<&str>) {
    match place
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((address, rest)) => (
            address,
            rest.strip_prefix(':')
                .or((!rest.is_empty()).then_some(rest)),
        ),
        None => place
            .split_once(':')
            .map_or((place, None), |(address, port)| (address, Some(port))),
    }
}

fn tcp_port(text: &str) -> Result<u16, Fault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|&port| digits && port > 0)
        .ok_or_else(|| Fault::new("not a host", "port: 1 to 65535"))
}
