use std::time::Duration;

use super::{CdnUrl, CommandLine, RelPath, Storage, UrlPath};

/// The `static` section: files that nginx serves.
#[derive(Debug, Clone)]
pub struct Assets {
    /// Starts and ends with `/`; default `/static/`.
    pub url: UrlPath,
    pub source: AssetSource,
    /// What makes some of them from other files of the repository.
    pub build: Option<AssetBuild>,
    pub fingerprint: Fingerprint,
    /// Whether a reference to a missing file fails the push.
    pub strict: bool,
    /// Forms that are made when a file is published; default gzip.
    pub precompress: Vec<Encoding>,
    /// Files of the source that are served at `/` too, such as `favicon.ico`.
    pub at_root: Vec<RelPath>,
    /// How long a file that no kept release names stays reachable; default 30.
    pub keep_days: u32,
    /// What pages name in place of the site; it fetches from there.
    pub cdn: Option<CdnUrl>,
    /// Where files with a fingerprint go besides, for pages to name them there.
    pub publish: Option<Storage>,
}

impl Assets {
    /// What the app puts before a file's name.
    pub fn base(&self) -> String {
        let cdn = self.cdn.as_ref().map_or("", CdnUrl::as_str);
        format!("{cdn}{}", self.url)
    }
}

/// Where static files come from.
#[derive(Debug, Clone)]
pub enum AssetSource {
    /// A directory of the repository.
    Directory(RelPath),
    /// What this command writes into `$STATIC_ROOT`.
    Collected(CommandLine),
}

/// A command that runs in the release before static files are published, unless a kept release has the same.
#[derive(Debug, Clone)]
pub struct AssetBuild {
    pub run: CommandLine,
    /// Default: in the release.
    pub on: BuildOn,
    /// What the result depends on; empty: every file of the repository.
    pub inputs: Vec<RelPath>,
    /// The directory it writes.
    pub output: RelPath,
    /// Default 15 min.
    pub timeout: Duration,
}

/// Where a build runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum BuildOn {
    /// Each host, in the new release.
    Host,
    /// The machine of whoever deploys, in a clean checkout.
    Client,
}

/// Where a file's URL has the fingerprint of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Fingerprint {
    Filename,
    Query,
    /// Nowhere, unless the project's own tools put one into the name.
    None,
}

impl Fingerprint {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filename => "filename",
            Self::Query => "query",
            Self::None => "none",
        }
    }
}

/// A form that nginx can serve in place of the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Encoding {
    Gzip,
    Brotli,
}

impl Encoding {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "brotli",
        }
    }

    /// Debian's package of the program that makes it, where Python does not.
    pub const fn program(self) -> Option<&'static str> {
        match self {
            Self::Gzip => None,
            Self::Brotli => Some("brotli"),
        }
    }

    /// Debian's package of the module by which nginx serves it.
    pub const fn module(self) -> Option<&'static str> {
        match self {
            Self::Gzip => None,
            Self::Brotli => Some("libnginx-mod-http-brotli-static"),
        }
    }
}
