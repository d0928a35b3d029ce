//! Other people's programs read every rendered site: gixy-ng looks for what is dangerous, crossplane parses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use deployer::config::Config;
use serde_json::Value;
use tempfile::TempDir;

use crate::nginx::write_conf;
use crate::sites::every_site;
use crate::{cache, cases};

fn written(config: &Config) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let conf = write_conf(config, dir.path());
    (dir, conf)
}

/// gixy would see `try_files` only beside `open_file_cache`, which goes on serving files of the release before.
/// Whether browsers shall insist on https is for the site's owner to say, in `hsts`.
const EXCEPTIONS: [&str; 2] = ["try_files_is_evil_too", "hsts_header"];

/// What gixy finds of high or medium severity.
fn grave(conf: &Path) -> Vec<String> {
    let gixy = cache::venv("gixy-ng-0.2.59", &["gixy-ng==0.2.59", "setuptools<80"]);
    let output = Command::new(gixy.join("bin/gixy"))
        .args(["-f", "json"])
        .arg(conf)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let found: Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    let grave = found.as_array().unwrap().iter();
    grave
        .filter(|one| matches!(one["severity"].as_str(), Some("HIGH" | "MEDIUM")))
        .map(|one| one["plugin"].as_str().unwrap().to_owned())
        .filter(|plugin| !EXCEPTIONS.contains(&plugin.as_str()))
        .collect()
}

#[test]
fn gixy_finds_nothing_to_worry_about() {
    for (what, config) in every_site() {
        let (_dir, conf) = written(&config);
        assert_eq!(grave(&conf), Vec::<String>::new(), "{what}");
    }
}

/// So that silence means something.
#[test]
fn gixy_would_find_what_there_is() {
    let (dir, conf) = written(&cases::full());
    let site = dir.path().join("site.conf");
    let text = fs::read_to_string(&site).unwrap();
    fs::write(
        &site,
        text.replace("location ^~ /media/ {", "location ^~ /media {"),
    )
    .unwrap();
    assert!(grave(&conf).contains(&"alias_traversal".to_owned()));
}

/// A directive as crossplane prints it, and the names of the blocks around it.
struct Directive {
    name: String,
    args: Vec<String>,
    around: Vec<String>,
}

fn directives(block: &Value, around: &[String], found: &mut Vec<Directive>) {
    for one in block.as_array().unwrap() {
        let name = one["directive"].as_str().unwrap().to_owned();
        let args: Vec<String> = one["args"]
            .as_array()
            .unwrap()
            .iter()
            .map(|arg| arg.as_str().unwrap().to_owned())
            .collect();
        if one["block"].is_array() {
            let inner = [around, &[format!("{name} {}", args.join(" "))]].concat();
            directives(&one["block"], &inner, found);
        }
        let around = around.to_vec();
        found.push(Directive { name, args, around });
    }
}

#[test]
fn every_site_is_built_as_it_should_be() {
    let crossplane = cache::venv("crossplane-0.5.8", &["crossplane==0.5.8"]);
    for (what, config) in every_site() {
        let (_dir, conf) = written(&config);
        let output = cache::run(
            Command::new(crossplane.join("bin/crossplane"))
                .args(["parse", "--combine"])
                .arg(&conf),
        );
        let parsed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(parsed["status"], "ok", "{what}: {parsed:#}");
        let mut all = Vec::new();
        directives(&parsed["config"][0]["parsed"], &[], &mut all);
        judge(what, &all);
    }
}

fn judge(what: &str, all: &[Directive]) {
    let named = |name: &'static str| all.iter().filter(move |one| one.name == name);
    let servers = named("server").filter(|one| one.around.last().is_some_and(|at| at == "http "));
    let tokens = named("server_tokens").filter(|one| one.args == ["off"]);
    assert_eq!(servers.count(), tokens.count(), "{what}: server_tokens");
    for header in named("add_header") {
        assert_eq!(
            header.args.last().unwrap(),
            "always",
            "{what}: {:?}",
            header.args
        );
        let around = header.around.last().unwrap();
        assert!(
            around.starts_with("server"),
            "{what}: {:?} in {around}",
            header.args
        );
    }
    for alias in named("alias") {
        let location = alias.around.last().unwrap();
        assert!(
            alias.args[0].ends_with('/') && location.ends_with('/'),
            "{what}: {location}"
        );
    }
    let mut defaults: Vec<&String> = named("listen")
        .filter(|one| one.args.iter().any(|arg| arg == "default_server"))
        .map(|one| &one.args[0])
        .collect();
    let count = defaults.len();
    defaults.dedup();
    assert_eq!(defaults.len(), count, "{what}: two default servers");
    let mut listened: Vec<&String> = named("listen").map(|one| &one.args[0]).collect();
    listened.sort();
    listened.dedup();
    assert_eq!(
        listened.len(),
        count,
        "{what}: a port without a default server"
    );
    // Where TLS is spoken, also by the default server, it is said how.
    let secure = named("listen").filter(|one| one.args.contains(&"ssl".to_owned()));
    let secure = secure.filter(|one| !one.args[0].starts_with('[')).count();
    assert_eq!(
        named("ssl_protocols").count(),
        secure,
        "{what}: ssl_protocols"
    );
    assert_eq!(named("ssl_ciphers").count(), secure, "{what}: ssl_ciphers");
}
