//! Hides what may be a secret in a line that an error shows. The text decides, not the tree: a file
//! that cannot be parsed is shown too.

use super::node::Span;

const HIDDEN: &str = "***";

/// Sections whose every value may be a secret.
const SECRET_SECTIONS: [&str; 2] = ["env", "secrets"];

const SECRET_WORDS: &str = "pass secret token key credential dsn private";

/// Public, in spite of its name.
const PUBLIC_KEYS: &str = "authorized_keys";

/// The line at `line_start` as it may be shown, and what part of it `place` in the source then is.
pub(super) fn mask(source: &str, line_start: usize, place: &Span, secret: bool) -> (String, Span) {
    let line = source[line_start..].lines().next().unwrap_or_default();
    let start = (place.start - line_start).min(line.len());
    let end = place
        .end
        .saturating_sub(line_start)
        .min(line.trim_end().len())
        .max(start);
    let shown = shown_length(source, line_start, line, secret).unwrap_or(line.len());
    if line[shown..].trim().is_empty() {
        return (harmless(line), start..end);
    }
    let masked = format!("{}{HIDDEN}", harmless(&line[..shown]));
    let end = if end > shown { masked.len() } else { end };
    (masked, start.min(shown)..end)
}

/// Without the control characters that the renderer leaves in; as long as before, so that places stay true.
fn harmless(line: &str) -> String {
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
        || within_secret(&source[..line_start], depth(line));
    if whole {
        return Some(first_key());
    }
    keys(line)
        .find(|(key, _)| is_secret(key))
        .map(|(_, end)| end)
}

/// Whether a key above, that a line of this depth may belong to, is one of secrets.
fn within_secret(above: &str, mut inner: usize) -> bool {
    for line in above.lines().rev().filter(|line| !line.trim().is_empty()) {
        let outer = depth(line);
        // What a bracket encloses need not be indented.
        let opens = line.trim_end().ends_with(['{', '[', ',', '|', '>']);
        if outer < inner || (opens && outer == inner) {
            if is_anchorage(line) || keys(line).any(|(key, _)| is_secret(&key)) {
                return true;
            }
            inner = outer;
        }
    }
    false
}

/// Indentation, in steps that put the items of a list below a key in the same column.
fn depth(line: &str) -> usize {
    2 * indent(line) + usize::from(line.trim_start().starts_with('-'))
}

/// A key that is there for its anchor: what it holds may end up in any section.
fn is_anchorage(line: &str) -> bool {
    line.starts_with("x-")
}

/// Whether what a key of this name holds should be kept out of sight.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_SECTIONS.contains(&key.as_str())
        || (SECRET_WORDS.split(' ').any(|word| key.contains(word)) && key != PUBLIC_KEYS)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The last line, as an error at it would show it.
    fn shown(source: &str) -> String {
        let start = source.rfind('\n').map_or(0, |newline| newline + 1);
        mask(source, start, &(start..start), false).0
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_hidden() {
        for source in [
            "env:\n  A: hunter2",
            "env:\n- hunter2",
            "env:\n  A: |\n    x\n\n    hunter2",
            "env: {A: x,\nB: hunter2",
            "environments:\n  production:\n    env:\n      A: hunter2",
            "secrets: {A: hunter2}",
            "a: {b: 1, db_password: hunter2}",
            "API-Key: hunter2",
            "\"token\": hunter2",
            "x-any: {a: hunter2}",
            "x-any:\n  - hunter2",
            "repo: https://ana:hunter2@host/x",
            "repo: https://hunter2@host/x",
            "repo: ana:hunter2@host:x",
            "# password: hunter2",
        ] {
            assert!(!shown(source).contains("hunter2"), "{source}");
        }
    }

    #[test]
    fn any_other_line_is_shown_whole() {
        for source in [
            "env:\n  A: x\nnginx: {listen: 80}",
            "repo: git@github.com:acme/polls.git",
            "repo: ssh://git@github.com/acme/polls.git",
            "setup:\n  authorized_keys: ssh-ed25519 AAAA ana@laptop",
            "hosts: [deploy@web1:2222]",
        ] {
            assert_eq!(Some(shown(source).as_str()), source.lines().last());
        }
    }
}
