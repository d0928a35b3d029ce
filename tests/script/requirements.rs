use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = concat!(
    include_str!("../../templates/script/project.py"),
    "\n",
    include_str!("../../templates/script/requirements.py")
);

fn key(root: &Path, names: &[&str]) -> Output {
    let how = ["files", "no", "", ""];
    program(root, "pip", &[&how[..], names].concat())
}

/// The key of a release, with the list that goes to the installer written to `list` beside it.
fn program(root: &Path, installer: &str, how: &[&str]) -> Output {
    Command::new("python3")
        .args(["-I", "-S", "-c", PROGRAM, "key"])
        .arg(root)
        .arg(format!("{installer}  no gunicorn==27.0.1"))
        .arg(root.with_extension("list"))
        .args(how)
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
        assert_eq!(facts(&[("requirements.txt", line)])[4], "yes", "{line}");
    }
    assert_eq!(
        facts(&[("requirements.txt", "\u{feff}gunicorn==23.0.0")])[4],
        "yes"
    );
    for line in [
        "flask",
        "gunicorn-extra==1",
        "# gunicorn",
        "--find-links wheels/",
        "a @ https://example.com/a.whl",
    ] {
        assert_eq!(facts(&[("requirements.txt", line)])[4], "no", "{line}");
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
    assert_eq!(facts(&[("requirements.txt", &pinned)]).len(), 7);
}

/// What is detected in a release of these files, with the list that goes to the installer.
fn detected(files: &[(&str, &str)], how: &[&str]) -> (Vec<String>, String) {
    let root = release(files);
    let output = program(root.path(), "pip", how);
    let said = if output.status.success() {
        output.stdout
    } else {
        output.stderr
    };
    let text = String::from_utf8(said).expect("text");
    let list = root.path().with_extension("list");
    let lines = fs::read_to_string(&list).unwrap_or_default();
    let _ = fs::remove_file(list);
    let words = text.split_whitespace().map(ToOwned::to_owned).collect();
    (words, lines)
}

const DETECT: [&str; 4] = ["detect", "no", "", ""];
const PYPROJECT: &str = r#"
[project]
name = "acme-polls"
dynamic = ["version"]
dependencies = ["flask>=3", "gunicorn == 27.0.1 ; python_version >= '3'"]
[project.optional-dependencies]
redis = ["redis==5.0.1"]
all = ["acme_polls[redis]", "sentry-sdk"]
[dependency-groups]
web = ["brotli", {include-group = "base"}]
base = ["idna==3.7"]
[tool.black]
line-length = 100
"#;

#[test]
fn the_first_of_four_files_decides() {
    let files = [
        ("uv.lock", "version = 1\n"),
        ("requirements.txt", "flask\n"),
        ("pyproject.toml", PYPROJECT),
        ("setup.py", "raise SystemExit('never run for a key')\n"),
    ];
    let found = [
        ("uv.lock", "lock"),
        ("requirements.txt", "files"),
        ("pyproject.toml", "lines"),
        ("setup.py", "build"),
    ];
    for (first, expected) in found.iter().enumerate() {
        let (words, _) = detected(&files[first..], &DETECT);
        assert_eq!((words[2].as_str(), words[3].as_str()), *expected);
    }
    let (words, _) = detected(&files[1..], &["project", "no", "", ""]);
    assert_eq!(words[2], "pyproject.toml");
    let (words, _) = detected(&[("app.py", "")], &DETECT);
    let none = "the repository has none of uv.lock, requirements.txt, pyproject.toml, setup.py";
    assert_eq!(words.join(" "), none);
    let only_tools = ("pyproject.toml", "[tool.black]\nline-length = 100\n");
    let (words, _) = detected(&[only_tools, ("setup.py", "")], &DETECT);
    assert_eq!(
        (words[2].as_str(), words[3].as_str()),
        ("setup.py", "build")
    );
    let (words, _) = detected(&[only_tools], &DETECT);
    let nothing = "pyproject.toml: no table `project`, so it names no dependencies";
    assert_eq!(words.join(" "), nothing);
}

