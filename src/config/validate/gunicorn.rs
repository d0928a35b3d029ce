use super::{Fault, Section, settings, written};
use crate::config::values::Bind;
use crate::config::{Gunicorn, Nginx, Takeover, Trial};

pub(super) fn gunicorn(section: &Section<'_>) -> Option<Gunicorn> {
    section.elsewhere(settings::place);
    let app = section.required("app", "polls.wsgi:application");
    let threads = section.number("threads", 1..=1024, 1);
    let gunicorn = Gunicorn {
        bind: section.optional("bind"),
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
        settings: section
            .section("settings", settings::settings)
            .unwrap_or_default(),
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

/// nginx listens at its ports of every address.
pub(super) fn apart(root: &Section<'_>, bind: Option<Bind>, nginx: Option<&Nginx>) {
    let port = bind.map(Bind::port);
    let taken = |nginx: &Nginx| port.is_some_and(|port| nginx.ports().contains(&port));
    let taken = nginx.is_some_and(taken);
    if let Some(node) = root.peek("gunicorn").and_then(|node| node.get("bind"))
        && taken
    {
        let label = "choose another for one of them";
        let fault = Fault::new("nginx listens at this port", label);
        root.fault("gunicorn.bind", &node.span, fault);
    }
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
            Err(Fault::new("not a worker class", label))
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
