//! One event line, without its `@NONCE ` prefix, as an [`Event`].

use super::{Event, Fields, Outcome, visible};
use std::time::Duration;

/// `None` for an unknown kind and for a line that lacks what its kind needs: both come from a newer host and are
/// ignored.
pub(super) fn parse(line: &str) -> Option<Event> {
    let mut tokens = line.split(' ').filter(|token| !token.is_empty());
    let kind = tokens.next()?;
    let mut word = None;
    let mut fields = Fields::new();
    for (position, token) in tokens.enumerate() {
        match token.split_once('=') {
            Some((key, value)) => {
                fields.insert(decode(key), decode(value));
            }
            None if position == 0 => word = Some(decode(token)),
            None => {}
        }
    }
    event(kind, word, fields)
}

fn event(kind: &str, word: Option<String>, mut fields: Fields) -> Option<Event> {
    Some(match kind {
        "hello" => Event::Hello {
            run: fields.remove("run")?,
            login: fields.remove("login").unwrap_or_default(),
            machine: fields.remove("machine").unwrap_or_default(),
        },
        "step" => Event::StepStarted { step: word? },
        "done" => Event::StepFinished {
            step: word?,
            rc: fields.get("rc")?.parse().ok()?,
            time: hundredths(fields.get("cs"))?,
        },
        "decided" => Event::Decided {
            what: word?,
            value: fields.remove("value")?,
            why: fields.remove("why"),
        },
        "fact" => Event::Fact {
            what: word?,
            fields,
        },
        "warn" => Event::Warned {
            reason: word?,
            fields,
        },
        "refused" => Event::Refused {
            reason: word?,
            fields,
        },
        "failed" => Event::Failed {
            step: word?,
            fields,
        },
        "excerpt" => Event::ExcerptStarted { source: word? },
        "excerpt-end" => Event::ExcerptEnded,
        "offer" => match fields.remove("part") {
            Some(part) => Event::Offered { part },
            None => Event::OfferEnded {
                words: fields.get("words").and_then(|words| words.parse().ok()),
            },
        },
        "wanted" => Event::Wanted,
        "almost" => Event::Almost,
        "ready" => Event::Ready,
        "migrated" => Event::Migrated {
            ran: fields.get("ran")? == "yes",
        },
        "live" => Event::Live {
            release: fields.remove("release")?,
            revision: fields.remove("revision").unwrap_or_default(),
            previous: fields
                .remove("previous")
                .filter(|previous| !matches!(previous.as_str(), "" | "-")),
        },
        "state" => Event::State {
            value: fields.remove("value")?,
        },
        "end" => Event::Ended {
            outcome: Outcome::from_word(&word?)?,
            fields,
        },
        _ => return None,
    })
}

fn hundredths(text: Option<&String>) -> Option<Duration> {
    text?
        .parse::<u32>()
        .ok()
        .map(|cs| Duration::from_millis(u64::from(cs) * 10))
}

/// Percent-decoding; a value is a program's text as much as its output is, so it is made visible too.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    visible(&bytes)
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'a'..=b'f' => hex - b'a' + 10,
        b'A'..=b'F' => hex - b'A' + 10,
        _ => hex - b'0',
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, parse};
    use crate::event::{Event, Outcome};
    use std::time::Duration;

    #[test]
    fn kinds() {
        assert_eq!(
            parse("done virtualenv rc=1 cs=420"),
            Some(Event::StepFinished {
                step: "virtualenv".into(),
                rc: 1,
                time: Duration::from_millis(4200)
            })
        );
        let Some(Event::Ended { outcome, fields }) = parse("end restored current=r1 new=key")
        else {
            panic!("no end")
        };
        assert_eq!(
            (outcome, fields["current"].as_str()),
            (Outcome::Restored, "r1")
        );
        assert_eq!(parse("end glorious"), None);
        assert_eq!(parse("sing loud=1"), None);
        assert_eq!(parse("step"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn percent_encoding() {
        assert_eq!(decode("a%20b%3d%C3%A9"), "a b=é");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%1b%0a"), "\\x1b\\x0a");
    }
}
