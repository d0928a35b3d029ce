//! Where the packages of a release are written down.

use super::values::{ExtraName, RelPath};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packages {
    /// The first that the release has: `uv.lock`, `requirements.txt`, `pyproject.toml`, `setup.py`.
    Detect,
    /// Requirement files of the repository.
    Files(Vec<RelPath>),
    /// The project's own dependencies, as `uv.lock` has them where there is one.
    Project(Project),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    pub extras: Vec<ExtraName>,
    pub groups: Vec<ExtraName>,
}
