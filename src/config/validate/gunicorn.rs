use std::collections::BTreeMap;

use super::{Fault, Section, expected, written};
use crate::config::error::{nearest, quoted};
use crate::config::node::{Entry, Node, Plain, Value};
use crate::config::values::{GUNICORN_SETTINGS, GunicornName};
use crate::config::{Gunicorn, Literal, Takeover, Trial};

pub(super) fn gunicorn(section: &Section<'_>) -> Option<Gunicorn> {
    let app = section.required("app");
    let threads = section.number("threads", 1..=1024, 1);
    let gunicorn = Gunicorn {
        workers: section.number("workers", 1..=256, 3),
        threads,
        worker_class: worker_class(section, threads),
        timeout: section.seconds("timeout", 1..=3600, 30),
        graceful_timeout: section.seconds("graceful_timeout", 1..=3600, 30),
        preload: section.boolean("preload", false),
        max_requests: section.number("max_requests", 0..=10_000_000, 0),
        max_requests_jitter: section.number("max_requests_jitter", 0..=10_000_000, 0),
        reload: section.choice(
            "reload",
            [
                ("auto", Takeover::Auto),
                ("reload", Takeover::Reload),
                ("replace", Takeover::Replace),
                ("restart", Takeover::Restart),
            ],
        ),
        max_stall: section.millis("max_stall", 0..=600_000, 2_000),
        trial: section.choice(
            "trial",
            [
                ("boot", Trial::Boot),
                ("import", Trial::Import),
                ("off", Trial::Off),
            ],
        ),
        settings: section.section("settings", settings).unwrap_or_default(),
        // Last, so that a missing app does not keep the other keys from being read.
        app: app?,
    };
    if gunicorn.preload && gunicorn.reload == Takeover::Reload {
        let label = "a preloaded app stays in the master: use `replace` or `auto`";
        section.refuse(
            "reload",
            "`reload` cannot serve new code with `preload`",
            label,
        );
    }
    if gunicorn.max_requests_jitter > 0 && gunicorn.max_requests == 0 {
        section.refuse(
            "max_requests_jitter",
            "without `max_requests` it does nothing",
            "set both",
        );
    }
    Some(gunicorn)
}

