use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = include_str!("../../templates/script/requirements.py");

fn key(root: &Path, names: &[&str]) -> Output {
    Command::new("python3")
        .args(["-I", "-S", "-c", PROGRAM])
        .arg(root)
        .arg("pip  no gunicorn==27.0.1")
        .args(names)
        .output()
        .expect("python3 runs")
}

fn release(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, text).expect("written");
    }
    root
}

fn facts(files: &[(&str, &str)]) -> Vec<String> {
    let root = release(files);
    let output = key(root.path(), &[files[0].0]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.split_whitespace().map(ToOwned::to_owned).collect()
}

fn refusal(files: &[(&str, &str)]) -> String {
    let root = release(files);
    let output = key(root.path(), &[files[0].0]);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn the_key_covers_included_files_and_nothing_else() {
    let base = facts(&[
        ("requirements.txt", "-r sub/more.txt\n"),
        ("sub/more.txt", "-c pins.txt\nflask\n"),
        ("sub/pins.txt", "flask==3\n"),
    ]);
    let pinned = facts(&[
        ("requirements.txt", "-r sub/more.txt\n"),
        ("sub/more.txt", "-c pins.txt\nflask\n"),
        ("sub/pins.txt", "flask==4\n"),
    ]);
    let other = facts(&[
        ("requirements.txt", "-r sub/more.txt\n"),
        ("sub/more.txt", "-c pins.txt\nflask\n"),
        ("sub/pins.txt", "flask==3\n"),
        ("app.py", "x\n"),
    ]);
    assert_ne!(base[0], pinned[0]);
    assert_eq!(base[0], other[0]);
    assert_eq!(base[0].len(), 16);
}

#[test]
fn gunicorn_is_found_however_it_is_written() {
    for line in [
        "gunicorn",
        "gunicorn==23.0",
        "Gunicorn[gevent]>=20 ; python_version > '3'",
        "gunicorn # server",
    ] {
        assert_eq!(facts(&[("requirements.txt", line)])[2], "yes", "{line}");
    }
    assert_eq!(
        facts(&[("requirements.txt", "\u{feff}gunicorn==23.0.0")])[2],
        "yes"
    );
    for line in [
        "flask",
        "gunicorn-extra==1",
        "# gunicorn",
        "--find-links wheels/",
        "a @ https://example.com/a.whl",
    ] {
        assert_eq!(facts(&[("requirements.txt", line)])[2], "no", "{line}");
    }
}

#[test]
fn what_would_change_under_one_key_is_refused() {
    let cases = [
        (
            "-e .",
            "requirements.txt: `-e .` installs a local path into a shared virtualenv; the release is on the path anyway\n",
        ),
        (
            "git+https://x:secret@example.com/a.git@main",
            "requirements.txt: `git+https://***@example.com/a.git@main` is a moving reference; pin it to a full commit id\n",
        ),
        ("-r ../outside.txt", "../outside.txt: leaves the release\n"),
        (
            ".[extra]",
            "requirements.txt: `.[extra]` installs a local path into a shared virtualenv; the release is on the path anyway\n",
        ),
        (
            "\u{feff}acme @ file:///srv/acme",
            "requirements.txt: `acme @ file:///srv/acme` installs a local path into a shared virtualenv; the release is on the path anyway\n",
        ),
        (
            "vendor/acme.whl",
            "requirements.txt: `vendor/acme.whl` installs a local path into a shared virtualenv; the release is on the path anyway\n",
        ),
        (
            "hg+https://example.com/a#egg=a",
            "requirements.txt: `hg+https://example.com/a#egg=a` is a moving reference; pin it to a full commit id\n",
        ),
        ("-r missing.txt", "missing.txt: No such file or directory\n"),
    ];
    for (line, expected) in cases {
        assert_eq!(refusal(&[("requirements.txt", line)]), expected);
    }
    let pinned = format!("git+https://example.com/a.git@{}", "a".repeat(40));
    assert_eq!(facts(&[("requirements.txt", &pinned)]).len(), 3);
}
