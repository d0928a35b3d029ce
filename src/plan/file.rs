use serde::Serialize;

/// A file that deployer renders and a host receives, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    pub place: Place,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
    pub content: String,
}

/// Where a rendered file lives on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Place {
    /// Absolute path, owned by root: units, site, sudoers.
    System(String),
    /// Path below the app's root, owned by the login user: slot stubs.
    Root(String),
    /// Path below the release, owned by the login user.
    Release(String),
}
