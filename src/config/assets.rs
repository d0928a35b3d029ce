use super::{CdnUrl, CommandLine, RelPath, UrlPath};

/// The `static` section: files that nginx serves.
#[derive(Debug, Clone)]
pub struct Assets {
    /// Starts and ends with `/`; default `/static/`.
    pub url: UrlPath,
    pub source: AssetSource,
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

    /// Debian packages that a host needs for it.
    pub const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Gzip => &[],
            Self::Brotli => &["brotli", "libnginx-mod-http-brotli-static"],
        }
    }
}
