//! Templates: a name and values in, the text of a file out.
//!
//! A file's name says what it is for, and with that how a value is quoted in it: `{{ value }}` alone
//! is a literal of that format or an error, never something the format could read otherwise.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};

use crate::quote::{self, Unquotable};

/// Prefix of a name that means deployer's own template, so that an override can extend it.
const OWN: &str = "builtin/";

/// No honest template comes near it; an endless loop must end.
const FUEL: u64 = 200_000;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../templates/", $name)))),*]
    };
}

/// The templates that come with deployer.
pub const BUILT_IN: [(&str, &str); 45] = built_in![
    "cron/schedule.cron.j2",
    "cron/schedule.sh.j2",
    "gunicorn/gunicorn.conf.py.j2",
    "gunicorn/stub.py.j2",
    "maintenance.html.j2",
    "nginx/acme.conf.j2",
    "nginx/default.conf.j2",
    "nginx/site.conf.j2",
    "nginx/static.conf.j2",
    "nginx/tls.conf.j2",
    "process/launcher.sh.j2",
    "process/server.sh.j2",
    "program/listen.py.j2",
    "sudoers.j2",
    "supervisor/boot.sh.j2",
    "supervisor/control.py.j2",
    "supervisor/gunicorn.conf.j2",
    "supervisor/listen.conf.j2",
    "supervisor/recover.conf.j2",
    "supervisor/start.sh.j2",
    "supervisor/sudoers.j2",
    "supervisor/supervisord.conf.j2",
    "supervisor/trial.conf.j2",
    "supervisor/worker.conf.j2",
    "systemd/gunicorn.service.j2",
    "systemd/listen.service.j2",
    "systemd/listen.socket.j2",
    "systemd/recover.service.j2",
    "systemd/sandbox.service.j2",
    "systemd/schedule.service.j2",
    "systemd/schedule.timer.j2",
    "systemd/server.service.j2",
    "systemd/trial.service.j2",
    "systemd/worker.service.j2",
    "systemd/workers.service.j2",
    "tmpfiles.conf.j2",
    "upstart/boot.sh.j2",
    "upstart/gunicorn.conf.j2",
    "upstart/listen.conf.j2",
    "upstart/logrotate.conf.j2",
    "upstart/recover.conf.j2",
    "upstart/sudoers.j2",
    "upstart/trial.conf.j2",
    "upstart/worker.conf.j2",
    "upstart/workers.conf.j2",
];

/// Deployer's templates, some of them perhaps replaced by a project's own.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// A file of `overrides` wins over the built-in template of the same name.
    pub fn new(overrides: Option<&Path>) -> anyhow::Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // Without it no error says what was undefined.
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(50);
        environment.set_syntax(
            SyntaxConfig::builder()
                .keep_trailing_newline(true)
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .context("set the template syntax")?,
        );
        environment.set_auto_escape_callback(|name| Format::of(name).into());
        environment.set_formatter(write_quoted);
        environment.add_filter("plain", |text: &str| {
            safe(quote::plain(text).map(str::to_owned))
        });
        environment.add_filter("word", |text: &str| safe(quote::systemd(text)));
        environment.add_filter("exec", |text: &str| safe(quote::systemd_exec(text)));
        let overrides = overrides.map(Path::to_owned);
        environment.set_loader(move |name| load(overrides.as_ref(), name));
        Ok(Self { environment })
    }

    pub fn render(&self, name: &str, values: &Value) -> anyhow::Result<String> {
        let template = self.environment.get_template(name);
        template
            .and_then(|template| template.render(values))
            .map_err(|error| said(&error).context(format!("render template `{name}`")))
    }
}

/// Only the words of an error: printed as `{:?}` or `{:#}` it would list all values.
fn said(error: &Error) -> anyhow::Error {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(words, ": {error}");
        cause = error.source();
    }
    anyhow::Error::msg(words)
}

fn load(overrides: Option<&PathBuf>, name: &str) -> Result<Option<Cow<'static, str>>, Error> {
    if let Some(own) = name.strip_prefix(OWN) {
        return Ok(built_in(own));
    }
    let below = |dir: &PathBuf| {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        inside.then(|| dir.join(name))
    };
    let Some(path) = overrides.and_then(below) else {
        return Ok(built_in(name));
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(built_in(name)),
        Err(error) => {
            let what = format!("cannot read `{}`", path.display());
            Err(Error::new(ErrorKind::InvalidOperation, what).with_source(error))
        }
    }
}

fn built_in(name: &str) -> Option<Cow<'static, str>> {
    BUILT_IN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| Cow::Borrowed(*text))
}

/// How a value is written, by the name of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Nginx,
    Python,
    Shell,
    Html,
    /// Formats where quotes mean something in some lines only, such as unit files.
    Plain,
}

impl Format {
    fn of(name: &str) -> Self {
        let name = name.strip_prefix(OWN).unwrap_or(name);
        if name.ends_with(".py.j2") {
            Self::Python
        } else if name.ends_with(".sh.j2") {
            Self::Shell
        } else if name.ends_with(".html.j2") {
            Self::Html
        } else if name.starts_with("nginx/") {
            Self::Nginx
        } else {
            Self::Plain
        }
    }

    fn named(escape: &AutoEscape) -> Self {
        let AutoEscape::Custom(name) = escape else {
            return Self::Plain;
        };
        let all = [Self::Nginx, Self::Python, Self::Shell, Self::Html];
        all.into_iter()
            .find(|format| format.name() == name)
            .unwrap_or(Self::Plain)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Python => "python",
            Self::Shell => "shell",
            Self::Html => "html",
            Self::Plain => "plain",
        }
    }

    fn quote(self, text: &str) -> Result<String, Unquotable> {
        match self {
            Self::Nginx => quote::nginx(text),
            Self::Python => Ok(quote::python_text(text)),
            Self::Shell => quote::sh(text),
            Self::Html => Ok(quote::html(text)),
            Self::Plain => quote::plain(text).map(str::to_owned),
        }
    }
}

impl From<Format> for AutoEscape {
    fn from(format: Format) -> Self {
        Self::Custom(Cow::Borrowed(format.name()))
    }
}

fn write_quoted(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let format = Format::named(state.auto_escape());
    let text = match value.kind() {
        ValueKind::Undefined | ValueKind::None => {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                "the value is not set",
            ));
        }
        ValueKind::String if value.is_safe() => value.to_string(),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            format.quote(text).map_err(refused)?
        }
        ValueKind::Bool if format == Format::Python => {
            if value.is_true() {
                "True".to_owned()
            } else {
                "False".to_owned()
            }
        }
        ValueKind::Number => value.to_string(),
        kind => {
            let what = format!("a {kind} cannot be written here");
            return Err(Error::new(ErrorKind::InvalidOperation, what));
        }
    };
    out.write_str(&text).map_err(Error::from)
}

fn safe(quoted: Result<String, Unquotable>) -> Result<Value, Error> {
    quoted.map(Value::from_safe_string).map_err(refused)
}

fn refused(error: Unquotable) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string())
}
