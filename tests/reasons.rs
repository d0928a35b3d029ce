//! Every reason that a script can give has words in the report.

use std::fs;
use std::path::Path;

fn text(directory: &str) -> String {
    let mut paths: Vec<_> = fs::read_dir(Path::new(directory))
        .expect("the directory is there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("text"));
    texts.collect::<Vec<_>>().join("\n")
}

/// The word after `fail `, `refuse ` or `decline ` where a call of it begins, and the probe's own.
fn reasons(script: &str) -> Vec<String> {
    let mut found = Vec::new();
    for verb in ["fail ", "refuse ", "decline ", "say(\"fail ", "stop(\""] {
        for (at, _) in script.match_indices(verb) {
            let begins =
                script[..at].ends_with([' ', '{', ';', '\n', '(']) || verb.starts_with("say");
            let rest = script[at + verb.len()..].trim_start_matches('"');
            let word: String = rest
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                .collect();
            let ends = rest[word.len()..].starts_with([' ', '"', ';', '\n', '?']);
            let ours = verb != "stop(\"" || word.starts_with("static-");
            if begins && ends && ours && !word.is_empty() && !in_comment(script, at) {
                found.push(word);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn in_comment(script: &str, at: usize) -> bool {
    let line = script[..at].rfind('\n').map_or(0, |end| end + 1);
    script[line..at].trim_start().starts_with('#')
}

#[test]
fn every_reason_has_words() {
    let reasons = reasons(&(text("templates/script") + &text("templates/script/manager")));
    assert!(reasons.len() > 30, "{reasons:?}");
    let words = text("src/report") + &text("src/report/reasons");
    let silent: Vec<_> = reasons
        .iter()
        .filter(|reason| !words.contains(&format!("\"{reason}\"")))
        .collect();
    assert!(silent.is_empty(), "no words for {silent:?}");
}
