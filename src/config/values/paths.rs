use super::{AppName, Invalid, allow, text_type};

text_type! {
    /// An absolute directory that an app may own: no `..`, nothing a unit or a site could expand.
    AbsPath, "a directory for an app", abs_path
}

text_type! {
    /// A file that the host has, by its absolute path.
    HostFile, "a file on the host", host_file
}

text_type! {
    /// A path below a release: no `.`, `..` or empty part.
    RelPath, "a path inside the repository", rel_path
}

text_type! {
    /// The path of a URL: starts with `/`, no `//`, `.` or `..` part, nothing escaped.
    UrlPath, "a URL path", url_path
}

/// A Unix socket's name has 107 bytes at most, and an app's socket lies below its root.
const LONGEST_ROOT: usize = 60;

/// Owned by the system at any depth.
const SYSTEM_TREES: [&str; 13] = [
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys",
    "tmp",
];

/// Shared by many: an app's own directory lies at least two levels below.
const CROWDED: [&str; 3] = ["home", "usr", "var"];

/// Made to hold such directories, but not to be one.
const PARENTS: [&str; 4] = ["media", "mnt", "opt", "srv"];

fn abs_path(text: &str) -> Result<(), Invalid> {
    let below = text.strip_prefix('/').ok_or(Invalid("start with `/`"))?;
    allow(
        text.len() <= LONGEST_ROOT,
        "at most 60 characters: socket names are short",
    )?;
    allow(plain_parts(below), PLAIN_PARTS)?;
    let parts: Vec<&str> = below.split('/').collect();
    let depth = parts.len();
    let taken = SYSTEM_TREES.contains(&parts[0])
        || (depth <= 2 && CROWDED.contains(&parts[0]))
        || (depth == 1 && PARENTS.contains(&parts[0]))
        || parts.starts_with(&["var", "lib", "deployer"]);
    allow(
        !taken,
        "it belongs to the system; use a directory of the app's own, such as `/srv/<app>`",
    )
}

fn host_file(text: &str) -> Result<(), Invalid> {
    let below = text
        .strip_prefix('/')
        .ok_or(Invalid("an absolute path: start with `/`"))?;
    allow(text.len() <= 200 && plain_parts(below), PLAIN_PARTS)
}

const PLAIN_PARTS: &str = "use letters, digits and `._-` between single `/`, no part that starts with `-` or is `.` or `..`";

fn rel_path(text: &str) -> Result<(), Invalid> {
    allow(
        !text.starts_with('/'),
        "relative to the repository, so no `/` first",
    )?;
    allow(!text.ends_with('/'), "without the last `/`")?;
    allow(text.len() <= 200 && plain_parts(text), PLAIN_PARTS)
}

/// None of the parts is empty, special, or could be read as an option.
fn plain_parts(text: &str) -> bool {
    text.split('/').all(|part| {
        !matches!(part, "" | "." | "..")
            && !part.starts_with('-')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    })
}

fn url_path(text: &str) -> Result<(), Invalid> {
    let below = text.strip_prefix('/').ok_or(Invalid("start with `/`"))?;
    let inner = below.strip_suffix('/').unwrap_or(below);
    let plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
    };
    allow(
        text.len() <= 200 && (below.is_empty() || inner.split('/').all(plain)),
        "use letters, digits and `._~-` between single `/`, no query and no `..`",
    )
}

impl AbsPath {
    /// Where an app lives unless the file says otherwise.
    pub(in crate::config) fn home_of(app: &AppName) -> Self {
        Self(format!("/srv/{app}"))
    }
}

impl UrlPath {
    pub(in crate::config) fn root() -> Self {
        Self("/".to_owned())
    }

    pub(in crate::config) fn assets() -> Self {
        Self("/static/".to_owned())
    }

    /// Whether every URL of `other` lies below this one.
    pub(in crate::config) fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl RelPath {
    /// Whether `other` is this directory or lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        other
            .0
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The first part: the entry of the release it is or lies in.
    pub fn top(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}
