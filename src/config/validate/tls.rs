//! `nginx.tls`: exactly one place that the certificate comes from.

use std::collections::BTreeMap;
use std::time::Duration;

use super::secrets::only;
use super::web::port;
use super::{Fault, Section};
use crate::config::node::Value;
use crate::config::values::ServerName;
use crate::config::{Acme, AcmeDirectory, Certificate, Manager, Tls};

/// Two years: what browsers' own lists ask for at least.
const LONGEST: u64 = 2 * 365 * 86_400;

pub(super) fn tls(section: &Section<'_>, manager: Manager) -> Option<Tls> {
    if manager == Manager::Upstart {
        let says = "certbot is told of nginx and reminded of renewals by systemd, which hosts of Upstart lack";
        section.refuse(
            "acme",
            says,
            "get the certificate another way, and name `certificate` and `key`",
        );
    }
    let listen = port(section, 443);
    let hsts = section.seconds("hsts", 1..=LONGEST, 0);
    Some(Tls {
        listen,
        certificate: certificate(section)?,
        hsts: Some(hsts).filter(|time| *time > Duration::ZERO),
    })
}

fn certificate(section: &Section<'_>) -> Option<Certificate> {
    if section.has("acme") {
        for key in ["certificate", "key"] {
            section.asked_for(key);
            section.refuse(key, "`acme` is there too", "keep one of the two ways");
        }
        return Some(Certificate::Acme(section.present("acme", acme)??));
    }
    section.asked_for("acme");
    section.must_have(
        "certificate",
        "add the path of a file on the host, or `{command: [...]}`, and `key` likewise; or `acme`",
    );
    section.must_have("key", "add it, as `certificate`");
    let sent = |key| {
        let node = section.peek(key).map(|node| &node.value);
        matches!(node, Some(Value::Map(_)))
    };
    match (sent("certificate"), sent("key")) {
        (false, false) => {
            let (certificate, key) = (section.optional("certificate"), section.optional("key"));
            Some(Certificate::Files {
                certificate: certificate?,
                key: key?,
            })
        }
        (true, true) => {
            let (certificate, key) = (only(section, "certificate"), only(section, "key"));
            Some(Certificate::Sent {
                certificate: certificate?,
                key: key?,
            })
        }
        _ => {
            for key in ["certificate", "key"] {
                section.asked_for(key);
            }
            if section.has("certificate") && section.has("key") {
                let label = "two paths on the host, or two sources on this machine";
                section.refuse("key", "not of the kind of `certificate`", label);
            }
            None
        }
    }
}

fn acme(section: &Section<'_>) -> Option<Acme> {
    let email = section.required("email", "ops@example.com");
    let staging = section.boolean("staging", false);
    let directory = section.optional("directory");
    if section.has("directory") && staging {
        let label = "it means Let's Encrypt's own; keep one of the two";
        section.refuse("staging", "`directory` is there too", label);
    }
    let usual = if staging {
        AcmeDirectory::staging
    } else {
        AcmeDirectory::lets_encrypt
    };
    Some(Acme {
        email: email?,
        directory: directory.unwrap_or_else(usual),
    })
}

/// A CA asks each name for an answer, and a wildcard is none that could be asked.
pub(super) fn askable(section: &Section<'_>, tls: Option<&Tls>, key: &str, names: &[ServerName]) {
    if !tls.is_some_and(|tls| matches!(tls.certificate, Certificate::Acme(_))) {
        return;
    }
    if let Some(wildcard) = names.iter().find(|name| !name.is_plain()) {
        let says = format!("`acme` has no certificate for `{wildcard}`");
        section.refuse(
            key,
            says,
            "list the names, or use `tls.certificate` and `tls.key`",
        );
    }
}

/// Two doors need two ports, and `hsts` writes a header that `headers` may have as well.
pub(super) fn apart(
    section: &Section<'_>,
    tls: Option<&Tls>,
    listen: u16,
    headers: &BTreeMap<String, String>,
) {
    let Some(tls) = tls else { return };
    if tls.listen == listen {
        let key = if section.has("listen") {
            "listen"
        } else {
            "tls"
        };
        let says = format!("https and plain HTTP both at port {listen}");
        section.refuse(key, says, "a port for each");
    }
    let twice = |name: &&String| name.eq_ignore_ascii_case("Strict-Transport-Security");
    if tls.hsts.is_some()
        && let Some(name) = headers.keys().find(twice)
        && let Some(node) = section.peek("headers")
    {
        let says = format!("`{name}` is what `tls.hsts` writes");
        let fault = Fault::new(says, "keep one of the two");
        section.fault("headers", &node.span, fault);
    }
}
