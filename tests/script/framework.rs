//! What Django's own check says becomes a warning, whatever it is.

use deployer::script::compile;

use crate::library::{SHELLS, run};
use crate::plans::{FULL, plan};

const ISSUES: &str = "\
System check identified some issues:

WARNINGS:
?: (security.W004) You have not set a value for the SECURE_HSTS_SECONDS setting.
guestbook.Entry.name: (fields.W340) null has no effect on ManyToManyField.
?: (security.W004) Twice.

System check identified 3 issues (0 silenced).
";

/// The events of a check that prints this and ends so, in a release with that Django; both shells agree.
fn events(django: &str, says: &str, code: i32) -> Vec<String> {
    let text = compile(&plan(FULL, "push")).text;
    let (library, _) = text.split_once("\nmain \"$@\"").expect("the last line");
    // The command itself, and not the account and the session that it has on a host.
    let body = r#"
NONCE=0 at=framework
run=$(mktemp -d) && part=$run/release && mkdir -p "$part/venv/lib/python3.13/site-packages/$3" || exit 1
: >"$part/manage.py" && : >"$part/venv/lib/python3.13/site-packages/$3/__init__.py"
task() { printf '%s' "$said_by_django"; return "$3"; }
said_by_django=$4
check_framework manage.py app framework "$5" 'python manage.py check --deploy'
echo "rc=$?"
rm -r "$run"
"#;
    let text = format!("{library}\n{body}");
    let code = code.to_string();
    let [dash, bash] = SHELLS.map(|shell| {
        let said = run(shell, &text, &["none", "id", django, says, &code], "");
        assert!(said.stderr.is_empty(), "{shell}: {said:?}");
        String::from_utf8(said.stdout).expect("text")
    });
    assert_eq!(dash, bash);
    let lines = dash.lines().filter(|line| !line.is_empty());
    lines.map(ToOwned::to_owned).collect()
}

#[test]
fn issues_are_named_once_each() {
    let said = events("django", ISSUES, 0);
    let warning = "@0 warn framework-issues count=2 names=fields.W340,security.W004";
    assert!(said.contains(&warning.to_owned()), "{said:#?}");
    assert_eq!(said.last().map(String::as_str), Some("rc=0"), "{said:#?}");
    // Those that Django calls errors end it with 1, and are no more than a warning here.
    assert_eq!(events("django", ISSUES, 1), said);
}

#[test]
fn a_check_that_fails_is_shown_and_stops_nothing() {
    let said = events("django", "Traceback\nboom\n", 124);
    assert_eq!(
        said,
        [
            "Traceback",
            "boom",
            "@0 warn framework-failed rc=124",
            "@0 excerpt framework",
            "Traceback",
            "boom",
            "@0 excerpt-end",
            "rc=0",
        ]
    );
}

#[test]
fn without_django_there_is_nothing_to_ask() {
    assert_eq!(events("flask", ISSUES, 1), ["rc=0"]);
    assert_eq!(events("django", "", 0), ["rc=0"]);
}
