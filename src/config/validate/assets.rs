//! `static`: what is published, under which names, and how it is served.

use super::web::directory_url;
use super::{Fault, Section, text, written};
use crate::config::node::Node;
use crate::config::values::{RelPath, UrlPath};
use crate::config::{AssetSource, Assets, Encoding, Fingerprint};

pub(super) fn assets(root: &Section<'_>) -> Option<Assets> {
    let read = |section: &Section<'_>| {
        let url = directory_url(section).unwrap_or_else(UrlPath::assets);
        let source = source(section);
        let words = [
            ("filename", Fingerprint::Filename),
            ("query", Fingerprint::Query),
            ("none", Fingerprint::None),
        ];
        let fingerprint = section.choice("fingerprint", words);
        let strict = section.boolean("strict", false);
        if strict && fingerprint == Fingerprint::None {
            let label =
                "remove it: without fingerprints of deployer's own, references are not looked at";
            section.refuse("strict", "nothing to be strict about", label);
        }
        let precompress = section
            .has("precompress")
            .then(|| section.list("precompress", encoding));
        Some(Assets {
            url,
            fingerprint,
            strict,
            precompress: precompress.unwrap_or_else(|| vec![Encoding::Gzip]),
            at_root: section.list("at_root", root_file),
            keep_days: section.number("keep_days", 1..=3650, 30),
            cdn: section.optional("cdn"),
            source: source?,
        })
    };
    root.present("static", read)?
}

fn source(section: &Section<'_>) -> Option<AssetSource> {
    if section.has("source") && section.has("collect") {
        let label = "keep one: `collect` gathers from directories of the release too";
        section.refuse("collect", "`source` is there as well", label);
    } else if !section.has("collect") {
        section.must_have(
            "source",
            "add a directory, such as `source: static`, or `collect`",
        );
    }
    let directory = section.optional("source").map(AssetSource::Directory);
    let collected = section.optional("collect").map(AssetSource::Collected);
    collected.or(directory)
}

fn encoding(node: &Node) -> Result<Encoding, Fault> {
    let all = [Encoding::Gzip, Encoding::Brotli];
    let written = written(node)?;
    all.into_iter()
        .find(|encoding| encoding.as_str() == written)
        .ok_or_else(|| Fault::new("unknown word", "one of: gzip, brotli"))
}

fn root_file(node: &Node) -> Result<RelPath, Fault> {
    let file: RelPath = text(node)?;
    if file.as_str().contains('/') || file.as_str().starts_with('.') {
        return Err(Fault::new(
            "not a file at the top of the static files",
            "one name, such as `favicon.ico`",
        ));
    }
    Ok(file)
}
