use std::collections::BTreeMap;
use std::time::Duration;

use super::{AcmeDirectory, AppName, Email, HostFile, RelPath, SecretSource, ServerName, Size};

/// The site in front of the app.
#[derive(Debug, Clone)]
pub struct Nginx {
    /// At least one.
    pub server_names: Vec<ServerName>,
    /// Other names, which lead to the first of those that is a plain one.
    pub redirects: Vec<ServerName>,
    /// Port; default 80.
    pub listen: u16,
    /// Unset: plain HTTP.
    pub tls: Option<Tls>,
    /// Default 10 MiB; never below `uploads.max_size`.
    pub max_body: Size,
    /// Extra response headers: name, literal value.
    pub headers: BTreeMap<String, String>,
    /// A directory of the repository with pages for nginx's own errors, such as `502.html`.
    pub error_pages: Option<RelPath>,
    /// Directives for the inside of the site, written as they are.
    pub extra: Option<String>,
}

/// How the site is reached by https; plain HTTP then only leads there.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Port; default 443.
    pub listen: u16,
    pub certificate: Certificate,
    /// How long browsers shall insist on https; unset: not told.
    pub hsts: Option<Duration>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum Certificate {
    /// Files that the host has.
    Files {
        certificate: HostFile,
        key: HostFile,
    },
    /// What the client has, and setup sends.
    Sent {
        certificate: SecretSource,
        key: SecretSource,
    },
    /// What certbot gets on the host.
    Acme(Acme),
}

/// A CA that gives certificates by itself, to who answers at the names.
#[derive(Debug, Clone)]
pub struct Acme {
    /// Where the CA may write to.
    pub email: Email,
    /// Default: Let's Encrypt.
    pub directory: AcmeDirectory,
}

impl Acme {
    /// certbot's name for the certificate. Another CA gets another one: certbot keeps what is not about to expire,
    /// whoever signed it.
    pub fn lineage(&self, app: &AppName) -> String {
        if self.directory.is_usual() {
            return format!("deployer-{app}");
        }
        let place = self.directory.as_str().trim_start_matches("https://");
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        let place: String = place.chars().map(plain).collect();
        format!("deployer-{app}-{}", place.trim_matches('-'))
    }
}

impl Tls {
    pub fn acme(&self) -> Option<&Acme> {
        match &self.certificate {
            Certificate::Acme(acme) => Some(acme),
            Certificate::Files { .. } | Certificate::Sent { .. } => None,
        }
    }
}

impl Nginx {
    /// The first name that a request may carry.
    pub fn first_name(&self) -> Option<&ServerName> {
        self.server_names.iter().find(|name| name.is_plain())
    }

    /// Whether the site answers whatever name it is asked by.
    pub fn any_name(&self) -> bool {
        self.server_names.iter().any(|name| name.as_str() == "_")
    }

    /// All ports, the one that the app is reached at first.
    pub fn ports(&self) -> Vec<u16> {
        let tls = self.tls.as_ref().map(|tls| tls.listen);
        tls.into_iter().chain([self.listen]).collect()
    }

    /// How the app is reached.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}
