//! One environment's tree -> [`Config`]. What is wrong is reported and read as its default: a
//! configuration with problems is dropped in the end, so no default hides an error.

mod assets;
mod env;
mod git;
mod gunicorn;
mod hooks;
mod hosts;
mod packages;
mod migrate;
mod paths;
mod schedules;
mod secrets;
mod server;
mod service;
mod settings;
mod storage;
mod tls;
mod web;
mod workers;

use super::node::Node;
use super::section::{Fault, Section, text, written};
use super::values::{AbsPath, EnvName, GitRef, UserName};
use super::{Config, Manager, OnFailure, Rollout, Server, Setup};

pub(super) fn config(root: &Section<'_>, environment: EnvName) -> Option<Config> {
    root.elsewhere(place);
    let app = root.required("app", "polls");
    let repo = root.required("repo", "https://github.com/acme/polls.git");
    let branch = root.optional("branch").unwrap_or_else(GitRef::main);
    let git = root.section("git", |section| git::git(section, repo.as_ref()));
    let place = root
        .optional("root")
        .or_else(|| app.as_ref().map(AbsPath::home_of));
    let user = user(root).or_else(|| app.as_ref().map(UserName::from));
    let keep_releases = root.number("keep_releases", 1..=100, 5);
    let python = root.section("python", packages::python);
    let server = server::server(root);
    let service = root.section("service", service::service);
    if let Some(service) = &service {
        service::suits(root, service);
    }
    let manager = service
        .as_ref()
        .map_or(Manager::Systemd, |service| service.manager);
    let workers = workers::workers(root, service.as_ref());
    let schedules = schedules::schedules(root, manager);
    let submodules = git.as_ref().and_then(|git| git.submodules);
    let assets = assets::assets(root, submodules);
    let uploads = web::uploads(root);
    let nginx = web::nginx(root, uploads.as_ref(), manager);
    gunicorn::apart(root, server.as_ref().and_then(Server::bind), nginx.as_ref());
    let (shared, shared_files) = paths::shared(root);
    paths::apart(root);
    paths::served_apart(root, assets.as_ref(), uploads.as_ref());
    let secrets = secrets::secrets(root);
    let env = root.section("env", |section| env::env(section, &secrets));
    let migrate = migrate::migrate(root);
    let hooks = hooks::hooks(root, root.has("migrate"));
    let health = root.section("health", |section| web::health(section, nginx.as_ref()));
    let rollout = root.section("rollout", rollout);
    let setup = root.section("setup", setup);
    let hosts = hosts::hosts(root, user.as_ref(), &secrets);
    Some(Config {
        app: app?,
        environment,
        repo: repo?,
        branch,
        git: git?,
        root: place?,
        user: user?,
        keep_releases,
        python: python?,
        server: server?,
        service: service?,
        workers,
        schedules,
        nginx,
        assets,
        uploads,
        shared,
        shared_files,
        env: env?,
        secrets,
        migrate,
        hooks,
        health: health?,
        rollout: rollout?,
        setup: setup?,
        hosts: hosts?,
    })
}

/// The section of a key that stands beside the sections.
fn place(key: &str) -> Option<String> {
    let section = match key {
        "bind" | "threads" | "worker_class" | "timeout" | "graceful_timeout" | "preload"
        | "reload" | "trial" => "gunicorn",
        "server_name" | "redirects" | "listen" | "tls" | "max_body" | "headers" | "error_pages"
        | "extra" => "nginx",
        "requirements" | "version" | "installer" | "index_url" => "python",
        "packages" | "authorized_keys" => "setup",
        "on_failure" | "decide" | "batch" => "rollout",
        "memory_max" | "open_files" | "hardening" | "manager" | "scope" | "respawn" | "umask" => {
            "service"
        }
        _ => return None,
    };
    Some(format!("put it below `{section}`"))
}

/// Accounts that own parts of the system, or serve others.
const SYSTEM_USERS: &str = "
    root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc nobody
    sshd messagebus postgres postgresql mysql redis nginx sudo docker shadow disk adm kvm lxd staff audio
    video plugdev users ssh input render tty dialout cdrom floppy tape utmp src operator crontab netdev
    lock log user systemd dbus mount shm udev initctl screen credentials nscd blkid network resolvconf
";

/// The app's account; one that exists for something else would share its files.
fn user(root: &Section<'_>) -> Option<UserName> {
    let user = root.optional("user");
    let key = if root.has("user") { "user" } else { "app" };
    let name = root.peek(key).and_then(Node::text).unwrap_or_default();
    if SYSTEM_USERS.split_whitespace().any(|taken| taken == name) {
        let label = "give the app a user of its own, such as `user: web-app`";
        root.refuse(key, "an account of the system", label);
    }
    if user
        .as_ref()
        .is_some_and(|user: &UserName| user.as_str().ends_with("-deploy"))
    {
        root.refuse(
            "user",
            "a login that deploys",
            "the app's own user cannot change its code",
        );
    }
    user
}

fn rollout(section: &Section<'_>) -> Rollout {
    let on_failure = on_failure(section);
    let batch = section.number("batch", 1..=1000, 1);
    Rollout {
        decide: section.seconds("decide", 10..=3600, 120),
        batch: section
            .has("batch")
            .then(|| usize::try_from(batch).unwrap_or(usize::MAX)),
        on_failure: section.has("on_failure").then_some(on_failure),
    }
}

fn on_failure(section: &Section<'_>) -> OnFailure {
    let words = [
        ("revert", OnFailure::Revert),
        ("stop", OnFailure::Stop),
        ("continue", OnFailure::Continue),
    ];
    section.choice("on_failure", words)
}

fn setup(section: &Section<'_>) -> Setup {
    Setup {
        packages: section.list("packages", text),
        authorized_keys: section.list("authorized_keys", |node| public_key(written(node)?)),
    }
}

/// One line of `authorized_keys`: options if any, a key's type, the key, a comment.
fn public_key(line: &str) -> Result<String, Fault> {
    let fault = |label: &str| Err(Fault::new("not a public key", label));
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
