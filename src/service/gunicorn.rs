//! gunicorn's configuration: one per release, and one stub per slot that runs it.

use minijinja::{Value, context};

use super::{SLOTS, seconds};
use crate::config::Gunicorn;
use crate::plan::{File, Name, Place};
use crate::quote;
use crate::template::Templates;

/// Where a release keeps its own.
const CONF: &str = ".deployer/gunicorn.conf.py";

pub(super) fn files(
    gunicorn: &Gunicorn,
    values: &Value,
    templates: &Templates,
) -> anyhow::Result<Vec<File>> {
    let values = context! {
        gunicorn => self::values(gunicorn),
        settings => settings(gunicorn),
        ..values.clone()
    };
    let mut files = vec![File {
        name: Name::GunicornConf,
        place: Place::Release(CONF.to_owned()),
        mode: 0o640,
        content: templates.render("gunicorn/gunicorn.conf.py.j2", &values)?,
    }];
    for (slot, name) in SLOTS
        .into_iter()
        .zip([Name::StubA, Name::StubB, Name::StubTrial])
    {
        let values = context! { slot, ..values.clone() };
        files.push(File {
            name,
            place: Place::Root(format!("slots/{slot}.py")),
            mode: 0o644,
            content: templates.render("gunicorn/stub.py.j2", &values)?,
        });
    }
    Ok(files)
}

fn values(gunicorn: &Gunicorn) -> Value {
    context! {
        app => gunicorn.app.as_str(),
        workers => gunicorn.workers,
        threads => gunicorn.threads,
        worker_class => gunicorn.worker_class.as_str(),
        timeout => seconds(gunicorn.timeout),
        graceful_timeout => seconds(gunicorn.graceful_timeout),
        preload => gunicorn.preload,
        max_requests => gunicorn.max_requests,
        max_requests_jitter => gunicorn.max_requests_jitter,
    }
}

/// Written as Python here: a template knows no literals.
fn settings(gunicorn: &Gunicorn) -> Value {
    let literal = |value| Value::from_safe_string(quote::python(value));
    gunicorn
        .settings
        .iter()
        .map(|(name, value)| context! { name => name.as_str(), value => literal(value) })
        .collect()
}
