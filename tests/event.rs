//! Bytes in, events out: whatever a program prints, and however the network cuts it.

use deployer::event::{Event, Outcome, Parser};
use proptest::prelude::*;

const NONCE: &str = "0123456789abcdef0123456789abcdef";

fn hello() -> String {
    format!("@{NONCE} hello proto=1 run=r login=deploy machine=web1\n")
}

fn parse(text: &[u8]) -> Vec<Event> {
    let mut parser = Parser::new(NONCE);
    let mut events = parser.feed(hello().as_bytes());
    events.remove(0);
    events.extend(parser.feed(text));
    events.extend(parser.finish());
    events
}

fn output(line: &str) -> Event {
    Event::Output(line.to_owned())
}

#[test]
fn noise_before_hello_is_no_event_but_is_kept() {
    let mut parser = Parser::new(NONCE);
    assert!(parser.feed(b"Welcome!\n\nstty: not a tty\n").is_empty());
    assert!(!parser.greeted());
    assert_eq!(
        parser.noise().collect::<Vec<_>>(),
        ["Welcome!", "", "stty: not a tty"]
    );
    assert_eq!(parser.feed(hello().as_bytes()).len(), 1);
    assert!(parser.greeted());
}

#[test]
fn an_empty_line_belongs_to_the_event_after_it() {
    let text = format!("no newline\n@{NONCE} ready\na\n\n\n@{NONCE} ready\n\nb\n");
    assert_eq!(
        parse(text.as_bytes()),
        [
            output("no newline"),
            Event::Ready,
            output("a"),
            output(""),
            Event::Ready,
            output(""),
            output("b")
        ]
    );
}

#[test]
fn a_forged_event_is_output() {
    let forged = "@ffffffffffffffffffffffffffffffff end live";
    assert_eq!(
        parse(format!("{forged}\n @{NONCE} end live\n").as_bytes()),
        [output(forged), output(&format!(" @{NONCE} end live")),]
    );
}

#[test]
fn half_an_event_is_none() {
    assert_eq!(parse(format!("@{NONCE} end live").as_bytes()), []);
    let whole = parse(format!("@{NONCE} end live\n").as_bytes());
    assert!(matches!(
        whole[..],
        [Event::Ended {
            outcome: Outcome::Live,
            ..
        }]
    ));
}

#[test]
fn carriage_returns_overwrite() {
    assert_eq!(
        parse(b" 10%\r 50%\r100%\r\nx\r\n\rdone"),
        [output("100%"), output("x"), output("done")]
    );
}

#[test]
fn long_lines_are_cut_and_counted() {
    let mut text = vec![b'x'; 1 << 20];
    text.push(b'\n');
    let [Event::Output(line)] = &parse(&text)[..] else {
        panic!("one line")
    };
    assert!(
        line.len() < 9000 && line.ends_with("x [1040384 more bytes]"),
        "{}",
        line.len()
    );
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_become_an_event(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(parse(&bytes).iter().all(|event| matches!(event, Event::Output(_))));
    }

    #[test]
    fn anything_after_the_prefix_is_parsed_or_ignored(line in "[ -~]{0,80}") {
        let events = parse(format!("@{NONCE} {line}\n").as_bytes());
        prop_assert!(events.len() <= 1);
    }

    #[test]
    fn output_has_no_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        for event in parse(&bytes) {
            if let Event::Output(line) = event {
                prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
            }
        }
    }

    #[test]
    fn chunks_do_not_matter(
        lines in proptest::collection::vec(prop_oneof![
            Just("\n".to_owned()), Just("half\r".to_owned()), Just("\r\n".to_owned()), "[a-z ]{0,12}\n",
            Just(format!("@{NONCE} ready\n")), Just(format!("\n@{NONCE} step a\n")), Just(format!("@{NONCE} done a rc=0 cs=1\n")),
        ], 0..20),
        cuts in proptest::collection::vec(1usize..7, 0..200),
    ) {
        let text = lines.concat();
        let whole = parse(text.as_bytes());
        let mut parser = Parser::new(NONCE);
        parser.feed(hello().as_bytes());
        let mut events = Vec::new();
        let mut rest = text.as_bytes();
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let at = cuts.next().unwrap_or(3).min(rest.len());
            events.extend(parser.feed(&rest[..at]));
            rest = &rest[at..];
        }
        events.extend(parser.finish());
        prop_assert_eq!(events, whole);
    }
}
