//! `deploy.yaml` in, a configuration or the exact errors out.

use std::path::{Path, PathBuf};
use std::{env, fs};

use deployer::config::{Config, ConfigErrors, EnvName, Gunicorn, SecretSource, Server};

const CASES: &str = "tests/cases/config";

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(CASES).expect("the directory of cases");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    cases.sort();
    cases
}

/// As a user would who stands beside the file.
fn load(case: &Path) -> Result<Config, ConfigErrors> {
    match fs::read_to_string(case) {
        Ok(source) => Config::parse(&source, "deploy.yaml", "production"),
        Err(_) => Config::load(case, "production"),
    }
}

/// `NAME.yaml` gives `NAME.stderr`, and nothing where it is good; `ACCEPT=1` writes what is given.
#[test]
fn each_case_has_its_exact_errors() {
    let accept = env::var_os("ACCEPT").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let golden = case.with_extension("stderr");
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        let given = load(&case)
            .err()
            .map(|errors| errors.render(false))
            .unwrap_or_default();
        if given == expected {
            continue;
        }
        if accept {
            fs::write(&golden, &given).expect("the golden can be written");
        } else {
            wrong.push(format!(
                "{}:\n{given}\nexpected:\n{expected}",
                case.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_cases_that_say_so_are_good() {
    for case in cases() {
        let name = case
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned());
        let good = name.is_some_and(|name| name.ends_with("good") || name == "minimal");
        assert_eq!(load(&case).is_ok(), good, "{}", case.display());
    }
}

/// Every secret in the cases is `hunter2`.
#[test]
fn no_error_shows_a_secret() {
    for case in cases() {
        if let Err(errors) = load(&case) {
            let shown = format!("{errors}{errors:?}{}", errors.render(true));
            assert!(!shown.contains("hunter2"), "{}:\n{shown}", case.display());
        }
    }
}

fn gunicorn(config: &Config) -> &Gunicorn {
    match &config.server {
        Server::Gunicorn(gunicorn) => gunicorn,
        Server::Own(own) => panic!("{own:?}"),
    }
}

#[test]
fn values_of_the_environment_stay_as_they_are_written() {
    let case = Path::new(CASES).join("env-hostile-values-are-good.yaml");
    let config = load(&case).expect("a good file");
    let value = |key: &str| {
        let found = config.env.iter().find(|(name, _)| name.as_str() == key);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(value("SPACES"), Some("  a  "));
    assert_eq!(value("QUOTES"), Some("a\"b'c"));
    assert_eq!(value("SHELL"), Some("$HOME $(id) `id`"));
    assert_eq!(value("PERCENT"), Some("100%n"));
    assert_eq!(value("PEM"), Some("-----BEGIN\nx\n"));
    assert_eq!(value("ESCAPE"), Some("\u{1b}[31m"));
    assert_eq!(value("EMPTY"), Some(""));
    assert_eq!(value("BACK"), Some("a\\"));
}

#[test]
fn an_environment_lies_over_what_all_share() {
    let case = Path::new(CASES).join("environment-overlay-is-good.yaml");
    let config = load(&case).expect("a good file");
    assert_eq!(
        (gunicorn(&config).workers, gunicorn(&config).app.module()),
        (8, "polls.wsgi")
    );
    assert!(config.nginx.is_none() && config.env.is_empty());
}

#[test]
fn anchors_reach_into_an_environment() {
    let case = Path::new(CASES).join("anchors-in-an-environment-are-good.yaml");
    let source = fs::read_to_string(case).expect("a file");
    let read = |environment| {
        let config = Config::parse(&source, "deploy.yaml", environment).expect("a good file");
        let env = config.env.clone().into_iter();
        let env: Vec<(String, String)> = env.map(|(key, value)| (key.to_string(), value)).collect();
        (gunicorn(&config).workers, env)
    };
    let env = |level: &str| {
        let pairs = [("LEVEL", level), ("REGION", "eu")];
        pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec()
    };
    assert_eq!(read("production"), (16, env("debug")));
    assert_eq!(read("staging"), (3, env("info")));
}

#[test]
fn an_environment_has_secrets_of_its_own() {
    let case = Path::new(CASES).join("secrets-of-all-kinds-are-good.yaml");
    let config = load(&case).expect("a good file");
    let shown: Vec<String> = config
        .secrets
        .iter()
        .map(|(key, source)| match source {
            SecretSource::Variable(name) => format!("{key} = ${name}"),
            SecretSource::Command { argv, timeout } => format!("{key} = {argv:?} in {timeout:?}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"API_TOKEN = ["sh", "-c", "op read op://web/api | head -n 1"] in 30s"#,
            r#"DATABASE_URL = ["pass", "show", "polls/db"] in 120s"#,
            r#"PATH_LIKE = ["pass", "show", "path"] in 30s"#,
            "SECRET_KEY = $PRODUCTION_KEY",
        ]
    );
}

/// Each is a file that somebody may write, with the text that answers it.
#[test]
fn there_are_many_ways_to_be_wrong() {
    let bad = cases()
        .into_iter()
        .filter(|case| case.with_extension("stderr").exists());
    assert!(bad.count() >= 130);
}

/// The shortest file with what `deploy.example.yaml` says beyond defaults.
const SHORT: &str = "
app: polls
repo: https://github.com/acme/polls.git
gunicorn: {app: polls.wsgi}
nginx: {server_name: polls.example.com}
static: {source: static}
uploads: {path: media, url: /media/}
migrate: python manage.py migrate --noinput
environments:
  production: {hosts: deploy@web1.example.com}
";

const EXAMPLE: &str = include_str!("../deploy.example.yaml");

#[test]
fn the_example_states_the_real_defaults() {
    let example = Config::parse(EXAMPLE, "deploy.example.yaml", "production").expect("a good file");
    let short = SHORT.replace("polls.wsgi}", "polls.wsgi:application}");
    let short = Config::parse(&short, "short.yaml", "production").expect("a good file");
    assert_eq!(format!("{example:#?}"), format!("{short:#?}"));
    Config::parse(EXAMPLE, "deploy.example.yaml", "staging").expect("a good file");
}

/// The same for what stands there as a comment.
#[test]
fn the_example_states_the_real_defaults_of_what_it_leaves_out() {
    // A key, those below it that have no default or exclude another, and how a short file says the same.
    let cases: [(&str, &[&str], &str, &str); 6] = [
        (
            "server",
            &[],
            "gunicorn: {app: polls.wsgi}",
            "server: {command: uvicorn polls.asgi:application --uds $DEPLOYER_SOCKET}",
        ),
        (
            "workers",
            &["memory_max"],
            "nginx:",
            "workers: {celery: celery -A polls worker}\nnginx:",
        ),
        (
            "schedules",
            &[],
            "nginx:",
            "schedules: {clean-up: {run: python manage.py clearsessions, cron: 30 4 * * *}}\nnginx:",
        ),
        (
            "tls",
            &["acme", "email", "staging", "directory", "hsts"],
            "polls.example.com}",
            "polls.example.com, tls: {certificate: /etc/ssl/polls/fullchain.pem, key: /etc/ssl/polls/key.pem}}",
        ),
        (
            "tls",
            &["certificate", "key", "directory", "hsts"],
            "polls.example.com}",
            "polls.example.com, tls: {acme: {email: ops@example.com}}}",
        ),
        (
            "publish",
            &["prefix", "profile"],
            "source: static}",
            "source: static, cdn: 'https://cdn.example.com', publish: {s3: {bucket: polls-static, \
             endpoint: 'https://s3.example.com', credentials: {command: [aws, configure, export-credentials, --format, process]}}}}",
        ),
    ];
    let read = |source: &str| {
        Config::parse(source, "deploy.yaml", "production")
            .unwrap_or_else(|errors| panic!("{errors}\n{source}"))
    };
    for (key, without, long, short) in cases {
        let short = SHORT.replace(long, short);
        let short = read(&short.replace("polls.wsgi}", "polls.wsgi:application}"));
        let example = read(&uncommented(key, without));
        assert_eq!(format!("{example:#?}"), format!("{short:#?}"), "{key}");
    }
}

/// The example with what it has of a key as a comment, but for some keys below that.
fn uncommented(key: &str, without: &[&str]) -> String {
    let (before, rest) = EXAMPLE.split_once("\ngunicorn:\n").expect("gunicorn");
    let (_, after) = rest.split_once("\n# Another server").expect("server");
    let text = match key {
        "server" => format!("{before}\n# Another server{after}"),
        "workers" => EXAMPLE
            .replace("#   celery:", "# workers:\n#   celery:")
            .replace("\nworkers: {}", ""),
        "schedules" => EXAMPLE
            .replace("#   clean-up:", "# schedules:\n#   clean-up:")
            .replace("\nschedules: {}", ""),
        "publish" => EXAMPLE
            .replace("# cdn:", "cdn:")
            .replace("eu-central-1 # default us-east-1", "us-east-1"),
        _ => EXAMPLE.to_owned(),
    };
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let (comment, starts) = match line.split_once("# ") {
            Some((indent, text)) if indent.trim().is_empty() => {
                (true, text.starts_with(&format!("{key}:")))
            }
            _ => (false, false),
        };
        inside = comment && (inside || starts);
        let line = if inside {
            line.replacen("# ", "", 1)
        } else {
            line.to_owned()
        };
        let left_out = |key: &&str| line.trim_start().starts_with(&format!("{key}:"));
        if !(inside && without.iter().any(left_out)) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Keys without a default stand in the example as comments: `# version: 3.12`.
#[test]
fn the_example_is_good_with_its_optional_keys() {
    let is_key = |line: &str| {
        let key = line
            .trim_start()
            .strip_prefix("# ")
            .and_then(|line| line.split_once(": "));
        key.is_some_and(|(key, value)| {
            key.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                && !value.contains(' ')
        })
    };
    let uncommented = |line| {
        if is_key(line) {
            line.replacen("# ", "", 1)
        } else {
            line.to_owned()
        }
    };
    let all: Vec<String> = EXAMPLE.lines().map(uncommented).collect();
    let config = Config::parse(&all.join("\n"), "deploy.example.yaml", "production").expect("good");
    assert!(config.python.version.is_some() && config.python.index_url.is_some());
    assert!(config.service.memory_max.is_some() && config.health.status.is_some());
}

/// What stands in the example's comment on `secrets`, read.
#[test]
fn the_examples_of_secrets_are_good() {
    let (above, _) = EXAMPLE.split_once("\nsecrets: {}").expect("the key");
    let comment = above.lines().rev().map_while(|line| line.strip_prefix('#'));
    let examples = comment.filter_map(|line| line.strip_prefix("   "));
    let secrets: Vec<String> = examples.map(|line| format!("  {line}")).collect();
    let source = EXAMPLE.replace("secrets: {}", &format!("secrets:\n{}", secrets.join("\n")));
    let config = Config::parse(&source, "deploy.example.yaml", "production").expect("good");
    let limits: Vec<Option<u64>> = config
        .secrets
        .values()
        .map(|source| match source {
            SecretSource::Variable(_) => None,
            SecretSource::Command { timeout, .. } => Some(timeout.as_secs()),
        })
        .collect();
    // By name: API_TOKEN, DATABASE_URL, SECRET_KEY.
    assert_eq!(limits, [Some(60), Some(30), None]);
}

/// The reader names the keys it knows when it finds one that it does not.
#[test]
fn the_example_has_every_key() {
    let asked = "static: {zzzzzzzz: 1, build: {zzzzzzzz: 1}, publish: {s3: {zzzzzzzz: 1, credentials: {zzzzzzzz: 1}}}}\nuploads: {zzzzzzzz: 1}\nnginx: {zzzzzzzz: 1, tls: {zzzzzzzz: 1, acme: {zzzzzzzz: 1}}}\n\
        gunicorn: {zzzzzzzz: 1}\npython: {zzzzzzzz: 1, project: {zzzzzzzz: 1}}\nservice: {zzzzzzzz: 1}\nhealth: {zzzzzzzz: 1}\n\
        rollout: {zzzzzzzz: 1}\nmigrate: {zzzzzzzz: 1}\n\
        hooks: {zzzzzzzz: 1, before_build: {zzzzzzzz: 1}}\nsetup: {zzzzzzzz: 1}\ngit: {zzzzzzzz: 1, token: {zzzzzzzz: 1}}\n\
        workers: {any: {zzzzzzzz: 1}}\nschedules: {any: {zzzzzzzz: 1}}\nzzzzzzzz: 1\n\
        environments: {production: {hosts: [{zzzzzzzz: 1}]}}\n";
    let server = "server: {zzzzzzzz: 1}\nenvironments: {production: {}}\n";
    let mut lists = 0;
    for asked in [asked, server] {
        let errors = Config::parse(asked, "deploy.yaml", "production").expect_err("unknown keys");
        for (_, _, says, label) in errors.list() {
            let Some(keys) = label.strip_prefix("known: ") else {
                continue;
            };
            lists += 1;
            let path = says.split_once(": ").map(|(path, _)| path);
            for key in keys.split(", ") {
                assert!(
                    stands_in_the_example(path, key),
                    "`{key}` is not in deploy.example.yaml where {says}"
                );
            }
        }
    }
    assert_eq!(lists, 25);
}

/// Whether the example has the key where it says all of the section, or of what the section is like.
fn stands_in_the_example(path: Option<&str>, key: &str) -> bool {
    let top = match path {
        Some("git.token") => "secrets",
        None if key == "hosts" => "environments",
        Some(path) => path.split('.').next().unwrap_or_default(),
        None => key,
    };
    let starts = |line: &str| {
        let line = line.strip_prefix("# ").unwrap_or(line);
        line.starts_with(&format!("{top}:"))
    };
    // An indented paragraph goes on with what is above it.
    let text = EXAMPLE.replace("\n\n ", "\n ");
    let section = text.split("\n\n").find(|part| part.lines().any(starts));
    section.is_some_and(|section| {
        let key = format!("{key}:");
        let mut found = section.match_indices(&key);
        found.any(|(at, _)| !section[..at].ends_with(|c: char| c.is_ascii_lowercase() || c == '_'))
    })
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let errors = Config::load(Path::new("no/such.yaml"), "production").expect_err("no file");
    assert_eq!(
        errors.to_string(),
        "error: `no/such.yaml`: there is no such file\n |\n = help: run this where the app's `deploy.yaml` is, or name it with `--config`"
    );
}

#[test]
fn a_file_of_another_kind_is_not_read() {
    let large = tempfile::NamedTempFile::new().expect("a file");
    fs::write(large.path(), "a".repeat((1 << 20) + 1)).expect("a large file");
    let errors = Config::load(large.path(), "production").expect_err("too large");
    assert!(
        errors.to_string().ends_with("`: larger than 1 MiB"),
        "{errors}"
    );
}

#[test]
fn environments_are_listed_in_their_order() {
    let names = Config::environments(EXAMPLE, "deploy.example.yaml").expect("a good file");
    let names: Vec<&str> = names.iter().map(EnvName::as_str).collect();
    assert_eq!(names, ["production", "staging"]);
}

/// What there may only be one of belongs to the first host of the file, whichever hosts a run is about.
#[test]
fn one_of_a_kind_belongs_to_the_first_host() {
    let minimal = fs::read_to_string(Path::new(CASES).join("minimal.yaml")).expect("a case");
    let source = minimal.replace("deploy@web1.example.com", "[web1, web2]")
        + "workers: {celery: ./work, beat: {command: ./beat, on: first}}
schedules:
  once: {run: ./once, cron: '@daily'}
  everywhere: {run: ./clean, cron: '@daily', on: each}
";
    let config = Config::parse(&source, "deploy.yaml", "production")
        .unwrap_or_else(|errors| panic!("{errors}"));
    let names = |config: &Config| {
        let workers = config.workers.keys();
        let names = workers.chain(config.schedules.keys());
        names.map(ToString::to_string).collect::<Vec<_>>()
    };
    let first = config.on(&config.hosts[0]);
    assert_eq!(names(&first), ["beat", "celery", "everywhere", "once"]);
    let second = config.on(&config.hosts[1]);
    assert_eq!(names(&second), ["celery", "everywhere"]);
}
