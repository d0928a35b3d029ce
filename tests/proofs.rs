//! The table of proofs names tests that exist, and leaves no promise out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SITUATIONS: &str = include_str!("../docs/reference/situations.md");
const TABLE: &str = include_str!("../docs/reference/proofs.md");

/// The functions marked as tests in all Rust files below a directory.
fn tests(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            for after in text.split("#[test]\n").skip(1) {
                let (_, from_name) = after.split_once("fn ").unwrap();
                found.insert(from_name.split('(').next().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn every_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = BTreeSet::new();
    tests(&root.join("src"), &mut all);
    tests(&root.join("tests"), &mut all);
    assert!(all.len() > 80);
    let (_, tables) = TABLE.split_once("\n## Promises\n").unwrap();
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for row in tables
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault |"))
    {
        let proofs = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let quoted: Vec<_> = proofs.split('`').skip(1).step_by(2).collect();
        let tests = quoted.iter().filter(|name| all.contains(**name)).count();
        let words = quoted.iter().filter(|name| **name == "current").count();
        if proofs.contains('`') && (tests == 0 || tests + words < quoted.len()) {
            wrong.push(row);
        }
        named.extend(quoted.into_iter().map(ToOwned::to_owned));
    }
    assert!(wrong.is_empty(), "no such test:\n{}", wrong.join("\n"));
    for number in 1..=28 {
        assert!(tables.contains(&format!("\n| I{number} | ")), "I{number}");
        let bears = |name: &String| name.split('_').any(|part| part == format!("i{number}"));
        assert!(all.iter().any(bears), "no test bears the name of I{number}");
    }
    // Whoever names a test after a promise lists it.
    let numbered = |name: &&String| {
        let mut letters = name.chars();
        letters.next() == Some('i') && letters.next().is_some_and(|c| c.is_ascii_digit())
    };
    let unlisted: Vec<_> = all
        .iter()
        .filter(numbered)
        .filter(|name| !named.contains(*name))
        .collect();
    assert!(unlisted.is_empty(), "not in the table: {unlisted:?}");
}

#[test]
fn what_happens_has_a_line_for_every_fault() {
    let first = |text: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
        let cells = rows.filter_map(|row| Some(row.split_once(" | ")?.0.to_owned()));
        cells.filter(|cell| cell != "fault").collect()
    };
    let (_, proven) = TABLE.split_once("\n## Faults\n").unwrap();
    let proven = proven.split("\n## ").next().unwrap();
    let (_, told) = SITUATIONS
        .split_once("\n## Something dies, or was taken away\n")
        .unwrap();
    assert!(first(proven).len() > 20);
    assert_eq!(first(told), first(proven));
}
