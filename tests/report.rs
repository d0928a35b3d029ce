//! Recorded streams in, exact text and exit code out: `tests/cases/report/NAME.events` -> `NAME.txt`.
//!
//! A stream's first line is `COMMAND ENVIRONMENT HOST...`, with `-v` or `-q` before it. Then, one a line: `+1.5` lets
//! time pass; `HOST: TEXT` is a line from the host, with `@` alone for the run's nonce and `\e \r \xNN` for bytes;
//! `HOST! WORD` is the client's own news. `ACCEPT=1` writes the texts anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use deployer::event::{Event, Outcome, Parser};
use deployer::report::{Detail, Mask, Paint, Report, Screen, Subject};
use deployer::run::{Ending, HostKey, Lost, LostKind, News, Signal, Update, Verb};
use std::fs;
use std::path::Path;
use std::time::Duration;

const NONCE: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn goldens() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/report");
    let mut seen = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "events")
        {
            continue;
        }
        seen += 1;
        let text = replay(&fs::read_to_string(&path).unwrap());
        let golden = path.with_extension("txt");
        if std::env::var_os("ACCEPT").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        if fs::read_to_string(&golden).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", golden.display()));
        }
    }
    assert!(seen > 10 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_control_byte_and_no_bare_command_leaves() {
    let stream = "-v push production web1\nweb1! connected\nweb1: @ hello run=r\nweb1: @ step virtualenv\n\
                  web1: \\e]52;c;eA==\\x07\\x00\\x9b31m\nweb1: ::error::x\nweb1: ##[error]x\n\
                  web1: @ done virtualenv rc=1 cs=1\nweb1: @ failed virtualenv reason=%1b%5b2J\nweb1: @ end prepare-failed\n";
    let text = replay(stream);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    assert!(
        !text
            .lines()
            .any(|line| line.trim_start().starts_with("::") || line.contains("##[")),
        "{text}"
    );
}

#[test]
fn a_secret_that_a_program_prints_is_hidden() {
    let mut out = Vec::new();
    let mask = Mask::new(["s3cr3t-value"]);
    let subject = subject("push production web1");
    let mut report = Report::new(
        subject,
        Detail::Verbose,
        Paint::new(false),
        Screen::plain(&mut out),
    )
    .masking(mask);
    let mut fields = deployer::event::Fields::new();
    fields.insert("reason".to_owned(), "s3cr3t-value".to_owned());
    for event in [
        Event::StepStarted {
            step: "x".to_owned(),
        },
        Event::Output("DATABASE_URL=s3cr3t-value".to_owned()),
        Event::Failed {
            step: "trial".to_owned(),
            fields,
        },
    ] {
        report
            .update(&Update {
                host: 0,
                at: Duration::ZERO,
                news: News::Event(event),
            })
            .unwrap();
    }
    let ending = Ending::End {
        outcome: Outcome::PrepareFailed,
        fields: deployer::event::Fields::new(),
    };
    report
        .update(&Update {
            host: 0,
            at: Duration::ZERO,
            news: News::Ended(ending),
        })
        .unwrap();
    report.close().unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains("DATABASE_URL=***") && !text.contains("s3cr3t"),
        "{text}"
    );
}

#[test]
fn colour_is_asked_for() {
    let subject = subject("push production web1");
    let mut out = Vec::new();
    {
        let mut report = Report::new(
            subject,
            Detail::Normal,
            Paint::new(true),
            Screen::plain(&mut out),
        );
        report
            .update(&Update {
                host: 0,
                at: Duration::ZERO,
                news: News::Connected,
            })
            .unwrap();
        report.close().unwrap();
    }
    assert!(String::from_utf8(out).unwrap().contains("\u{1b}[31m"));
}

fn subject(line: &str) -> Subject {
    let mut words = line.split(' ').map(ToOwned::to_owned);
    Subject {
        command: words.next().unwrap(),
        environment: words.next().unwrap(),
        hosts: words.collect(),
    }
}

