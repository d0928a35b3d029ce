use super::Section;
use crate::config::node::{Entry, Node, Value};
use crate::config::values::RelPath;
use crate::config::{Assets, Uploads};

/// Entries of a release that deployer or git owns.
const OWNED: [&str; 3] = [".deployer", ".git", "venv"];

/// Where the file names directories of the release.
const NAMED: [(&str, Option<&str>); 3] = [
    ("shared", None),
    ("static", Some("source")),
    ("uploads", Some("path")),
];

/// Directories of the release may not lie in each other: a link would hide what the other means.
pub(super) fn apart(root: &Section<'_>) {
    let mut paths: Vec<(String, RelPath, &Node)> = Vec::new();
    for (key, below) in NAMED {
        let name = below.map_or(key.to_owned(), |below| format!("{key}.{below}"));
        let read = |node: &'_ Node| RelPath::try_from(node.text()?).ok();
        paths.extend(
            values(root, key, below)
                .iter()
                .filter_map(|node| Some((name.clone(), read(node)?, node))),
        );
    }
    for (index, (key, path, node)) in paths.iter().enumerate() {
        if OWNED.contains(&path.top()) {
            root.problem(
                node.span.clone(),
                &format!("{key}: `{path}` is not the app's own"),
                "use another name",
            );
        }
        let overlaps = |(_, other, _): &&(String, RelPath, &Node)| {
            other.contains(path) || path.contains(other)
        };
        if let Some((other_key, other, _)) = paths[..index].iter().find(overlaps) {
            let title = format!("{key}: `{path}` overlaps `{other}` of `{other_key}`");
            root.problem(node.span.clone(), &title, "keep them apart");
        }
    }
}

/// Directories served by nginx; the URL of one may not lie in that of the other.
pub(super) fn served_apart(root: &Section<'_>, assets: Option<&Assets>, uploads: Option<&Uploads>) {
    let (Some(assets), Some(uploads)) = (assets, uploads) else {
        return;
    };
    if assets.url.contains(&uploads.url) || uploads.url.contains(&assets.url) {
        let span = values(root, "uploads", Some("url"))
            .first()
            .map_or(0..0, |node| node.span.clone());
        let title = format!(
            "uploads.url: `{}` overlaps `{}` of `static.url`",
            uploads.url, assets.url
        );
        root.problem(span, &title, "keep them apart");
    }
}

fn values<'a>(root: &Section<'a>, key: &str, below: Option<&str>) -> &'a [Node] {
    let find = |entries: &'a [Entry], key: &str| {
        entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    };
    let node = find(root.entries(), key).and_then(|node| match below {
        Some(below) => find(node.entries()?, below),
        None => Some(node),
    });
    match node.map(|node| (node, &node.value)) {
        Some((_, Value::List(items))) => items,
        Some((node, _)) => std::slice::from_ref(node),
        None => &[],
    }
}
