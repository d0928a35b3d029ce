use super::{RelPath, SecretSource};

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GitAuth {
    /// With the deploy key of the host, where the URL is ssh.
    #[default]
    Key,
    /// With the ssh agent of whoever deploys, forwarded for the run.
    Agent,
    /// With a token of the client, over https.
    Token(GitToken),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitToken {
    /// Default `x-access-token`; most servers look at the token alone.
    pub username: String,
    pub source: SecretSource,
}
