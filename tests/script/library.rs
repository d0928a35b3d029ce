use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use deployer::config::EnvKey;
use deployer::quote::env_file;
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
    library_of("push", body)
}

/// The same of another kind of run.
pub(crate) fn library_of(kind: &str, body: &str) -> String {
    let text = compile(&plan(SMALL, kind)).text;
    let (library, _) = text.split_once("\nmain \"$@\"").expect("the last line");
    format!("{library}\nNONCE={NONCE}\n{body}\n")
}

#[test]
fn every_kind_parses_in_every_shell() {
    for shell in SHELLS {
        for kind in [
            "push",
            "rollback",
            "setup",
            "read",
            "check",
            "reload",
            "restart",
            "stop",
            "start",
            "lock",
            "unlock",
            "maintenance",
            "maintenance-off",
        ] {
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
            &format!("{NONCE} 0 0 tester\n"),
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
fn a_run_that_is_turned_away_leaves_no_script() {
    let source = SMALL.replace("repo:", "root: /srv/deployer-test-no-such-root\nrepo:");
    for shell in SHELLS {
        let directory = tempfile::Builder::new()
            .prefix("deployer.")
            .tempdir()
            .expect("a temporary directory");
        let path = directory.path().join("s");
        std::fs::write(&path, compile(&plan(&source, "push")).text).expect("written");
        let said = Command::new(shell)
            .arg(&path)
            .args(["run", "20260101T000000Z-0000000"])
            .stdin(given(&format!("{NONCE} 0 tester\n")))
            .output()
            .expect("the shell runs");
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(text.contains("refused not-set-up"), "{shell}: {said:?}");
        assert!(
            text.trim_end().ends_with("end refused"),
            "{shell}: {said:?}"
        );
        assert!(!directory.path().exists(), "{shell}: the script stays");
    }
}

/// Standard input that is there already.
fn given(text: &str) -> Stdio {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    std::io::Seek::rewind(&mut file).expect("a file can be read again");
    Stdio::from(file)
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

/// Names of variables only, whatever the values are made of.
#[test]
fn what_differs_between_two_environments_is_named() {
    let file = |values: &[(&str, &str)]| {
        let keys: Vec<EnvKey> = values
            .iter()
            .map(|(key, _)| (*key).try_into().expect("a name"))
            .collect();
        let values = keys.iter().zip(values.iter().map(|(_, value)| *value));
        env_file(values).expect("values")
    };
    let long = "x\n".repeat(10_000);
    let nasty = "a\"b\\\n$(id)`\\\nOTHER=\"1\"\n\\";
    let old = [
        ("A", "1"),
        ("B", nasty),
        ("C", "\n"),
        ("D", ""),
        ("E", &long),
        ("OLD", "x\nA=\"2\""),
    ];
    let fewer = [("A", "1")];
    for (old, new, said) in [
        (&old[..], &old[..], ""),
        (&old[..], &old[1..], " removed=A"),
        (&old[1..], &old[..], " added=A"),
        (&[], &old[..2], " added=A,B"),
        (&old[..2], &[], " removed=A,B"),
        (&old[..], &fewer[..], " removed=B,C,D,E,OLD"),
        (
            &old[..],
            &[
                ("A", "10"),
                ("B", nasty),
                ("C", ""),
                ("D", ""),
                ("E", "x"),
                ("F", "\\"),
            ],
            " changed=A,C,E added=F removed=OLD",
        ),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("old");
        std::fs::write(&path, file(old)).expect("written");
        for shell in SHELLS {
            let text = library("env_changes \"$1\" -");
            let path = path.to_str().expect("plain");
            let output = run(shell, &text, &[path], &file(new));
            assert_eq!(String::from_utf8_lossy(&output.stdout), said, "{output:?}");
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{output:?}"
            );
        }
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

#[test]
fn the_url_of_a_submodule_is_safe_or_refused() {
    let source = SMALL.replace("gunicorn:", "git: {submodules: true}\ngunicorn:");
    let text = compile(&plan(&source, "push")).text;
    let (library, _) = text.split_once("\nmain \"$@\"").expect("the last line");
    let body = r#"
for parent in https://h.example/a/b.git git@h.example:a/b.git git@h.example:b.git ssh://git@h.example:22/b.git; do
  for url in ../c.git ../../c.git ./c.git; do
    made=$(below_url "$parent" "$url") && safe_url "$made" && echo "$made" || echo "no: $parent $url"
  done
done
while IFS= read -r url; do ! safe_url "$url" || echo "safe: $url"; done <<'END'
-u./x
--upload-pack=touch x
ext::sh -c id
file:///etc
/srv/x.git
http://h.example/x
git://h.example/x
https://token@h.example/x
https://-oProxyCommand=x/y
ssh://-oProxyCommand=x/y
git@-oProxyCommand=x:y
git@h.example:-x
git@h.example:a/../../b
https://h.example/$(id)
h.example:x

https://h.example/x
ssh://git@h.example:2222/x
git@h.example:x
END
depth services/web; depth ''"#;
    let expected = "\
https://h.example/a/c.git
https://h.example/c.git
https://h.example/a/b.git/c.git
git@h.example:a/c.git
git@h.example:c.git
git@h.example:a/b.git/c.git
git@h.example:c.git
no: git@h.example:b.git ../../c.git
git@h.example:b.git/c.git
ssh://git@h.example:22/c.git
no: ssh://git@h.example:22/b.git ../../c.git
ssh://git@h.example:22/b.git/c.git
safe: https://h.example/x
safe: ssh://git@h.example:2222/x
safe: git@h.example:x
2
0
";
    for shell in SHELLS {
        let said = run(
            shell,
            &format!("{library}\nNONCE={NONCE}\n{body}\n"),
            &["none", "id"],
            "",
        );
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            expected,
            "{shell}: {said:?}"
        );
    }
}

/// Without that, git-lfs offers it again and again.
#[test]
fn a_token_that_was_refused_is_not_given_again() {
    let body = "
run=$(mktemp -d) GIT_AUTH=token GIT_ORIGIN=https://git.example.com GIT_USERNAME=robot GIT_TERMINAL_PROMPT=0
GIT_REFUSED=$run/refused
export GIT_REFUSED GIT_TERMINAL_PROMPT
printf %s sentinel >\"$run/token\"
about() { printf 'protocol=https\\nhost=git.example.com\\n%s\\n' \"$1\" | remote_git 10 credential \"$2\"; }
about '' fill | grep -x 'password=sentinel'
about 'username=robot
password=sentinel
' reject
about '' fill 2>/dev/null || echo refused
rm -rf \"$run\"";
    for shell in SHELLS {
        let said = run(shell, &library(body), &["none", "id"], "");
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            "password=sentinel\nrefused\n",
            "{shell}: {said:?}"
        );
    }
}
