//! The file as a tree that remembers where each part stands.

use std::ops::Range;

/// Bytes of the source.
pub(super) type Span = Range<usize>;

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub span: Span,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// `plain` is a scalar without quotes, which may mean a number, a boolean or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Reported already: nothing more is said of it.
    Broken,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

/// What YAML makes of a scalar without quotes, by the rules of 1.1 and 1.2 together: a value on which
/// two readers could disagree has to be quoted where text is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plain<'a> {
    Null,
    Bool(bool),
    /// `yes`, `off` and their like: booleans to some readers, text to others.
    MaybeBool(bool),
    Int(i64),
    Float(f64),
    /// A number in a notation that readers disagree on: `022`, `0x1f`, `1_000`.
    OddNumber,
    /// A date or a time of day, which YAML 1.1 reads as a timestamp or a number to the base of 60.
    Moment,
    Text(&'a str),
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, if this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    pub(super) fn is_null(&self) -> bool {
        self.plain() == Some(Plain::Null)
    }

    /// `None` for a quoted scalar, a list and a map.
    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        match &self.value {
            Value::Scalar { text, plain: true } => Some(Plain::of(text)),
            _ => None,
        }
    }

    /// For messages: `a list`.
    pub(super) fn kind(&self) -> &'static str {
        match (&self.value, self.plain()) {
            (Value::List(_), _) => "a list",
            (Value::Map(_) | Value::Broken, _) => "a map",
            (_, Some(Plain::Null)) => "nothing",
            (_, Some(Plain::Bool(_))) => "a boolean",
            (_, Some(Plain::Int(_) | Plain::Float(_) | Plain::OddNumber)) => "a number",
            _ => "text",
        }
    }
}

impl<'a> Plain<'a> {
    fn of(text: &'a str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" => return Self::Bool(true),
            "false" => return Self::Bool(false),
            _ => {}
        }
        match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "true" => return Self::MaybeBool(true),
            "no" | "off" | "false" => return Self::MaybeBool(false),
            ".inf" | "-.inf" | "+.inf" | ".nan" => return Self::OddNumber,
            _ => {}
        }
        if moment(text) {
            return Self::Moment;
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            Self::number(text, digits)
        } else {
            Self::Text(text)
        }
    }

    fn number(text: &'a str, digits: &str) -> Self {
        let Ok(float) = text.parse::<f64>() else {
            return if odd_notation(digits) {
                Self::OddNumber
            } else {
                Self::Text(text)
            };
        };
        let octal = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if octal || text.starts_with('+') || !float.is_finite() {
            Self::OddNumber
        } else if let Ok(int) = text.parse() {
            Self::Int(int)
        } else if digits.contains(['.', 'e', 'E']) {
            Self::Float(float)
        } else {
            Self::OddNumber
        }
    }
}

/// `2026-11-23`, `2026-11-23 10:30:00`, `22:22`, `1:30:00`.
fn moment(text: &str) -> bool {
    let digits = |part: &str, longest: usize| {
        (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (day, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "0"));
    let dated = match day.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] => {
            year.len() == 4 && [year, month, day].iter().all(|part| digits(part, 4))
        }
        _ => false,
    };
    let sexagesimal = text.split_once(':').is_some_and(|(first, rest)| {
        digits(first, 9) && rest.split(':').all(|part| digits(part, 2))
    });
    sexagesimal || dated && time.starts_with(|first: char| first.is_ascii_digit())
}

fn odd_notation(digits: &str) -> bool {
    let radix = |prefix: &str, radix| {
        digits.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .chars()
                    .all(|digit| digit.is_digit(radix) || digit == '_')
        })
    };
    radix("0x", 16)
        || radix("0o", 8)
        || radix("0b", 2)
        || digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_readers_agree_on_has_a_type() {
        for (text, plain) in [
            ("", Plain::Null),
            ("~", Plain::Null),
            ("true", Plain::Bool(true)),
            ("no", Plain::MaybeBool(false)),
            ("True", Plain::MaybeBool(true)),
            ("0", Plain::Int(0)),
            ("-7", Plain::Int(-7)),
            ("3.10", Plain::Float(3.1)),
            ("022", Plain::OddNumber),
            ("+1", Plain::OddNumber),
            ("0x1f", Plain::OddNumber),
            ("1_000", Plain::OddNumber),
            (".inf", Plain::OddNumber),
            ("1e400", Plain::OddNumber),
            ("99999999999999999999", Plain::OddNumber),
            ("1.2.3", Plain::Text("1.2.3")),
            ("2026-11-23", Plain::Moment),
            ("2026-11-23T10:30:00Z", Plain::Moment),
            ("22:22", Plain::Moment),
            ("1:30:00", Plain::Moment),
            ("2026-11-23-beta", Plain::Text("2026-11-23-beta")),
            ("web1:2222", Plain::Text("web1:2222")),
            ("::1", Plain::Text("::1")),
            ("-rf", Plain::Text("-rf")),
            (".", Plain::Text(".")),
            ("nan", Plain::Text("nan")),
        ] {
            assert_eq!(Plain::of(text), plain, "{text}");
        }
    }
}
