//! Facts in, exact findings out: `tests/cases/check/NAME.facts` -> `NAME.txt`.
//!
//! A stream's first line is the login of `--login`, or `-`; each other line is a fact as a host tells it, or `lost`.
//! With a certificate among them the site has https.
//! `ACCEPT=1` writes the texts anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use deployer::config::Config;
use deployer::event::{Event, Fields, Outcome, Parser};
use deployer::report::{Examined, check_code, check_lines, check_summary, findings};
use deployer::run::{Ending, Lost, LostKind};
use deployer::target::TargetHost;

const NONCE: &str = "0123456789abcdef0123456789abcdef";
const SOURCE: &str = "
app: polls
repo: ssh://git@git.example.com/acme/polls.git
python: {version: '3.12'}
gunicorn: {app: 'polls.wsgi:application'}
nginx: {server_name: polls.example.com}
environments: {production: {hosts: deploy@web1}}
";

#[test]
fn goldens() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/check");
    let mut seen = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "facts")
        {
            continue;
        }
        seen += 1;
        let text = judged(&fs::read_to_string(&path).unwrap());
        let golden = path.with_extension("txt");
        if std::env::var_os("ACCEPT").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        if fs::read_to_string(&golden).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", golden.display()));
        }
    }
    assert!(seen > 4 && wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judged(stream: &str) -> String {
    let secure = stream.contains("\ncertificate ");
    let with = if secure {
        "nginx: {tls: {acme: {email: ops@example.com}}, "
    } else {
        "nginx: {"
    };
    let source = SOURCE.replace("nginx: {", with);
    let config = Config::parse(&source, "deploy.yaml", "production").unwrap();
    let host = TargetHost {
        host: config.hosts[0].clone(),
        login: "deploy".to_owned(),
    };
    let (login, stream) = stream.split_once('\n').unwrap();
    let ending = match stream.trim() {
        "lost" => Ending::Lost(Lost {
            kind: LostKind::Refused,
            detail: String::new(),
        }),
        _ => Ending::End {
            outcome: Outcome::Done,
            fields: Fields::new(),
        },
    };
    let facts = facts(stream);
    let found = findings(&Examined {
        config: &config,
        host: &host,
        login: Some(login).filter(|login| *login != "-"),
        facts: &facts,
        ending: &ending,
    });
    let mut lines = check_lines("web1", 4, &found);
    let nothing_live = facts.iter().all(|(what, _)| what != "live");
    let found = [found];
    lines.push(check_summary("production", &found, nothing_live));
    lines.push(format!("exit {}", check_code(&[ending], &found) as u8));
    lines.join("\n") + "\n"
}

/// As they come from a host.
fn facts(stream: &str) -> Vec<(String, Fields)> {
    let mut parser = Parser::new(NONCE);
    let mut found = Vec::new();
    parser.feed(format!("@{NONCE} hello proto=1 run=r\n").as_bytes());
    for line in stream.lines().filter(|line| *line != "lost") {
        let bytes = format!("\n@{NONCE} fact {line}\n");
        for event in parser.feed(bytes.as_bytes()) {
            if let Event::Fact { what, fields } = event {
                found.push((what, fields));
            }
        }
    }
    found
}
