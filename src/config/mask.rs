//! Hides what may be a secret in a line that an error shows. The text decides, not the tree: a file
//! that cannot be parsed is shown too.

use super::node::Span;

const HIDDEN: &str = "***";

/// Sections whose every value may be a secret.
const SECRET_SECTIONS: [&str; 2] = ["env", "secrets"];

const SECRET_WORDS: [&str; 7] = [
    "pass",
    "secret",
    "token",
    "key",
    "credential",
    "dsn",
    "private",
];

/// Public, in spite of their names.
const OPEN_KEYS: [&str; 1] = ["authorized_keys"];

/// The line at `line_start` as it may be shown, and where `span` of it then lies.
pub(super) fn mask(source: &str, line_start: usize, span: Span, secret: bool) -> (String, Span) {
    let line = source[line_start..].lines().next().unwrap_or_default();
    match shown_length(source, line_start, line, secret) {
        // What follows the last byte shown may be only spaces: nothing to hide.
        Some(shown) if !line[shown..].trim().is_empty() => {
            let end = shown + HIDDEN.len();
            let start = span.start.min(shown);
            let end = if span.end > shown {
                end
            } else {
                span.end.max(start)
            };
            (visible(&format!("{}{HIDDEN}", &line[..shown])), start..end)
        }
        _ => (visible(line), span),
    }
}

/// Keeps the number of bytes before any place of the line, so that spans stay true.
fn visible(line: &str) -> String {
    line.chars()
        .map(|letter| {
            if ('\u{80}'..'\u{a0}').contains(&letter) {
                '\u{b7}'
            } else {
                letter
            }
        })
        .collect()
}

/// How many bytes of the line may be shown; `None` for all.
fn shown_length(source: &str, line_start: usize, line: &str, secret: bool) -> Option<usize> {
    let first_key = || {
        keys(line)
            .next()
            .map_or_else(|| indent(line), |(_, end)| end)
    };
    let whole = secret
        || is_anchorage(line)
        || has_userinfo(line)
        || within_secret(&source[..line_start], indent(line));
    if whole {
        return Some(first_key());
    }
    keys(line)
        .find(|(key, _)| is_secret(key))
        .map(|(_, end)| end)
}

/// Whether a key above, that this line may belong to, is one of secrets.
fn within_secret(above: &str, mut depth: usize) -> bool {
    for line in above.lines().rev().filter(|line| !line.trim().is_empty()) {
        let opens = line.trim_end().ends_with(['{', '[', ',', '|', '>']);
        if indent(line) < depth || (opens && indent(line) <= depth) {
            if is_anchorage(line) || keys(line).any(|(key, _)| is_secret(&key)) {
                return true;
            }
            depth = indent(line);
        }
    }
    false
}

/// A key that is there for its anchor: what it holds may end up in any section.
fn is_anchorage(line: &str) -> bool {
    line.starts_with("x-")
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_SECTIONS.contains(&key.as_str())
        || (SECRET_WORDS.iter().any(|word| key.contains(word))
            && !OPEN_KEYS.contains(&key.as_str()))
}

/// Each word before a `:`, with the end of the blank after it.
fn keys(line: &str) -> impl Iterator<Item = (String, usize)> + '_ {
    line.match_indices(':').map(|(colon, _)| {
        let before = line[..colon].trim_end_matches([' ', '"', '\'']);
        let start =
            before.rfind(|letter: char| !letter.is_alphanumeric() && !"_-".contains(letter));
        let word = start.map_or(before, |start| &before[start..]);
        let key = word
            .trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .to_owned();
        let after = &line[colon + 1..];
        (key, colon + 1 + (after.len() - after.trim_start().len()))
    })
}

/// `https://user:password@host`, `user:password@host:path`; not `git@host:path` nor `ssh://git@host`.
fn has_userinfo(line: &str) -> bool {
    let web = line
        .split_once("://")
        .is_some_and(|(scheme, rest)| !scheme.ends_with("ssh") && rest.contains('@'));
    web || line.split([' ', '"', '\'', ',']).any(|word| {
        let word = word.strip_prefix("ssh://").unwrap_or(word);
        word.split_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
