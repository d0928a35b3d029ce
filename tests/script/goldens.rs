use std::fs;
use std::path::Path;

use deployer::script::compile;

use crate::plans::{FULL, PRIVATE, SMALL, UPSTART, plan};

/// Header and plan; the library between them stands in `templates/script/`, the files in their own goldens.
fn own_part(text: &str) -> String {
    let (header, _) = text.split_once("\nset -u").expect("the library");
    let (header, _) = header.split_once("_PY='#").unwrap_or((header, ""));
    let (_, steps) = text.split_once("# --- the plan ---\n").expect("a plan");
    let (steps, _) = steps.split_once("\n# --- the modes").expect("the end");
    let header: String = header
        .lines()
        .filter(|line| !is_digest(line))
        .map(|line| line.to_owned() + "\n")
        .collect();
    format!("{header}...\n{steps}")
}

/// Digests of rendered files change with every template.
fn is_digest(line: &str) -> bool {
    line.split([' ', '\''])
        .any(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn check(name: &str, source: &str, kind: &str) {
    let text = own_part(&compile(&plan(source, kind)).text);
    let path = Path::new("tests/cases/script").join(format!("{name}-{kind}.txt"));
    if std::env::var_os("ACCEPT").is_some() {
        fs::write(&path, &text).expect("the golden is writable");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}", path.display());
}

#[test]
fn small_app() {
    for kind in [
        "push",
        "rollback",
        "rollback-keep-env",
        "setup",
        "read",
        "check",
        "reload",
        "restart",
        "stop",
        "start",
        "prune",
        "lock",
        "unlock",
        "maintenance",
        "maintenance-off",
    ] {
        check("small", SMALL, kind);
    }
}

#[test]
fn every_option() {
    for kind in ["push", "rollback", "setup", "check"] {
        check("full", FULL, kind);
    }
}

#[test]
fn other_managers() {
    for kind in ["push", "setup"] {
        check("upstart", UPSTART, kind);
        check("private-supervisor", PRIVATE, kind);
    }
}

#[test]
fn i20_compiling_twice_gives_the_same_bytes() {
    let once = compile(&plan(FULL, "push"));
    let again = compile(&plan(FULL, "push"));
    assert_eq!(once.text, again.text);
    assert_eq!(once.digest(), again.digest());
    assert_eq!(once.digest().len(), 64);
}

#[test]
fn no_value_of_env_is_in_a_script() {
    let source = format!("{SMALL}    env: {{TOKEN: sentinel-value}}\n");
    for kind in ["push", "rollback", "setup", "read", "check"] {
        assert!(
            !compile(&plan(&source, kind))
                .text
                .contains("sentinel-value")
        );
    }
}
