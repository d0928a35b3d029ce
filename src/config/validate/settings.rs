//! Settings of gunicorn that have no key of their own.

use std::collections::BTreeMap;

use super::{Fault, Section};
use crate::config::Literal;
use crate::config::node::{Entry, Node, Plain, Value};
use crate::config::values::GunicornName;
use crate::config::words::nearest;

pub(super) fn settings(section: &Section<'_>) -> BTreeMap<GunicornName, Literal> {
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
        let (says, label) = match (owner(key), nearest(key, GunicornName::all())) {
            (Some(instead), _) => ("deployer sets it", instead.to_owned()),
            (None, Some(known)) => ("unknown setting", format!("did you mean `{known}`?")),
            (None, None) => ("unknown setting", invalid.to_string()),
        };
        section.fault(key, &entry.key_span, Fault::new(says, label));
    }
    name.ok()
}

/// Where a setting of gunicorn goes that stands beside deployer's own keys.
pub(super) fn place(key: &str) -> Option<String> {
    let setting = GunicornName::try_from(key).is_ok();
    owner(key)
        .map(str::to_owned)
        .or_else(|| setting.then(|| "put it below `gunicorn.settings`".to_owned()))
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
        "bind" => "use `gunicorn.bind`",
        "reuse_port" => "every generation serves from one queue",
        "chdir" | "pythonpath" => "the app runs in its release, which is on Python's path",
        "config" | "check_config" | "print_config" | "paste" | "raw_paste_global_conf" => {
            "deployer writes the only configuration file"
        }
        "daemon" | "pidfile" | "umask" => "the service manager does this",
        "reload" | "reload_engine" | "reload_extra_files" | "spew" => "for development only",
        "secure_scheme_headers" => "deployer's site sets the scheme",
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
        _ if HOOKS.split_whitespace().any(|hook| hook == setting) => {
            "a hook is code, and deployer's own are set"
        }
        _ => return None,
    })
}

const HOOKS: &str = "
    child_exit dirty_post_fork dirty_worker_exit dirty_worker_init nworkers_changed
    on_dirty_starting on_exit on_reload on_starting post_fork post_request post_worker_init
    pre_exec pre_fork pre_request ssl_context when_ready worker_abort worker_exit worker_int
";

fn literal(node: &Node) -> Result<Literal, Fault> {
    match &node.value {
        Value::List(items) => items
            .iter()
            .map(one)
            .collect::<Result<_, _>>()
            .map(Literal::List),
        _ => one(node),
    }
}

fn one(node: &Node) -> Result<Literal, Fault> {
    let fault = |says, label| Err(Fault::new(says, label));
    match (node.plain(), node.text()) {
        (Some(Plain::Bool(value)), _) => Ok(Literal::Bool(value)),
        (Some(Plain::Int(value)), _) => Ok(Literal::Int(value)),
        (Some(Plain::Float(value)), _) => Ok(Literal::Float(value)),
        (Some(Plain::Null), _) => fault("no value", "remove the key".into()),
        (Some(Plain::OddNumber), _) => fault(
            "not a plain number",
            "write decimal digits, or quote it".into(),
        ),
        (Some(Plain::MaybeBool(meant)), _) => fault(
            "may mean a boolean",
            format!("write `{meant}`, or quote it"),
        ),
        (_, Some(text)) if text.chars().any(char::is_control) => {
            fault("text with control characters", String::new())
        }
        (_, Some(text)) => Ok(Literal::Text(text.to_owned())),
        (_, None) => Err(Fault::expected(
            "a number, a boolean, text or a list of them",
            node,
        )),
    }
}
