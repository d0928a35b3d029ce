use super::RelPath;

/// How the code is taken from its repository.
#[derive(Debug, Clone, Default)]
pub struct Git {
    pub auth: GitAuth,
    /// The directory that becomes the release; unset means all of the repository.
    pub path: Option<RelPath>,
    /// Whether submodules are exported too; unset refuses a revision that has any.
    pub submodules: Option<bool>,
}

/// How hosts log in to the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GitAuth {
    /// With the deploy key of the host, where the URL is ssh.
    #[default]
    Key,
    /// With the ssh agent of whoever deploys, forwarded for the run.
    Agent,
}
