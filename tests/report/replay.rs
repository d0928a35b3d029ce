//! A recorded stream, told again in one of the forms that a report has.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use deployer::event::{Event, Parser};
use deployer::report::{Ci, Detail, Paint, Report, Screen, Stream, Subject};
use deployer::run::{Ending, HostKey, Lost, LostKind, News, Signal, Update, Verb};

const NONCE: &str = "0123456789abcdef0123456789abcdef";

pub(crate) fn began() -> jiff::Timestamp {
    "2026-11-22T14:10:07Z".parse().unwrap()
}

/// The form of a report that a test looks at.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Plain,
    Ci(Ci),
    Json,
}

/// A writer that can still be read after it was given away.
#[derive(Clone, Default)]
pub(crate) struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn subject(line: &str) -> Subject {
    let mut words = line.split(' ').map(ToOwned::to_owned);
    Subject {
        command: words.next().unwrap(),
        environment: words.next().unwrap(),
        hosts: words.collect(),
    }
}

pub(crate) fn replay(stream: &str, form: Form) -> String {
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
    let (words, objects) = (Shared::default(), Shared::default());
    let mut report = if form == Form::Json {
        Report::new(
            subject,
            Detail::Quiet,
            Paint::new(false),
            Screen::plain(words.clone()),
        )
        .streaming(Stream::new(objects.clone(), began()), detail)
    } else {
        let screen = match form {
            Form::Ci(ci) => Screen::folded(words.clone(), ci, began()),
            _ => Screen::plain(words.clone()),
        };
        Report::new(subject, detail, Paint::new(false), screen)
    };
    report.run("20261122T141007Z-3f2a1bc");
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
    let code = report.close().unwrap().end();
    if form == Form::Json {
        return objects.text();
    }
    format!("{}exit {} {code:?}\n", words.text(), code as u8)
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
        "tick" => News::Tick,
        "interrupt" => News::Interrupted(Signal::Interrupt),
        "migrate" => verb(Verb::Migrate),
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
        "killed" => lost(LostKind::Killed),
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