fn worker_class(section: &Section<'_>, threads: u32) -> String {
    let class = section.with("worker_class", |node| {
        let class = written(node)?;
        let plain = class.len() <= 200
            && class.split('.').all(|part| {
                part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
        let label = "such as `gthread`, `gevent` or `uvicorn.workers.UvicornWorker`";
        if plain {
            Ok(class.to_owned())
        } else {
            Err(Fault("not a worker class".into(), label.into()))
        }
    });
    if threads > 1 && class.as_deref() == Some("sync") {
        section.refuse(
            "worker_class",
            "`sync` has one thread",
            "use `gthread`, or remove `threads`",
        );
    }
    class.unwrap_or_else(|| if threads > 1 { "gthread" } else { "sync" }.to_owned())
}

fn settings(section: &Section<'_>) -> BTreeMap<GunicornName, Literal> {
    let read = |entry| {
        let name = setting(section, entry)?;
        Some((name, section.convert(entry, literal)?))
    };
    section.every().iter().filter_map(read).collect()
}

fn setting(section: &Section<'_>, entry: &Entry) -> Option<GunicornName> {
    let key = entry.key.as_str();
    let name = GunicornName::try_from(key);
    if let Err(invalid) = name {
        let (says, label) = match (owner(key), nearest(key, GUNICORN_SETTINGS.iter().copied())) {
            (Some(instead), _) => ("deployer sets it", instead.to_owned()),
            (None, Some(known)) => ("unknown setting", format!("did you mean `{known}`?")),
            (None, None) => ("unknown setting", invalid.to_string()),
        };
        section.fault(entry, &entry.key_span, Fault(says.into(), label));
    }
    name.ok()
}

/// What to use instead of a setting of gunicorn that deployer sets itself.
fn owner(setting: &str) -> Option<&'static str> {
    Some(match setting {
        "wsgi_app" => "use `gunicorn.app`",
        "workers" => "use `gunicorn.workers`",
        "threads" => "use `gunicorn.threads`",
        "worker_class" => "use `gunicorn.worker_class`",
        "timeout" => "use `gunicorn.timeout`",
        "graceful_timeout" => "use `gunicorn.graceful_timeout`",
        "max_requests" => "use `gunicorn.max_requests`",
        "max_requests_jitter" => "use `gunicorn.max_requests_jitter`",
        "preload_app" | "preload" => "use `gunicorn.preload`",
        "raw_env" => "use `env`",
        "user" | "group" | "initgroups" => "use `user`",
        "bind" | "backlog_metric" | "reuse_port" => {
            "nginx reaches it by a socket of deployer's own"
        }
        "chdir" | "pythonpath" => "the app runs in its release, which is on Python's path",
        "config" | "check_config" | "print_config" | "paste" | "raw_paste_global_conf" => {
            "deployer writes the only configuration file"
        }
        "daemon" | "pidfile" | "umask" => "the service manager does this",
        "reload" | "reload_engine" | "reload_extra_files" | "spew" => "for development only",
        "secure_scheme_headers" | "forwarded_allow_ips_networks" => {
            "deployer's site sets the scheme"
        }
        "logconfig_dict" => "use `logconfig` with a file of the repository",
        "certfile"
        | "keyfile"
        | "ca_certs"
        | "cert_reqs"
        | "ciphers"
        | "ssl_version"
        | "do_handshake_on_connect"
        | "suppress_ragged_eofs" => "encryption ends at nginx",
        _ if setting.starts_with("control_socket") => "deployer controls gunicorn by signals",
        _ if HOOKS.contains(&setting) => "a hook is code, and deployer's own are set",
        _ => return None,
    })
}

const HOOKS: [&str; 20] = [
    "child_exit",
    "dirty_post_fork",
    "dirty_worker_exit",
    "dirty_worker_init",
    "nworkers_changed",
    "on_dirty_starting",
    "on_exit",
    "on_reload",
    "on_starting",
    "post_fork",
    "post_request",
    "post_worker_init",
    "pre_exec",
    "pre_fork",
    "pre_request",
    "ssl_context",
    "when_ready",
    "worker_abort",
    "worker_exit",
    "worker_int",
];

fn literal(node: &Node) -> Result<Literal, Fault> {
    match &node.value {
        Value::List(items) => {
            let scalar = |item: &Node| match literal(item)? {
                Literal::List(_) => Err(expected("a number, a boolean or text", item)),
                scalar => Ok(scalar),
            };
            items
                .iter()
                .map(scalar)
                .collect::<Result<_, _>>()
                .map(Literal::List)
        }
        Value::Map(_) => Err(expected("a number, a boolean, text or a list", node)),
        Value::Scalar { text, .. } => match node.plain() {
            Some(Plain::Bool(value)) => Ok(Literal::Bool(value)),
            Some(Plain::Int(value)) => Ok(Literal::Int(value)),
            Some(Plain::Float(value)) => Ok(Literal::Float(value)),
            Some(Plain::MaybeBool(meant)) => Err(Fault(
                format!("{} may mean a boolean", quoted(text)),
                format!("write `{meant}`, or quote it"),
            )),
            Some(Plain::OddNumber) => Err(Fault(
                "not a plain number".into(),
                "write decimal digits, or quote it".into(),
            )),
            Some(Plain::Null) => Err(Fault("no value".into(), "remove the key".into())),
            Some(Plain::Text(_)) | None if text.chars().any(char::is_control) => {
                Err(Fault("text with control characters".into(), String::new()))
            }
            Some(Plain::Text(_)) | None => Ok(Literal::Text(text.clone())),
        },
    }
}