#[test]
fn a_project_names_its_dependencies_extras_and_groups() {
    let files = [("pyproject.toml", PYPROJECT)];
    let (words, lines) = detected(&files, &DETECT);
    assert_eq!(words[4..], ["yes", "1", "flask"]);
    let own = "flask>=3\ngunicorn == 27.0.1 ; python_version >= '3'\n";
    assert_eq!(lines, own);
    let (more, lines) = detected(&files, &["project", "no", "All", "web"]);
    assert_eq!(more[4..], ["yes", "3", "brotli,flask,sentry-sdk"]);
    assert_eq!(
        lines,
        format!("{own}redis==5.0.1\nsentry-sdk\nbrotli\nidna==3.7\n")
    );
    assert_ne!(more[0], words[0]);
    let (words, _) = detected(&files, &["project", "no", "mysql", ""]);
    assert_eq!(words.join(" "), "pyproject.toml: no extra `mysql`");
    let (words, _) = detected(&files, &["project", "no", "", "docs"]);
    assert_eq!(
        words.join(" "),
        "pyproject.toml: no dependency group `docs`"
    );
    let local = "[project]\nname = 'a'\ndependencies = ['b @ file:///srv/b']\n";
    let (words, _) = detected(&[("pyproject.toml", local)], &DETECT);
    assert!(
        words.join(" ").contains("installs a local path"),
        "{words:?}"
    );
    let broken = [("pyproject.toml", "[project\n")];
    let (words, _) = detected(&broken, &DETECT);
    assert_eq!(words[0], "pyproject.toml:");
}

#[test]
fn the_key_of_a_project_changes_with_what_decides_and_with_nothing_else() {
    let key = |files: &[(&str, &str)], how: &[&str]| detected(files, how).0[0].clone();
    let base = key(&[("pyproject.toml", PYPROJECT)], &DETECT);
    let tools = PYPROJECT.replace("100", "120");
    assert_eq!(
        base,
        key(&[("pyproject.toml", &tools), ("app.py", "1")], &DETECT)
    );
    let newer = PYPROJECT.replace("flask>=3", "flask>=4");
    assert_ne!(base, key(&[("pyproject.toml", &newer)], &DETECT));

    let locked = [("uv.lock", "version = 1\n"), ("pyproject.toml", PYPROJECT)];
    let relocked = [("uv.lock", "version = 2\n"), ("pyproject.toml", PYPROJECT)];
    assert_ne!(key(&locked, &DETECT), key(&relocked, &DETECT));
    let root = release(&locked);
    let with = |installer| program(root.path(), installer, &DETECT).stdout;
    assert_eq!(with("pip"), with("uv"), "only uv installs a lock");

    let built = [
        ("setup.py", "x"),
        ("requirements/base.in", "a"),
        ("app.py", "1"),
    ];
    let edited = [
        ("setup.py", "x"),
        ("requirements/base.in", "a"),
        ("app.py", "2"),
    ];
    let reads_more = [
        ("setup.py", "x"),
        ("requirements/base.in", "b"),
        ("app.py", "1"),
    ];
    assert_eq!(key(&built, &DETECT), key(&edited, &DETECT));
    assert_ne!(key(&built, &DETECT), key(&reads_more, &DETECT));
    let install = ["detect", "yes", "", ""];
    assert_ne!(key(&built, &install), key(&edited, &install));
}

#[test]
fn pins_are_told_from_wishes() {
    let text = "a==1\nb\nc>=2\nd==1.*\ne @ https://example.com/e.whl\nF_g~=1\nh\n-c pins.txt\n";
    let words = facts(&[("requirements.txt", text), ("pins.txt", "h==3\nb<2\n")]);
    assert_eq!(words[4..], ["no", "4", "b,c,d,f-g"]);
}

#[test]
fn a_wheel_tells_what_its_project_needs() {
    let root = release(&[("app.py", "")]);
    let wheel = root.path().join("polls.whl");
    let metadata = "Name: polls\nProvides-Extra: redis\nProvides-Extra: dev\nRequires-Dist: flask>=3\n\
        Requires-Dist: redis==5 ; (os_name == 'posix') and extra == 'redis'\nRequires-Dist: black; extra == \"dev\"\n\n\
        Requires-Dist: of-the-description\n";
    let zip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('polls-1.dist-info/METADATA', sys.argv[2])";
    let made = Command::new("python3")
        .args(["-c", zip])
        .arg(&wheel)
        .arg(metadata)
        .status()
        .expect("python3 runs");
    assert!(made.success());
    let list = root.path().join("list");
    let found = |extras: &str| {
        let program = Command::new("python3")
            .args(["-I", "-S", "-c", PROGRAM, "found"])
            .args([root.path(), &list])
            .arg("setup.py")
            .arg(&wheel)
            .arg(extras)
            .output()
            .expect("python3 runs");
        String::from_utf8([program.stdout, program.stderr].concat()).expect("text")
    };
    assert_eq!(found("redis"), "no 1 flask\n");
    let lines = fs::read_to_string(&list).expect("the list");
    let expected = "flask>=3\nredis==5 ; (os_name == 'posix') and python_version >= '0'\n";
    assert_eq!(lines, expected);
    assert_eq!(found("mysql"), "the project has no extra `mysql`\n");
}