fn replay(stream: &str) -> String {
    let mut lines = stream.lines().filter(|line| !line.starts_with('#'));
    let mut head = lines.next().unwrap();
    let mut detail = Detail::Normal;
    if let Some(rest) = head.strip_prefix("-v ") {
        (detail, head) = (Detail::Verbose, rest);
    } else if let Some(rest) = head.strip_prefix("-q ") {
        (detail, head) = (Detail::Quiet, rest);
    }
    let subject = subject(head);
    let hosts = subject.hosts.clone();
    let mut parsers: Vec<_> = hosts.iter().map(|_| Parser::new(NONCE)).collect();
    let mut out = Vec::new();
    let mut report = Report::new(subject, detail, Paint::new(false), Screen::plain(&mut out));
    let mut at = Duration::ZERO;
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(seconds) = line.strip_prefix('+') {
            at += Duration::from_secs_f64(seconds.parse().unwrap());
            continue;
        }
        let end = line.find([':', '!']).unwrap();
        let host = hosts.iter().position(|host| *host == line[..end]).unwrap();
        let rest = line[end + 1..].trim_start();
        let news = match &line[end..=end] {
            ":" => parsers[host]
                .feed(&bytes(rest))
                .into_iter()
                .map(of_host)
                .collect(),
            _ => vec![own(rest)],
        };
        for news in news {
            report.update(&Update { host, at, news }).unwrap();
        }
    }
    let code = report.close().unwrap();
    let text = String::from_utf8(out).unwrap();
    format!("{text}exit {} {code:?}\n", code as u8)
}

fn of_host(event: Event) -> News {
    match event {
        Event::Ended { outcome, fields } => News::Ended(Ending::End { outcome, fields }),
        event => News::Event(event),
    }
}

fn own(text: &str) -> News {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let key = || HostKey {
        name: "[web1]:2222".to_owned(),
        fingerprints: vec!["SHA256:abc (ED25519)".to_owned()],
        scan: ["-p", "2222", "-H", "web1"].map(ToOwned::to_owned).to_vec(),
        offending: Some("/home/ana/.ssh/known_hosts:3".to_owned()),
    };
    let verb = |verb| News::Sent(verb);
    let lost = |kind| {
        News::Ended(Ending::Lost(Lost {
            kind,
            detail: rest.replace('~', "\n"),
        }))
    };
    match word {
        "connecting" => News::Connecting,
        "connected" => News::Connected,
        "asking" => News::Asking,
        "interrupt" => News::Interrupted(Signal::Interrupt),
        "go" => verb(Verb::Go),
        "finish" => verb(Verb::Finish),
        "revert" => verb(Verb::Revert),
        "abort" => verb(Verb::Abort),
        "refused" => lost(LostKind::Refused),
        "denied" => lost(LostKind::Denied),
        "unknown-key" => lost(LostKind::HostKeyUnknown(Box::new(key()))),
        "changed-key" => lost(LostKind::HostKeyChanged(Box::new(key()))),
        "withdrawn" => lost(LostKind::Withdrawn),
        "cut" => lost(LostKind::Cut),
        "detached" => lost(LostKind::Detached),
        "unfollowed" => lost(LostKind::Unfollowed),
        "unknown" => lost(LostKind::Unknown),
        "not-started" => lost(LostKind::NotStarted),
        other => panic!("{other}"),
    }
}

/// `x*N` at the end of a line repeats one character, for lines that are too long to keep in a file.
fn bytes(text: &str) -> Vec<u8> {
    let text = text
        .strip_prefix("@ ")
        .map_or_else(|| text.to_owned(), |event| format!("@{NONCE} {event}"));
    let mut bytes = Vec::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match (c, rest.chars().next()) {
            ('\\', Some('e')) => (bytes.push(0x1b), rest = &rest[1..]).1,
            ('\\', Some('r')) => (bytes.push(b'\r'), rest = &rest[1..]).1,
            ('\\', Some('x')) => {
                bytes.push(u8::from_str_radix(&rest[1..3], 16).unwrap());
                rest = &rest[3..];
            }
            ('*', Some('1')) if rest == "1048576" => {
                let last = bytes.pop().unwrap();
                bytes.resize(bytes.len() + 1_048_576, last);
                rest = "";
            }
            _ => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes.push(b'\n');
    bytes
}
