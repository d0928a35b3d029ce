use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use deployer::script::compile;

use crate::plans::{SMALL, plan};

pub(crate) const SHELLS: [&str; 2] = ["dash", "bash"];
const NONCE: &str = "0123456789abcdef0123456789abcdef";

/// Runs a script file with these arguments and this standard input.
pub(crate) fn run(shell: &str, text: &str, arguments: &[&str], input: &str) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("script");
    std::fs::write(&path, text).expect("the script is written");
    let mut child = Command::new(shell)
        .arg(&path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(input.as_bytes())
        .expect("the input is taken");
    drop(stdin);
    child.wait_with_output().expect("the shell ends")
}

/// The library alone, with `body` instead of the modes.
pub(crate) fn library(body: &str) -> String {
    let text = compile(&plan(SMALL, "push")).text;
    let (library, _) = text.split_once("\nmain \"$@\"").expect("the last line");
    format!("{library}\nNONCE={NONCE}\n{body}\n")
}

#[test]
fn every_kind_parses_in_every_shell() {
    for shell in SHELLS {
        for kind in ["push", "rollback", "setup", "read"] {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let path = directory.path().join(kind);
            std::fs::write(&path, compile(&plan(SMALL, kind)).text).expect("written");
            let parsed = Command::new(shell)
                .arg("-n")
                .arg(&path)
                .output()
                .expect("the shell runs");
            assert!(parsed.status.success(), "{shell} {kind}: {parsed:?}");
        }
    }
}

#[test]
fn a_host_that_was_never_set_up_says_so_and_stays_as_it_is() {
    let source = SMALL.replace("repo:", "root: /srv/deployer-test-no-such-root\nrepo:");
    for shell in SHELLS {
        let script = compile(&plan(&source, "read")).text;
        let said = run(
            shell,
            &script,
            &["read", "20260101T000000Z-read"],
            &format!("{NONCE} 0 tester\n"),
        );
        let text = String::from_utf8(said.stdout).expect("text");
        let owner = text.contains("refused not-set-up");
        assert!(owner, "{shell}: {text}");
        assert!(
            text.trim_end().ends_with(&format!("@{NONCE} end refused")),
            "{shell}: {text}"
        );
    }
}

#[test]
fn words_on_the_wire_carry_any_byte() {
    for shell in SHELLS {
        let said = run(shell, &library("word 'a b%c\n@x=y'"), &["none", "id"], "");
        let expected = "%61%20%62%25%63%0a%40%78%3d%79";
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            expected,
            "{shell}: {said:?}"
        );
    }
}

#[test]
fn a_link_is_replaced_and_never_entered() {
    let body = r#"
d=$(mktemp -d) && mkdir "$d/one" "$d/two" && cd "$d" || exit 1
relink one current && relink two current && readlink current
ls one two
rm -rf "$d""#;
    for shell in SHELLS {
        let said = run(shell, &library(body), &["none", "id"], "");
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            "two\none:\n\ntwo:\n",
            "{shell}: {said:?}"
        );
    }
}

#[test]
fn a_failing_step_ends_the_list_with_its_reason() {
    let body = r#"
run=
good() { echo out; }
bad() { fail install; }
(step one good && step two bad && step three good)
echo "rc=$?""#;
    for shell in SHELLS {
        let said = run(shell, &library(body), &["none", "id"], "");
        let text = String::from_utf8(said.stdout).expect("text");
        let lines = text.lines().filter(|line| !line.is_empty());
        let events: Vec<String> = lines
            .map(|line| {
                line.replace(&format!("@{NONCE} "), "@")
                    .split(" cs=")
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        let expected = [
            "@step one",
            "out",
            "@done one rc=0",
            "@step two",
            "@failed two reason=install",
            "@done two rc=1",
            "rc=1",
        ];
        assert_eq!(events, expected, "{shell}");
    }
}
