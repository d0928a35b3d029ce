use std::fs;
use std::path::{Path, PathBuf};

use deployer::config::{Config, Manager};
use deployer::plan::{File, Place};
use deployer::template::{BUILT_IN, Templates};

use crate::cases;

/// `ACCEPT=1 cargo test` writes what is rendered; the diff is then for a reviewer.
fn check(case: &str, config: &Config) {
    check_some(case, &cases::rendered(config));
}

fn check_some(case: &str, files: &[File]) {
    let dir = Path::new("tests/cases/files").join(case);
    if std::env::var_os("ACCEPT").is_some() {
        let _ = fs::remove_dir_all(&dir);
        for file in files {
            let path = dir.join(name(file));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.content).unwrap();
        }
        fs::write(dir.join("modes"), modes(files)).unwrap();
    }
    for file in files {
        let expected = fs::read_to_string(dir.join(name(file))).unwrap_or_default();
        assert_eq!(file.content, expected, "{case}: {}", name(file).display());
    }
    assert_eq!(
        modes(files),
        fs::read_to_string(dir.join("modes")).unwrap(),
        "{case}"
    );
}

fn name(file: &File) -> PathBuf {
    match &file.place {
        Place::System(path) | Place::Host(path) => PathBuf::from(path.trim_start_matches('/')),
        Place::Root(path) => Path::new("root").join(path),
        Place::Release(path) => Path::new("release").join(path),
    }
}

fn modes(files: &[File]) -> String {
    let line = |file: &File| format!("{:o} {}\n", file.mode, name(file).display());
    files.iter().map(line).collect::<Vec<_>>().concat()
}

#[test]
fn small() {
    check("small", &cases::small());
}

#[test]
fn full() {
    check("full", &cases::full());
}

#[test]
fn secure() {
    let mut files = cases::rendered(&cases::secure());
    files.retain(|file| name(file).starts_with("etc/nginx"));
    check_some("secure", &files);
}

#[test]
fn own() {
    check("own", &cases::own());
}

#[test]
fn by_acme() {
    let mut files = cases::rendered(&cases::by_acme());
    files.retain(|file| name(file).ends_with("polls-eu.conf"));
    check_some("acme", &files);
}

#[test]
fn bare() {
    check("bare", &cases::bare());
}

#[test]
fn rootless_systemd() {
    check("rootless-systemd", &cases::rootless(Manager::Systemd));
}

#[test]
fn rootless_supervisor() {
    check("rootless-supervisor", &cases::rootless(Manager::Supervisor));
}

#[test]
fn upstart() {
    check("upstart", &cases::upstart());
}

#[test]
fn own_upstart() {
    let mut files = cases::rendered(&cases::own_upstart());
    files.retain(|file| name(file).starts_with("etc/init"));
    check_some("own-upstart", &files);
}

#[test]
fn supervised() {
    check("supervised", &cases::supervised());
}

#[test]
fn text_is_tidy() {
    let all: [fn() -> Config; 10] = [
        cases::small,
        cases::full,
        cases::secure,
        cases::bare,
        cases::own,
        || cases::rootless(Manager::Systemd),
        || cases::rootless(Manager::Supervisor),
        cases::supervised,
        cases::upstart,
        cases::own_upstart,
    ];
    for case in all {
        for file in cases::rendered(&case()) {
            let name = name(&file).display().to_string();
            assert!(
                file.content.ends_with('\n') && !file.content.ends_with("\n\n"),
                "{name}"
            );
            assert!(
                name.contains(".py") || !file.content.contains("\n\n\n"),
                "{name}"
            );
            let trailing = file.content.lines().find(|line| line.ends_with(' '));
            assert_eq!(trailing, None, "{name}");
        }
    }
}

#[test]
fn every_template_is_built_in() {
    let mut found = Vec::new();
    let mut dirs = vec![PathBuf::from("templates")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The shell library is compiled, not rendered.
                if !path.ends_with("script") {
                    dirs.push(path);
                }
            } else {
                found.push(
                    path.strip_prefix("templates")
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
    }
    found.sort();
    assert_eq!(found, BUILT_IN.map(|(name, _)| name.to_owned()));
}

#[test]
fn an_override_wins_and_can_extend() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("systemd")).unwrap();
    fs::write(
        dir.path().join("systemd/recover.service.j2"),
        "# ours, before theirs\n{% include \"builtin/systemd/recover.service.j2\" %}",
    )
    .unwrap();
    let templates = Templates::new(Some(dir.path())).unwrap();
    let config = cases::small();
    let files = deployer::files::host_files(&config, "polls-deploy", &templates).unwrap();
    let unit = "/etc/systemd/system/polls-recover.service";
    let theirs = cases::content(&cases::rendered(&config), unit);
    assert_eq!(
        cases::content(&files, unit),
        format!("# ours, before theirs\n{theirs}")
    );
    let other = "/etc/systemd/system/polls-a.service";
    assert_eq!(
        cases::content(&files, other),
        cases::content(&cases::rendered(&config), other)
    );
}

#[test]
fn an_override_with_a_wrong_name_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sudoers.j2"), "{{ ownr }}\n").unwrap();
    let templates = Templates::new(Some(dir.path())).unwrap();
    let error =
        deployer::files::host_files(&cases::small(), "polls-deploy", &templates).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "render template `sudoers.j2`: undefined value: `ownr` is undefined (in sudoers.j2:1)"
    );
}

#[test]
fn a_value_that_a_format_would_read_is_refused() {
    let templates = Templates::new(None).unwrap();
    for owner in [
        "polls deploy",
        "%admin",
        "a\nb ALL=(ALL) ALL",
        "#0",
        "a,b$",
        "",
    ] {
        let error = deployer::files::host_files(&cases::small(), owner, &templates).unwrap_err();
        assert!(
            format!("{error:#}").contains("can be written here"),
            "{owner}: {error:#}"
        );
    }
    let mut config = cases::full();
    for (value, says) in [
        ("a$host", "variable"),
        ("a\r\nSet-Cookie: b=c", "line break"),
    ] {
        let nginx = config.nginx.as_mut().unwrap();
        nginx.headers.insert("X-Words".to_owned(), value.to_owned());
        let error = deployer::files::host_files(&config, "deploy", &templates).unwrap_err();
        assert!(format!("{error:#}").contains(says), "{error:#}");
        assert!(!format!("{error:?}").contains("Cookie"), "{error:?}");
    }
}
