//! What a prune came to in a storage.

use serde_json::json;

use super::storage::unusable;
use super::words::{count, harmless};
use super::{Answer, ExitCode, reasons};
use crate::config::Storage;
use crate::run::{StorageFault, Swept};

/// Each object in a dry run, and else how many went.
pub fn swept(result: Option<&Swept>, storage: &Storage, dry_run: bool) -> Answer {
    let name = storage.name();
    let nothing = Swept::default();
    let removed = &result.unwrap_or(&nothing).removed;
    let bytes: u64 = removed.iter().map(|(_, size)| size).sum();
    let size = |bytes: u64| reasons::size(&bytes.to_string());
    let mut lines = Vec::new();
    if dry_run {
        let line = |(key, bytes): &(String, u64)| format!("{}  {}", harmless(key), size(*bytes));
        lines.extend(removed.iter().map(line));
    }
    let verb = if dry_run { "would go" } else { "removed" };
    lines.push(match result {
        None => format!("{name}: nothing {verb}, since not every host said what it needs"),
        Some(Swept { kept, .. }) if removed.is_empty() => {
            format!("{name}: nothing {verb}, {}", stay(*kept))
        }
        Some(Swept { kept, .. }) => format!(
            "{name}: {} {verb}, {}; {}",
            count(removed.len(), "object"),
            size(bytes),
            stay(*kept)
        ),
    });
    if result.is_some_and(|result| !result.complete && result.fault.is_none()) {
        lines.push(format!("{name}: it was stopped before its end"));
    }
    let objects = removed.iter();
    let objects = objects.map(|(key, size)| json!({ "key": key, "size": size }));
    Answer {
        kind: "storage",
        host: String::new(),
        lines,
        body: vec![
            ("name", json!(name)),
            ("dry_run", json!(dry_run)),
            (
                "complete",
                json!(result.is_some_and(|result| result.complete)),
            ),
            ("removed", objects.collect()),
            ("kept", json!(result.map(|result| result.kept))),
        ],
    }
}

fn stay(kept: usize) -> String {
    match kept {
        1 => "1 object stays".to_owned(),
        kept => format!("{kept} objects stay"),
    }
}

/// Why it ended early; what the hosts have is tidy all the same.
pub fn not_swept(fault: &StorageFault, storage: &Storage) -> (ExitCode, String) {
    let (code, what, said, hint) = unusable(fault, storage);
    let what = what.replace("cannot be listed", "cannot be tidied up to its end");
    let denied = matches!(fault, StorageFault::Refused { code, .. } if code == "AccessDenied");
    let hint = if denied {
        "the credentials need `s3:DeleteObject` on what is in the bucket".to_owned()
    } else {
        hint
    };
    let said = Some(format!("  {}", harmless(&said))).filter(|said| !said.trim().is_empty());
    let rest = "what is gone was needed by no host; what is left goes with the next prune";
    let lines = [what].into_iter().chain(said);
    let lines = lines.chain([rest.to_owned(), format!("hint: {hint}")]);
    (code, lines.collect::<Vec<_>>().join("\n"))
}
