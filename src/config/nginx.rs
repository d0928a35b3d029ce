use std::collections::BTreeMap;
use std::time::Duration;

use super::{HostFile, SecretSource, ServerName, Size};

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
