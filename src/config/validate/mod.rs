//! One environment's tree -> [`Config`]. What is wrong is reported and read as its default: a
//! configuration with problems is dropped in the end, so no default hides an error.

mod env;
mod gunicorn;
mod hosts;
mod paths;
mod web;

use super::section::{Fault, Section, expected, text, written};
use super::values::{AbsPath, EnvName, GitRef, RelPath, UserName};
use super::{
    Config, Hardening, Installer, ManagerChoice, OnFailure, Python, Rollout, Service, Setup,
};

pub(super) fn config(root: &Section<'_>, environment: EnvName) -> Option<Config> {
    let app = root.required("app");
    let repo = root.required("repo");
    let branch = root.optional("branch").unwrap_or_else(GitRef::main);
    let place = root
        .optional("root")
        .or_else(|| app.as_ref().map(AbsPath::home_of));
    let user = user(root).or_else(|| app.as_ref().map(UserName::from));
    let keep_releases = root.number("keep_releases", 1..=100, 5);
    let python = root.section("python", python);
    root.missing("gunicorn", "add it, with its key `app`");
    let gunicorn = root.section("gunicorn", gunicorn::gunicorn);
    let service = root.section("service", service);
    let assets = web::assets(root);
    let uploads = web::uploads(root);
    let nginx = web::nginx(root, uploads.as_ref());
    let shared = root.list("shared", text::<RelPath>).unwrap_or_default();
    paths::apart(root);
    paths::served_apart(root, assets.as_ref(), uploads.as_ref());
    let env = root.section("env", env::env);
    let health = root.section("health", |section| web::health(section, nginx.as_ref()));
    let rollout = root.section("rollout", rollout);
    let setup = root.section("setup", setup);
    let hosts = hosts::hosts(root);
    Some(Config {
        app: app?,
        environment,
        repo: repo?,
        branch,
        root: place?,
        user: user?,
        keep_releases,
        python: python?,
        gunicorn: gunicorn??,
        service: service?,
        nginx,
        assets,
        uploads,
        shared,
        env: env?,
        health: health?,
        rollout: rollout?,
        setup: setup?,
        hosts: hosts?,
    })
}

/// Accounts that own parts of the system, or serve others.
const SYSTEM_USERS: [&str; 24] = [
    "root",
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "www-data",
    "backup",
    "list",
    "irc",
    "nobody",
    "sshd",
    "messagebus",
    "postgres",
    "mysql",
    "redis",
    "nginx",
    "sudo",
];

/// The app's account; one that exists for something else would share its files.
fn user(root: &Section<'_>) -> Option<UserName> {
    let key = if root.has("user") { "user" } else { "app" };
    let user: Option<UserName> = root.optional("user");
    let name = user.as_ref().map(UserName::as_str).or_else(|| {
        root.entries()
            .iter()
            .find(|entry| entry.key == "app")?
            .value
            .text()
    });
    if name.is_some_and(|name| SYSTEM_USERS.contains(&name)) {
        root.refuse(
            key,
            "a system account of this name exists",
            "give the app a user of its own with `user:`",
        );
    }
    user
}

fn python(section: &Section<'_>) -> Python {
    let requirements = section.list("requirements", text::<RelPath>);
    if requirements.as_ref().is_some_and(Vec::is_empty) {
        section.refuse("requirements", "an empty list", "name at least one file");
    }
    Python {
        version: section.optional("version"),
        requirements: requirements.unwrap_or_else(|| vec![RelPath::requirements()]),
        installer: section.choice(
            "installer",
            [
                ("auto", Installer::Auto),
                ("uv", Installer::Uv),
                ("pip", Installer::Pip),
            ],
        ),
        index_url: section.optional("index_url"),
        require_hashes: section.boolean("require_hashes", false),
    }
}

fn service(section: &Section<'_>) -> Service {
    Service {
        manager: section.choice(
            "manager",
            [
                ("auto", ManagerChoice::Auto),
                ("systemd", ManagerChoice::Systemd),
            ],
        ),
        hardening: section.choice(
            "hardening",
            [("basic", Hardening::Basic), ("off", Hardening::Off)],
        ),
        after: section.list("after", text).unwrap_or_default(),
        open_files: section.number("open_files", 256..=1_048_576, 16_384),
        memory_max: section.optional("memory_max"),
        start_timeout: section.seconds("start_timeout", 1..=3600, 60),
    }
}

fn rollout(section: &Section<'_>) -> Rollout {
    Rollout {
        decide: section.seconds("decide", 10..=3600, 120),
        on_failure: section.choice(
            "on_failure",
            [
                ("revert", OnFailure::Revert),
                ("stop", OnFailure::Stop),
                ("continue", OnFailure::Continue),
            ],
        ),
    }
}

fn setup(section: &Section<'_>) -> Setup {
    Setup {
        packages: section.list("packages", text).unwrap_or_default(),
        authorized_keys: section
            .list("authorized_keys", |node| public_key(written(node)?))
            .unwrap_or_default(),
    }
}

/// One line of `authorized_keys`: options if any, a key's type, the key, a comment.
fn public_key(line: &str) -> Result<String, Fault> {
    let fault = |label: &str| Err(Fault("not a public key".into(), label.into()));
    if line.contains("PRIVATE KEY") {
        return fault("a private key: remove it from the file, and take its `.pub`");
    }
    if line.trim_end().chars().any(char::is_control) {
        return fault("one line for each key");
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let of_type = |word: &str| {
        word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-") || word.starts_with("sk-")
    };
    if words
        .windows(2)
        .any(|pair| of_type(pair[0]) && pair[1].starts_with("AAAA"))
    {
        Ok(line.trim().to_owned())
    } else {
        fault("paste a whole line, such as `ssh-ed25519 AAAA... ana@laptop`")
    }
}
