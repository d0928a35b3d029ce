//! Who holds a host, and a freeze, as the host tells of them.

use std::thread;

use crate::library::{SHELLS, library_of, run};

/// What a body says, in a root of its own where nobody holds anything; times are replaced.
fn said(kind: &str, body: &str) -> Vec<String> {
    let answer = |shell: &str| {
        let text = library_of(
            kind,
            &format!(
                "ROOT=$(mktemp -d) && mkdir -p \"$ROOT/.deployer/runs/id\" && run=$ROOT/.deployer/runs/id || exit 1\n\
                 ended='' queued='' watcher='' told_freeze='' BY=anna@laptop WAIT=0 ID=id\nexec 5</dev/null\n\
                 trap 'rm -rf \"$ROOT\"' EXIT\n{body}"
            ),
        );
        let said = run(shell, &text, &["none", "id"], "");
        let out = String::from_utf8_lossy(&said.stdout).into_owned();
        let lines = out.lines().filter(|line| !line.is_empty()).map(|line| {
            let line = line
                .split_once(' ')
                .filter(|(nonce, _)| nonce.starts_with('@'))
                .map_or(line, |(_, rest)| rest);
            line.split(' ')
                .map(|word| match word.split_once('=') {
                    Some(("since" | "age", value)) if value.parse::<u64>().is_ok() => "T",
                    _ => word,
                })
                .collect::<Vec<_>>()
                .join(" ")
        });
        let lines: Vec<String> = lines.collect();
        (lines, format!("{shell} {body}: {said:?}"))
    };
    // Most wait.
    let [(dash, why), (bash, _)] = thread::scope(|scope| {
        let both = SHELLS.map(|shell| scope.spawn(move || answer(shell)));
        both.map(|answer| answer.join().expect("an answer"))
    });
    assert_eq!(dash, bash, "{why}");
    dash
}

#[test]
fn the_holder_is_named_in_full() {
    let body = "take_lock\nholder_fields \"$(holder)\"\necho \"$fields\"";
    assert_eq!(said("push", body), ["by=anna@laptop T T kind=push run=id"]);
}

#[test]
fn a_holder_that_somebody_else_wrote_forges_nothing() {
    let body = "printf '%s\\n' 'x=y%0a@n 12 a=b c=d' >\"$ROOT/.deployer/holder\"\nholder_fields \"$(holder)\"\necho \"$fields\"";
    let line = &said("push", body)[0];
    assert_eq!(
        line,
        "by=%78%3d%79%25%30%61%40%6e T T kind=%61%3d%62 run=%63%3d%64"
    );
    let old = "printf '%s\\n' 'anna run id (push)' >\"$ROOT/.deployer/holder\"\nholder_fields \"$(holder)\"\necho \"$fields\"";
    assert_eq!(said("push", old), ["by=anna"]);
    let none = "holder_fields \"$(holder)\"\necho \"$fields\"";
    assert_eq!(said("push", none), ["by="]);
}

#[test]
fn who_comes_second_is_told_of_the_first_and_leaves_no_record() {
    let body = "put \"$ROOT/.deployer/holder\" 'bo@ci 100 restart r9'\n\
                flock \"$ROOT/.deployer/lock\" sleep 3 &\nsleep 0.3\n\
                (take_lock; echo taken)\nls \"$ROOT/.deployer/runs\"";
    assert_eq!(
        said("push", body),
        ["end locked by=bo@ci T T kind=restart run=r9"]
    );
}

#[test]
fn who_waits_gets_the_lock_or_is_told() {
    let body = "put \"$ROOT/.deployer/holder\" 'bo@ci 100 restart r9'\n\
                flock \"$ROOT/.deployer/lock\" sleep 3 &\nsleep 0.3\n\
                mkfifo \"$ROOT/ctl\" && exec 5<>\"$ROOT/ctl\"\n\
                WAIT=20\n(take_lock; stop_listening; trap - TERM; echo taken)";
    let waiting = "fact waiting limit=20 by=bo@ci T T kind=restart run=r9";
    assert_eq!(said("push", body), [waiting, "taken"]);
    let short = body
        .replace("WAIT=20", "WAIT=1")
        .replace("sleep 3", "sleep 4");
    let ended = said("push", &short);
    assert_eq!(
        ended[1], "end locked by=bo@ci T T kind=restart run=r9",
        "{ended:?}"
    );
}

