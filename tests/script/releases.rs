//! Which release a rollback takes, and which ones pruning leaves.

use crate::library::{SHELLS, library_of, run};

/// A root with releases r1 to r6 on it: `make NAME SEQUENCE PREVIOUS REVISION` makes one, good unless PREVIOUS is empty.
const ROOT: &str = r#"
ROOT=$(mktemp -d) && cd "$ROOT" && mkdir -p releases venvs env static .deployer/runs || exit 1
git init -q --bare repo.git
run='' ID=run
make() {
  mkdir -p "releases/$1/.deployer" "venvs/v$1" "static/$1"
  ln -s "../../venvs/v$1" "releases/$1/venv"
  ln -s "../../../env/e$1" "releases/$1/.deployer/env"
  : >"venvs/v$1/.complete" && : >"env/e$1"
  printf '{"release":"%s","sequence":%s,"revision":"%s","workers":2}\n' "$1" "$2" "$4" >"releases/$1/.deployer/manifest.json"
  [ -z "$3" ] || echo "$3" >"releases/$1/.deployer/proven"
}
make r1 1 - aaaa1111
make r2 2 r1 aaaa2222
make r3 3 '' bbbb3333
make r4 4 r2 cccc4444
make r5 5 r4 dddd5555
make r6 6 r5 eeee6666
"#;

/// What is said of these: `-> RELEASE` and refusals of `choose`, or what the body prints behind `= `.
fn check(kind: &str, body: &str, expected: &str) {
    for shell in SHELLS {
        let text = library_of(kind, &format!("{ROOT}\n{body}\nrm -rf \"$ROOT\""));
        let said = run(shell, &text, &["none", "id"], "");
        let said_out = String::from_utf8_lossy(&said.stdout);
        let lines: Vec<&str> = said_out
            .lines()
            .filter_map(|line| {
                let refused = line.find("refused ").map(|at| &line[at..]);
                line.strip_prefix("= ").or(refused)
            })
            .collect();
        assert_eq!(lines.join("\n"), expected, "{shell} {body}: {said:?}");
    }
}

/// What `choose` makes of these arguments when `live` is live.
fn chosen(live: &str, arguments: &str, expected: &str) {
    let body = format!("live={live} slot=a\n(choose {arguments} && echo \"= $RELEASE\")");
    check("rollback", &body, expected);
}

/// What is left of releases, virtualenvs, environments and static files.
fn pruned(kept: &str, release: &str, live: &str, expected: &str) {
    let body = format!(
        "RELEASE={release} live={live}\nprune {kept} 30\nfor d in releases venvs env static; do set -- $(ls $d); echo \"= $*\"; done"
    );
    let rest: Vec<String> = ["", "v", "e", ""]
        .iter()
        .map(|prefix| {
            let names: Vec<_> = expected
                .split(' ')
                .map(|name| format!("{prefix}{name}"))
                .collect();
            names.join(" ")
        })
        .collect();
    check("push", &body, &rest.join("\n"));
}

#[test]
fn steps_go_over_good_releases_only() {
    for (live, steps, found) in [
        ("r6", 1, "r5"),
        ("r6", 2, "r4"),
        ("r6", 3, "r2"),
        ("r4", 2, "r1"),
    ] {
        chosen(live, &format!("'' {steps}"), found);
    }
    chosen("r4", "'' 9", "refused nothing-older steps=9 found=2");
}

#[test]
fn a_release_is_named_by_what_is_enough_of_it() {
    chosen("r6", "r2 1", "r2");
    chosen("r6", "dddd 1", "r5");
    // One that was never proven may be named; the trial decides.
    chosen("r6", "bbbb3333 1", "r3");
    // Forward again.
    chosen("r2", "eeee6 1", "r6");
    chosen(
        "r6",
        "aaaa 1",
        "refused ambiguous release=aaaa of=%72%32%20%72%31",
    );
    chosen("r6", "ffff 1", "refused no-release release=ffff");
    chosen("r6", "eeee 1", "refused already-live release=r6");
}

