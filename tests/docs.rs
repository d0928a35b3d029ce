//! What the pages name exists: links lead somewhere, commands and options are the program's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use deployer::cli::Cli;

fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    let mut places = vec![root.join("docs"), root.join("examples")];
    places.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    while let Some(place) = places.pop() {
        if place.is_dir() && place != root.join("docs/book") {
            places.extend(
                fs::read_dir(&place)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if place.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&place).unwrap();
            pages.push((place, text));
        }
    }
    assert!(pages.len() > 20);
    pages
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for (page, text) in pages() {
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = link.split('#').next().unwrap();
            if !path.contains("://") && !page.parent().unwrap().join(path).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_book() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    for (page, _) in pages() {
        let Ok(name) = page.strip_prefix(&docs) else {
            continue;
        };
        let name = name.to_str().unwrap();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "{name} is not in SUMMARY.md"
        );
    }
}

#[test]
fn commands_are_the_programs_own() {
    let mut cli = Cli::command();
    cli.build();
    let commands: BTreeSet<&str> = cli
        .get_subcommands()
        .flat_map(|command| command.get_name_and_visible_aliases())
        .collect();
    let mut unknown = Vec::new();
    let mut seen = BTreeSet::new();
    for (page, text) in pages() {
        for line in text.lines() {
            // `deployer setup ...` in a sentence, or a line that is a command.
            let shown = line
                .trim_start()
                .trim_start_matches("- ")
                .trim_start_matches("$ ");
            let whole = shown.strip_prefix("deployer ").into_iter();
            let inline = line
                .split("`deployer ")
                .skip(1)
                .filter_map(|rest| rest.split('`').next());
            for call in whole.chain(inline) {
                let words: Vec<&str> = call.split('#').next().unwrap().split_whitespace().collect();
                let command = words.iter().find_map(|word| cli.find_subcommand(word));
                let Some(command) =
                    command.filter(|_| words.len() > 1 || commands.contains(words[0]))
                else {
                    // A line of prose that begins with the program's name names no environment.
                    if words
                        .iter()
                        .any(|word| matches!(*word, "production" | "staging"))
                    {
                        unknown.push(format!("{}: deployer {call}", page.display()));
                    }
                    continue;
                };
                seen.insert(command.get_name().to_owned());
                let options = words.iter().filter_map(|word| word.strip_prefix("--"));
                for option in options.filter_map(|option| option.split('=').next()) {
                    let inner = command
                        .get_subcommands()
                        .flat_map(clap::Command::get_arguments);
                    let known = command.get_arguments().chain(inner).any(|argument| {
                        argument.get_long() == Some(option)
                            || argument
                                .get_visible_aliases()
                                .is_some_and(|all| all.contains(&option))
                    });
                    if !known && option != "help" {
                        unknown.push(format!("{}: {command} --{option}", page.display()));
                    }
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert_eq!(seen.len(), cli.get_subcommands().count(), "{seen:?}");
}
