//! `static`: what is published, under which names, and how it is served.

use super::web::directory_url;
use super::{Fault, Section, storage, text, written};
use crate::config::node::Node;
use crate::config::values::{RelPath, UrlPath};
use crate::config::{AssetBuild, AssetSource, Assets, BuildOn, Encoding, Fingerprint};

/// Seconds that a build may take.
const BUILD: u64 = 900;

pub(super) fn assets(root: &Section<'_>, submodules: Option<bool>) -> Option<Assets> {
    let read = |section: &Section<'_>| {
        let url = directory_url(section).unwrap_or_else(UrlPath::assets);
        let source = source(section);
        let build = section
            .present("build", |section| {
                build(section, source.as_ref(), submodules)
            })
            .flatten();
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
        // Asked for where it is not there too: it is a key like any other.
        let precompress = section.list("precompress", encoding);
        Some(Assets {
            url,
            fingerprint,
            strict,
            precompress: if section.has("precompress") {
                precompress
            } else {
                vec![Encoding::Gzip]
            },
            at_root: section.list("at_root", root_file),
            keep_days: section.number("keep_days", 1..=3650, 30),
            cdn: section.optional("cdn"),
            publish: storage::publish(section),
            build,
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

fn build(
    section: &Section<'_>,
    source: Option<&AssetSource>,
    submodules: Option<bool>,
) -> Option<AssetBuild> {
    let run = section.required("run", "npm ci && npm run build");
    let output = section.optional("output");
    let published = match source {
        Some(AssetSource::Directory(source)) => Some(source),
        _ => None,
    };
    if let (Some(source), Some(output)) = (published, &output)
        && !source.contains(output)
    {
        let label = format!("a directory in `{source}`, or that itself");
        section.refuse("output", "not in `static.source`", label);
    }
    if published.is_none() {
        section.must_have("output", "add the directory that `run` writes");
    }
    let on = section.choice("on", [("host", BuildOn::Host), ("client", BuildOn::Client)]);
    if on == BuildOn::Client && submodules == Some(true) {
        let label = "the checkout on the client has none: `host`, or no `git.submodules`";
        section.refuse("on", "not with submodules", label);
    }
    let inputs = section.list("inputs", text);
    let timeout = section.seconds("timeout", 1..=86_400, BUILD);
    Some(AssetBuild {
        run: run?,
        on,
        inputs,
        output: output.or_else(|| published.cloned())?,
        timeout,
    })
}

fn encoding(node: &Node) -> Result<Encoding, Fault> {
    let all = [Encoding::Gzip, Encoding::Brotli];
    let written = written(node)?;
    all.into_iter()
        .find(|encoding| encoding.as_str() == written)
        .ok_or_else(|| match written {
            "zstd" => Fault::new(
                "unknown word",
                "nginx of Debian and Ubuntu cannot serve it; one of: gzip, brotli",
            ),
            _ => Fault::new("unknown word", "one of: gzip, brotli"),
        })
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
