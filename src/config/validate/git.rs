use super::Section;
use crate::config::{Git, GitAuth, RepoUrl};

pub(super) fn git(section: &Section<'_>, repo: Option<&RepoUrl>) -> Git {
    let auth = section.choice("auth", [("key", GitAuth::Key), ("agent", GitAuth::Agent)]);
    if auth == GitAuth::Agent && repo.is_some_and(|repo| repo.ssh_host().is_none()) {
        section.refuse("auth", "an ssh agent for https", "use an ssh URL as `repo`");
    }
    Git {
        auth,
        path: section.optional("path"),
        submodules: section
            .has("submodules")
            .then(|| section.boolean("submodules", false)),
    }
}
