//! Words of the file, and of the reader, as messages show them.

/// A key of the file in a message: bounded, control characters visible.
pub(super) fn shortened(key: &str) -> String {
    const LONGEST: usize = 60;
    let shown: String = key.chars().take(LONGEST).collect();
    let more = if key.chars().nth(LONGEST).is_some() {
        "..."
    } else {
        ""
    };
    format!("{}{more}", shown.escape_debug())
}

pub(super) fn quoted(key: &str) -> String {
    format!("`{}`", shortened(key))
}

/// The one of `among` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    among
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| *distance <= 1.max(known.len() / 3))
        .min()
        .map(|(_, known)| known)
}

/// `a`, `b` or `c`
pub(super) fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words, "or")
}

/// `a`, `b` and `c`
pub(super) fn enumerated<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words, "and")
}

fn joined<'a>(words: impl IntoIterator<Item = &'a str>, last_by: &str) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {last_by} {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
