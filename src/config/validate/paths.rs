use std::slice;

use super::{Fault, Section, text};
use crate::config::node::{Node, Value};
use crate::config::values::RelPath;
use crate::config::{Assets, Uploads};

/// Entries of a release that deployer or git owns.
const OWNED: [&str; 3] = [".deployer", ".git", "venv"];

/// Directories and files of `shared`; what is written as text is a directory.
pub(super) fn shared(root: &Section<'_>) -> (Vec<RelPath>, Vec<RelPath>) {
    let directory = |node: &Node| {
        database(node)?;
        Ok((text(node)?, false))
    };
    let file = |section: &Section<'_>| {
        section.must_have("file", "add the path of a file, such as `file: config.ini`");
        let path = section.with("file", |node| {
            database(node)?;
            text(node)
        });
        Some((path?, true))
    };
    let (files, directories): (Vec<_>, Vec<_>) = root
        .mixed("shared", directory, file)
        .into_iter()
        .partition(|(_, file)| *file);
    let paths = |entries: Vec<(RelPath, bool)>| entries.into_iter().map(|(path, _)| path).collect();
    (paths(directories), paths(files))
}

/// `SQLite` keeps its journal beside the database: with a link to the file alone, it would stay in the release.
fn database(node: &Node) -> Result<(), Fault> {
    let name = node.text().unwrap_or_default();
    let ends = [".sqlite3", ".sqlite", ".db", ".db3"];
    if ends.into_iter().any(|end| name.ends_with(end)) {
        return Err(Fault::new(
            "a database file",
            "share the directory it is in, such as `data`, and nothing else there",
        ));
    }
    Ok(())
}

/// A directory of the release that the file names.
struct Named<'a> {
    key: &'static str,
    path: RelPath,
    node: &'a Node,
}

/// Directories of the release may not lie in each other: a link would hide what the other means.
pub(super) fn apart(root: &Section<'_>) {
    let below = |section, key| root.peek(section).and_then(|node| node.get(key));
    let paths: Vec<Named<'_>> = named("shared", root.peek("shared"))
        .chain(named("static.source", below("static", "source")))
        .chain(named("uploads.path", below("uploads", "path")))
        .collect();
    for (index, one) in paths.iter().enumerate() {
        if OWNED.contains(&one.path.top()) {
            let label = format!("{} is not the app's own: use another name", one.path.top());
            root.fault(
                one.key,
                &one.node.span,
                Fault::new("a name that is taken", label),
            );
        }
        let overlaps =
            |other: &&Named<'_>| other.path.contains(&one.path) || one.path.contains(&other.path);
        if let Some(other) = paths[..index].iter().find(overlaps) {
            let says = format!("overlaps `{}` of `{}`", other.path, other.key);
            root.fault(one.key, &one.node.span, Fault::new(says, "keep them apart"));
        }
    }
}

fn named<'a>(key: &'static str, node: Option<&'a Node>) -> impl Iterator<Item = Named<'a>> {
    let nodes = match node.map(|node| (node, &node.value)) {
        Some((_, Value::List(items))) => items,
        Some((node, _)) => slice::from_ref(node),
        None => &[],
    };
    let path = |node: &Node| RelPath::try_from(node.get("file").unwrap_or(node).text()?).ok();
    nodes.iter().filter_map(move |node| {
        Some(Named {
            key,
            path: path(node)?,
            node,
        })
    })
}

/// Directories that nginx serves: the URL of one may not lie in that of the other.
pub(super) fn served_apart(root: &Section<'_>, assets: Option<&Assets>, uploads: Option<&Uploads>) {
    let (Some(assets), Some(uploads)) = (assets, uploads) else {
        return;
    };
    if assets.url.contains(&uploads.url) || uploads.url.contains(&assets.url) {
        let says = format!("overlaps `{}` of `static.url`", assets.url);
        if let Some(node) = root.peek("uploads").and_then(|node| node.get("url")) {
            root.fault(
                "uploads.url",
                &node.span,
                Fault::new(says, "keep them apart"),
            );
        }
    }
}
