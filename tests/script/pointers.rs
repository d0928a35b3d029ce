use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

const PROGRAM: &str = include_str!("../../templates/script/pointers.py");

/// An export and a store of contents.
struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir_all(root.path().join("export/sub")).expect("a directory");
        Self { root }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.path().join("export").join(name);
        fs::write(&path, text).expect("written");
        path
    }

    /// Stores something under the name of a content.
    fn store(&self, content: &[u8], is: &[u8]) -> PathBuf {
        let name = format!("{:x}", Sha256::digest(content));
        let directory = Path::new("store/objects")
            .join(&name[..2])
            .join(&name[2..4]);
        let directory = self.root.path().join(directory);
        fs::create_dir_all(&directory).expect("directories");
        fs::write(directory.join(&name), is).expect("written");
        directory.join(name)
    }

    fn run(&self, mode: &str) -> (Option<i32>, String) {
        let root = self.root.path();
        let output = Command::new("python3")
            .args(["-I", "-S", "-c", PROGRAM, mode])
            .args(["export", "export", "store", "stream"].map(|name| root.join(name)))
            .output()
            .expect("python3 runs");
        let said = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), said.trim_end().to_owned())
    }

    fn find(&self) -> String {
        let (code, said) = self.run("find");
        assert_eq!(code, Some(0), "{said}");
        said
    }
}

fn pointer(content: &[u8]) -> String {
    let name = Sha256::digest(content);
    let size = content.len();
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{name:x}\nsize {size}\n")
}

#[test]
fn only_pointers_are_found() {
    let place = Place::new();
    let text = pointer(b"film");
    place.file("talks-of-them.md", format!("As in:\n\n{text}"));
    place.file("goes-on.txt", format!("{text}and more\n"));
    place.file(
        "bare.txt",
        "version https://git-lfs.github.com/spec/v1\n".repeat(3),
    );
    place.file("short.txt", text.replace("oid sha256:", "oid sha256:0"));
    let target = place.root.path().join("outside");
    fs::write(&target, &text).expect("written");
    std::os::unix::fs::symlink(&target, place.root.path().join("export/link")).expect("a link");
    assert_eq!(place.find(), "");

    place.file("crlf.bin", text.replace('\n', "\r\n"));
    assert_eq!(place.find(), "crlf.bin 1 0");
    place.file("sub/b c\n.bin", text.trim_end());
    place.file("a.bin", pointer(&[7; 5000]));
    place.store(&[7; 5000], &[7; 5000]);
    assert_eq!(place.find(), "crlf.bin 1 4");
    place.store(b"film", b"cut");
    assert_eq!(place.find(), "crlf.bin 1 4");
    place.store(b"film", b"film");
    assert_eq!(place.find(), "a.bin 0 4");
}

#[test]
fn an_extension_of_git_lfs_is_named() {
    let place = Place::new();
    let (version, rest) = pointer(b"film")
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("lines");
    place.file("a.bin", pointer(b"film"));
    place.file(
        "sub/b.bin",
        format!("{version}\next-0-crypt sha256:{:064x}\n{rest}", 1),
    );
    assert_eq!(place.find(), "sub/b.bin extension");
}

#[test]
fn a_file_keeps_its_mode_and_time() {
    let place = Place::new();
    let path = place.file("sub/run me", pointer(b"#!/bin/sh\n"));
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("a mode");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(time).expect("a time");
    place.store(b"#!/bin/sh\n", b"#!/bin/sh\n");
    let (code, said) = place.run("fill");
    assert_eq!(
        (code, said),
        (Some(0), format!("{:x}", Sha256::digest("#!/bin/sh\n")))
    );
    assert_eq!(fs::read(&path).expect("read"), b"#!/bin/sh\n");
    let is = path.metadata().expect("details");
    assert_eq!((is.mode() & 0o7777, is.mtime()), (0o755, 1_000_000_000));
    assert_eq!(
        fs::read_dir(path.parent().expect("a parent"))
            .expect("read")
            .count(),
        1
    );
}

#[test]
fn what_is_damaged_leaves_the_store_and_the_pointer_stays() {
    let place = Place::new();
    let path = place.file("film.bin", pointer(b"film"));
    let content = place.store(b"film", b"fiim");
    assert_eq!(place.find(), "film.bin 0 0");
    assert_eq!(place.run("fill"), (Some(1), String::new()));
    assert!(!content.exists());
    assert_eq!(fs::read_to_string(&path).expect("read"), pointer(b"film"));
    assert_eq!(place.find(), "film.bin 1 0");
}

/// What git-lfs is then asked for.
#[test]
fn the_absent_become_a_commit() {
    let place = Place::new();
    for (name, content) in [("a", "one"), ("sub/b", "two"), ("c", "one"), ("d", "here")] {
        place.file(name, pointer(content.as_bytes()));
    }
    place.store(b"here", b"here");
    assert_eq!(place.find(), "a 2 0");
    let git = |text: &str| {
        let output = Command::new("sh")
            .current_dir(place.root.path())
            .args(["-ec", text])
            .output()
            .expect("sh runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    git("git init -q --bare git && git --git-dir=git fast-import --quiet < stream");
    let mut expected = ["one", "two"].map(|content| format!("{:x}\n", Sha256::digest(content)));
    expected.sort();
    assert_eq!(
        git("git --git-dir=git ls-tree -r --name-only pointers"),
        expected.concat()
    );
    let blob = format!(
        "git --git-dir=git show pointers:{:x}",
        Sha256::digest("two")
    );
    assert_eq!(git(&blob), pointer(b"two"));
}
