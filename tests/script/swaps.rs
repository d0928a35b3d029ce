use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::library::{SHELLS, library, run};

/// Two whole releases, and `current` going back and forth between them.
const SWAPS: &str = r#"
cd "$2" || exit 1
at=one
while [ "$3" -gt "${done:=0}" ]; do
  if [ "$at" = one ]; then at=two; else at=one; fi
  relink "releases/$at" "$2/current" || exit 1
  done=$((done + 1))
done
echo "$done swaps""#;

/// `DEPLOYER_TEST_SWAPS` says how many by each shell.
#[test]
fn i1_a_link_being_swapped_is_never_missing_and_never_mixed() {
    let asked = std::env::var("DEPLOYER_TEST_SWAPS").ok();
    let swaps = asked.map_or(1000, |text| text.parse::<u32>().expect("a number"));
    for shell in SHELLS {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path();
        for release in ["one", "two"] {
            let files = root.join("releases").join(release);
            fs::create_dir_all(&files).expect("made");
            for file in ["first", "second"] {
                fs::write(files.join(file), release.repeat(5000)).expect("written");
            }
        }
        std::os::unix::fs::symlink("releases/one", root.join("current")).expect("linked");
        let over = AtomicBool::new(false);
        let (said, [one, two]) = thread::scope(|scope| {
            let reader = scope.spawn(|| read(root, &over));
            let path = root.to_str().expect("a plain path");
            let said = run(
                shell,
                &library(SWAPS),
                &["none", path, &swaps.to_string()],
                "",
            );
            over.store(true, Ordering::Relaxed);
            (said, reader.join().expect("the reader never fails"))
        });
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            format!("{swaps} swaps\n"),
            "{shell}: {said:?}"
        );
        let left: Vec<_> = fs::read_dir(root).expect("there").collect();
        assert_eq!(left.len(), 2, "{shell}: {left:?}");
        assert!(
            one > u64::from(swaps) && two > u64::from(swaps),
            "{shell}: the reader saw {one} and {two}"
        );
    }
}

/// Reads through the link as fast as it can; how often each release was there.
fn read(root: &Path, over: &AtomicBool) -> [u64; 2] {
    let mut seen = [0; 2];
    while !over.load(Ordering::Relaxed) {
        let text = fs::read_to_string(root.join("current/first")).expect("a whole release");
        let one = text == "one".repeat(5000);
        assert!(one || text == "two".repeat(5000), "a torn file");
        seen[usize::from(!one)] += 1;
        // Whoever has looked once keeps to what it found.
        let release = fs::canonicalize(root.join("current")).expect("a whole release");
        let [first, second] = ["first", "second"]
            .map(|file| fs::read_to_string(release.join(file)).expect("a whole release"));
        assert_eq!(first, second, "a mixed release");
    }
    seen
}