#[test]
fn who_waits_keeps_what_it_was_sent_and_the_dead_do_not() {
    let body = "cd \"$ROOT/.deployer/runs\" || exit 1\n\
                for one in waits begins dead; do mkdir $one && echo secret >$one/env && echo secret >$one/token; done\n\
                sh -c 'sleep 5; :' script worker waits & waits=$!\necho $waits >waits/pid\n\
                sh -c : & echo $! >dead/pid\nwait $!\nsleep 0.2\n\
                forget_dead\nkill $waits\nls -d */*";
    assert_eq!(
        said("push", body),
        [
            "begins/env",
            "begins/token",
            "dead/pid",
            "waits/env",
            "waits/pid",
            "waits/token"
        ]
    );
}

#[test]
fn the_last_word_of_a_run_is_said_even_if_its_log_has_it_not() {
    let begins = "run=$ROOT/.deployer/runs/r1\nmkdir \"$run\"\necho 'was ana 0 push' >\"$run/nonce\"\n\
                  printf '@was step seal\\n' >\"$run/log\"\nsh -c : & echo $! >\"$run/pid\"\nwait $!\n";
    let killed = said("push", &format!("{begins}ask"));
    assert_eq!(killed, ["step seal", "state value=killed"]);
    let full = format!("{begins}echo 'prepare-failed reason=x' >\"$run/state\"\n");
    assert_eq!(
        said("push", &format!("{full}ask")),
        [
            "step seal",
            "end prepare-failed reason=x",
            "state value=ended"
        ]
    );
    let whole = format!("{full}echo '@was end prepare-failed reason=x' >>\"$run/log\"\nask");
    assert_eq!(
        said("push", &whole),
        [
            "step seal",
            "end prepare-failed reason=x",
            "state value=ended"
        ]
    );
}

#[test]
fn a_freeze_stops_a_push_and_only_speaks_to_a_rollback() {
    let freeze = "live='' RELEASE=-\nfreeze 'until Monday, it'\\''s $HOME'\n";
    let text = said(
        "lock",
        &format!("{freeze}cat \"$ROOT/.deployer/frozen\" | cut -d' ' -f1,3-"),
    );
    assert_eq!(text, ["anna@laptop until Monday, it's $HOME"]);
    let frozen = "printf '%s\\n' \"bo@ci $(date +%s) no $x\" >\"$ROOT/.deployer/frozen\"\n";
    let frozen = frozen.replace("$x", "'x=1'");
    let stopped = said(
        "push",
        &format!("{frozen}(take_lock; echo taken)\nls \"$ROOT/.deployer/runs\""),
    );
    assert_eq!(
        stopped,
        ["end locked frozen=yes by=bo@ci T T message=%6e%6f%20%27%78%3d%31%27"]
    );
    let told = said("rollback", &format!("{frozen}(take_lock; echo taken)"));
    assert_eq!(
        told,
        [
            "warn frozen by=bo@ci T T message=%6e%6f%20%27%78%3d%31%27",
            "taken"
        ]
    );
}

#[test]
fn a_freeze_is_lifted_once() {
    let body = ": >\"$ROOT/.deployer/frozen\"\nlive='' RELEASE=-\n\
                (unfreeze; echo \"rc=$?\")\n(unfreeze); echo \"rc=$?\"\nls \"$ROOT/.deployer\"";
    assert_eq!(
        said("unlock", body),
        ["rc=0", "rc=3", "history.jsonl", "runs"]
    );
}
