//! Recorded streams in, exact text and exit code out: `tests/cases/report/NAME.events` -> `NAME.txt`.
//!
//! A stream's first line is `COMMAND ENVIRONMENT HOST...`, with `-v` or `-q` before it. Then, one a line: `+1.5` lets
//! time pass; `HOST: TEXT` is a line from the host, with `@` alone for the run's nonce and `\e \r \xNN` for bytes;
//! `HOST! WORD` is the client's own news. `ACCEPT=1` writes the texts anew.
//!
//! Streams of `FORMS` are also shown as the log of a CI and as `--json`: `NAME.github.txt`, `NAME.gitlab.txt` (escapes
//! written out), `NAME.json`. Every stream's objects are held against the schema.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;
mod replay;
mod schema;

use deployer::event::{Event, Outcome};
use deployer::report::{Ci, Detail, Mask, Paint, Report, Screen, Stream};
use deployer::run::{Ending, News, Update};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use replay::{Form, Shared, began, replay, subject};
use schema::Schema;

/// Success, a failed `prepare` with hostile output, a rollback, fleets, setup, a lost connection, a long step.
const FORMS: [&str; 10] = [
    "push-quiet",
    "push-verbose",
    "hostile-prepare",
    "rollback",
    "fleet",
    "fleet-of-three",
    "fleet-mixed",
    "setup",
    "unknown-after-go",
    "slow-step",
];

#[test]
fn goldens() {
    let schema = Schema::read();
    let streams = streams();
    let mut wrong = Vec::new();
    let mut formed = 0;
    for path in &streams {
        let stream = fs::read_to_string(path).unwrap();
        compare(
            &path.with_extension("txt"),
            &replay(&stream, Form::Plain),
            &mut wrong,
        );
        let json = replay(&stream, Form::Json);
        for (number, line) in json.lines().enumerate() {
            if let Err(error) = schema.check(line) {
                wrong.push(format!("{}: object {number}: {error}", path.display()));
            }
        }
        if FORMS.iter().any(|name| path.file_stem().unwrap() == *name) {
            formed += 1;
            // A new version of the program is no new text.
            let version = format!("\"deployer\":\"{}\"", env!("CARGO_PKG_VERSION"));
            let json = json.replace(&version, "\"deployer\":\"VERSION\"");
            compare(&path.with_extension("json"), &json, &mut wrong);
            for (form, name) in [
                (Form::Ci(Ci::GitHub), "github.txt"),
                (Form::Ci(Ci::GitLab), "gitlab.txt"),
            ] {
                let text = replay(&stream, form)
                    .replace('\u{1b}', "\\e")
                    .replace('\r', "\\r");
                compare(&path.with_extension(name), &text, &mut wrong);
            }
        }
    }
    assert!(streams.len() > 50 && formed == FORMS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn streams() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/report");
    let mut streams: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "events")
        })
        .collect();
    streams.sort();
    streams
}

fn compare(golden: &Path, text: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("ACCEPT").is_some() {
        fs::write(golden, text).unwrap();
    }
    if fs::read_to_string(golden).unwrap_or_default() != text {
        wrong.push(format!("{}:\n{text}", golden.display()));
    }
}

/// Whatever a host prints, the only commands in a log are those of the report itself.
#[test]
fn no_log_takes_a_line_of_a_host_for_a_command() {
    let mut commands = 0;
    for path in streams() {
        let stream = fs::read_to_string(&path).unwrap();
        let verbose = format!(
            "-v {}",
            stream.trim_start_matches("-q ").trim_start_matches("-v ")
        );
        for line in replay(&verbose, Form::Ci(Ci::GitHub)).lines() {
            assert!(!line.contains("##["), "{line}");
            if let Some(command) = line.trim_start().strip_prefix("::") {
                let own = [
                    "group::",
                    "endgroup::",
                    "error title=deployer ",
                    "warning title=deployer ",
                ];
                assert!(own.iter().any(|own| command.starts_with(own)), "{line}");
                commands += 1;
            }
        }
        let log = replay(&verbose, Form::Ci(Ci::GitLab));
        assert_eq!(
            log.matches("section_").count(),
            log.matches('\r').count(),
            "{log}"
        );
        assert_eq!(
            log.matches("section_start:").count(),
            log.matches("section_end:").count(),
            "{log}"
        );
        for line in replay(&verbose, Form::Json).lines() {
            assert!(line.starts_with('{') && !line.contains("##"), "{line}");
        }
    }
    assert!(commands > 100);
}

#[test]
fn i24_no_control_byte_and_no_bare_command_leaves() {
    let stream = "-v push production web1\nweb1! connected\nweb1: @ hello run=r\nweb1: @ step virtualenv\n\
                  web1: \\e]52;c;eA==\\x07\\x00\\x9b31m\nweb1: ::error::x\nweb1: ##[error]x\n\
                  web1: @ done virtualenv rc=1 cs=1\nweb1: @ failed virtualenv reason=%1b%5b2J\nweb1: @ end prepare-failed\n";
    let text = replay(stream, Form::Plain);
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
    report.close().unwrap().end();
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
        report.close().unwrap().end();
    }
    assert!(String::from_utf8(out).unwrap().contains("\u{1b}[31m"));
}

/// A secret with a quote in it is escaped in JSON; none of it may be left.
#[test]
fn a_secret_is_hidden_in_objects_too() {
    let out = Shared::default();
    let secret = "s3cr3t \"quoted\" \\value";
    let mut report = Report::new(
        subject("push production web1"),
        Detail::Quiet,
        Paint::new(false),
        Screen::plain(io::sink()),
    )
    .streaming(Stream::new(out.clone(), began()), Detail::Verbose)
    .masking(Mask::new([secret]));
    let mut fields = deployer::event::Fields::new();
    fields.insert("value".to_owned(), format!("is {secret}"));
    let what = "live".to_owned();
    for event in [
        Event::Output(format!("PASSWORD={secret}")),
        Event::Fact { what, fields },
    ] {
        let (host, at, news) = (0, Duration::ZERO, News::Event(event));
        report.update(&Update { host, at, news }).unwrap();
    }
    report.close().unwrap().end();
    let text = out.text();
    assert!(
        text.contains("PASSWORD=***") && text.contains("is ***"),
        "{text}"
    );
    assert!(
        !text.contains("s3cr3t") && !text.contains("quoted"),
        "{text}"
    );
}

#[test]
fn a_reader_that_went_away_changes_no_outcome() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let subject = subject("push production web1");
    let mut report = Report::new(
        subject,
        Detail::Quiet,
        Paint::new(false),
        Screen::plain(io::sink()),
    )
    .streaming(Stream::new(Gone, began()), Detail::Normal);
    let ending = Ending::End {
        outcome: Outcome::Live,
        fields: deployer::event::Fields::new(),
    };
    let (host, at, news) = (0, Duration::ZERO, News::Ended(ending));
    report.update(&Update { host, at, news }).unwrap();
    assert_eq!(report.close().unwrap().end() as u8, 0);
}