#[test]
fn pruning_counts_good_releases_and_spares_what_is_needed() {
    pruned("5", "r6", "r5", "r1 r2 r4 r5 r6");
    pruned("3", "r6", "r5", "r4 r5 r6");
    // r3 was never good; what is live now and where a rollback goes stay, whatever the number.
    pruned("1", "r6", "r5", "r5 r6");
    // After a rollback to r2: r6 was live, r1 is where a rollback from r2 goes.
    pruned("1", "r2", "r6", "r1 r2 r6");
    pruned("2", "r2", "r6", "r1 r2 r5 r6");
}

#[test]
fn a_shared_virtualenv_stays_with_the_last_release_that_uses_it() {
    let body = r#"
ln -sfn ../../venvs/vr1 releases/r6/venv
ln -sfn ../../../env/er2 releases/r5/.deployer/env
RELEASE=r6 live=r5
prune 1 30
for d in releases venvs env; do set -- $(ls $d); echo "= $*"; done"#;
    check("push", body, "r5 r6\nvr1 vr5\ner2 er6");
}

#[test]
fn what_cannot_be_listed_is_not_deleted_by() {
    let body = r#"
rm releases/r6/venv
RELEASE=r6 live=r5
prune 5 30
set -- $(ls venvs); echo "= $*""#;
    check("push", body, "vr1 vr2 vr3 vr4 vr5 vr6");
}

/// r1 and r4 have trees of their own, r5 and r6 the same one, and r2 is of a time when each release had a directory.
#[test]
fn a_static_file_goes_when_no_kept_release_has_it_any_more_and_its_days_are_over() {
    let body = r#"
rm -rf static/* && mkdir -p static/store/s static/r2
for one in 1 4 6; do
  mkdir -p static/trees/t$one/s
  echo $one >static/store/s/$one.css && ln static/store/s/$one.css static/trees/t$one/s/app.css
  echo "{}" >static/trees/t$one/manifest.json
done
for one in r1:1 r4:4 r5:6 r6:6; do
  ln -s trees/t${one#*:} static/${one%:*}
  ln static/trees/t${one#*:}/manifest.json releases/${one%:*}/.deployer/static.json
done
ln -s r6 static/live
RELEASE=r6 live=r5
show() { echo "= $(cd static && echo * trees/* store/s/*)"; }
prune 2 30
show
sleep 0.1
prune_static 0
show
# Whoever copies a host file by file loses the links, and then nothing can be told from them.
cp static/trees/t6/s/app.css copy && mv copy static/trees/t6/s/app.css
touch static/store/s/lost.css
sleep 0.1
prune_static 0
show"#;
    let expected = "live r5 r6 store trees trees/t6 store/s/1.css store/s/4.css store/s/6.css\n\
        live r5 r6 store trees trees/t6 store/s/6.css\n\
        live r5 r6 store trees trees/t6 store/s/6.css store/s/lost.css";
    check("push", body, expected);
}

#[test]
fn a_python_of_uv_stays_with_the_last_virtualenv_that_runs_with_it() {
    let body = r#"
for one in 3.11-old 3.11-new 3.12-old; do mkdir -p "venvs/.python-$one/cpython/bin" && : >"venvs/.python-$one/cpython/bin/python"; done
ln -s .python-3.11-new venvs/.python-3.11
ln -s .python-3.12-old venvs/.python-3.12
mkdir venvs/vr1/bin venvs/vr5/bin venvs/vr6/bin
ln -s "$ROOT/venvs/.python-3.12-old/cpython/bin/python" venvs/vr1/bin/python
ln -s "$ROOT/venvs/.python-3.11-old/cpython/bin/python" venvs/vr5/bin/python
ln -s "$ROOT/venvs/.python-3.11/cpython/bin/python" venvs/vr6/bin/python
RELEASE=r6 live=r5
prune 1 30
set -- $(ls -A venvs); echo "= $*"
rm -r venvs/vr5
prune_pythons
set -- $(ls -A venvs); echo "= $*""#;
    check(
        "push",
        body,
        ".python-3.11 .python-3.11-new .python-3.11-old vr5 vr6\n.python-3.11 .python-3.11-new vr6",
    );
}
