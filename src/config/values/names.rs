use super::{Invalid, allow, spelled, text_type};

text_type! {
    /// `[a-z][a-z0-9-]{0,30}`: it becomes part of unit, site, user and directory names.
    AppName, "an app name", app_name
}

text_type! {
    /// `[a-z][a-z0-9_-]{0,30}`
    EnvName, "an environment name", env_name
}

text_type! {
    /// A Linux account: `[a-z_][a-z0-9_-]{0,31}`.
    UserName, "a user name", user_name
}

text_type! {
    /// `[a-z][a-z0-9-]{0,23}`: it becomes part of the names of units and files.
    WorkerName, "a name of a process", worker_name
}

text_type! {
    /// A service of the host, such as `postgresql`, or a unit of systemd with its kind: `network-online.target`.
    ServiceName, "a name of a service", service_name
}

text_type! {
    /// A Debian package, such as `libpq5`.
    PackageName, "a package name", package_name
}

/// Ends of the names of the units that belong to an app.
const UNIT_ENDS: [&str; 7] = [
    "-a", "-b", "-trial", "-task", "-recover", "-listen", "-deploy",
];

const UNIT_KINDS: [&str; 6] = [
    ".service", ".target", ".socket", ".mount", ".path", ".timer",
];

fn app_name(text: &str) -> Result<(), Invalid> {
    allow(
        spelled(
            text,
            lower,
            |byte| lower(byte) || digit(byte) || byte == b'-',
            31,
        ) && !text.ends_with('-'),
        "use a-z, 0-9 and `-`, a letter first, at most 31 characters",
    )?;
    // Otherwise the units of `polls-a` would be taken for those of `polls`.
    allow(
        !UNIT_ENDS.iter().any(|end| text.ends_with(end)),
        "units of an app end in -a, -b, -trial, -task, -recover, -listen and -deploy, so its name cannot",
    )?;
    allow(
        text != "default",
        "`default` is the name of nginx's own site",
    )
}

fn worker_name(text: &str) -> Result<(), Invalid> {
    let rest = |byte| lower(byte) || digit(byte) || byte == b'-';
    allow(
        spelled(text, lower, rest, 24) && !text.ends_with('-'),
        "use a-z, 0-9 and `-`, a letter first, at most 24 characters",
    )
}

fn env_name(text: &str) -> Result<(), Invalid> {
    allow(
        spelled(
            text,
            lower,
            |byte| lower(byte) || digit(byte) || matches!(byte, b'-' | b'_'),
            31,
        ),
        "use a-z, 0-9, `-` and `_`, a letter first, at most 31 characters",
    )
}

fn user_name(text: &str) -> Result<(), Invalid> {
    let first = |byte| lower(byte) || byte == b'_';
    let rest = |byte| lower(byte) || digit(byte) || matches!(byte, b'-' | b'_');
    allow(
        spelled(text, first, rest, 32),
        "use a-z, 0-9, `-` and `_`, a letter or `_` first, at most 32 characters",
    )
}

fn service_name(text: &str) -> Result<(), Invalid> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b":_.@-".contains(&byte);
    allow(
        spelled(text, |byte| byte.is_ascii_alphanumeric(), rest, 200),
        "use letters, digits and `:_.@-`, a letter or digit first",
    )?;
    allow(
        !text.contains('.') || kind_of_unit(text).is_some(),
        "add the kind of unit, such as `.service`",
    )
}

fn kind_of_unit(name: &str) -> Option<&'static str> {
    let kinds = UNIT_KINDS.into_iter();
    kinds
        .filter(|kind| name.len() > kind.len())
        .find(|kind| name.ends_with(kind))
}

impl ServiceName {
    /// As systemd calls it.
    pub fn unit(&self) -> String {
        match kind_of_unit(&self.0) {
            Some(_) => self.0.clone(),
            None => format!("{}.service", self.0),
        }
    }

    /// Without the kind, if it has one.
    pub(crate) fn of_unit(&self) -> Option<&str> {
        self.0.strip_suffix(kind_of_unit(&self.0)?)
    }
}

fn package_name(text: &str) -> Result<(), Invalid> {
    allow(
        !text.contains([' ', ',']),
        "several packages are a list: `[libpq5, libjpeg62-turbo]`",
    )?;
    let first = |byte| lower(byte) || digit(byte);
    let rest = |byte| lower(byte) || digit(byte) || b"+.-".contains(&byte);
    allow(
        text.len() >= 2 && spelled(text, first, rest, 100) && !text.ends_with('-'),
        "use a-z, 0-9 and `+.-`, a letter or digit first, no `-` last",
    )
}

fn lower(byte: u8) -> bool {
    byte.is_ascii_lowercase()
}

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// An app runs as the user of its own name unless the file says otherwise.
impl From<&AppName> for UserName {
    fn from(app: &AppName) -> Self {
        Self(app.0.clone())
    }
}
