//! The table of a fleet: who ended how, with which release, and what it was waited for.

use super::closing::{of_it, serving};
use super::story::Story;
use super::words::{harmless, lost_word, outcome_word, time};
use crate::run::Ending;

const HEAD: [&str; 5] = ["host", "outcome", "release", "took", "of it"];

pub(super) fn lines(stories: &[Story]) -> Vec<String> {
    let mut rows = vec![HEAD.map(ToOwned::to_owned)];
    rows.extend(stories.iter().map(row));
    if rows[1..].iter().all(|row| row[4].is_empty()) {
        rows[0][4].clear();
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths = [0, 1, 2, 3, 4].map(|column| width(column).unwrap_or(0));
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths);
        let cells = cells.map(|(cell, width)| format!("  {cell:width$}"));
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row(story: &Story) -> [String; 5] {
    let outcome = match &story.ending {
        Some(Ending::End { outcome, .. }) => outcome_word(*outcome),
        Some(Ending::Lost(lost)) => lost_word(&lost.kind),
        None => "unknown",
    };
    [
        story.name.clone(),
        outcome.to_owned(),
        harmless(serving(story).unwrap_or("-")),
        time(story.ended),
        of_it(story),
    ]
}
