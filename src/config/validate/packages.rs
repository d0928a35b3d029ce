use super::{Fault, Section, text};
use crate::config::node::{Node, Plain};
use crate::config::values::RelPath;
use crate::config::{Installer, Packages, Project, Python, PythonFrom};

pub(super) fn python(section: &Section<'_>) -> Python {
    let version = section.optional("version");
    let from = from(section);
    Python {
        version,
        from,
        packages: packages(section),
        install: section.boolean("install", false),
        installer: installer(section, from),
        index_url: section.optional("index_url"),
        require_hashes: section.boolean("require_hashes", false),
    }
}

fn from(section: &Section<'_>) -> PythonFrom {
    let choices = [("host", PythonFrom::Host), ("uv", PythonFrom::Uv)];
    let from = section.choice("from", choices);
    if from == PythonFrom::Uv {
        section.must_have("version", "uv has many: such as `version: 3.12`");
    }
    from
}

fn installer(section: &Section<'_>, from: PythonFrom) -> Installer {
    let choices = [
        ("auto", Installer::Auto),
        ("uv", Installer::Uv),
        ("pip", Installer::Pip),
    ];
    match (from, section.choice("installer", choices)) {
        (PythonFrom::Uv, Installer::Pip) => {
            let label = "`from: uv` needs uv: remove one of them";
            section.refuse("installer", "pip has no Python of its own", label);
            Installer::Uv
        }
        (PythonFrom::Uv, _) => Installer::Uv,
        (PythonFrom::Host, installer) => installer,
    }
}

fn packages(section: &Section<'_>) -> Packages {
    let files = section.several("requirements", text, RelPath::eq);
    let project = project(section);
    if files.is_some() && project.is_some() {
        let label = "keep one of `requirements` and `project`";
        section.refuse("project", "packages from two places", label);
    }
    match (files, project) {
        (Some(files), _) => Packages::Files(files),
        (None, Some(project)) => Packages::Project(project),
        (None, None) => Packages::Detect,
    }
}

/// `true`, or a map.
fn project(section: &Section<'_>) -> Option<Project> {
    match section.peek("project").and_then(Node::plain) {
        Some(Plain::Bool(true)) => section.with("project", |_| Ok(Project::default())),
        Some(Plain::Bool(false)) => {
            section.with("project", |_| Ok(()))?;
            None
        }
        Some(_) => section.with("project", |node| {
            Err(Fault::expected("`true` or a map", node))
        }),
        None => section.present("project", |section| Project {
            extras: section.list("extras", text),
            groups: section.list("groups", text),
        }),
    }
}
