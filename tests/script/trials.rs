//! What is left of a trial: its link tells the next run that there may be something to end.

use crate::library::{SHELLS, library, run};

/// Whether the link is gone after `end_trial`, where the manager has stopped the trial or failed to, and says this of it.
fn is_over(stopped: bool, state: &str) -> bool {
    let body = format!(
        r#"
ROOT=$(mktemp -d) && RUNDIR=$ROOT && mkdir "$ROOT/slots" && ln -s ../releases/r1 "$ROOT/slots/trial" || exit 1
unit() {{ [ "$1" != stop ] || {stopped}; }}
unit_state() {{ activity={state}; }}
unit_failed() {{ [ "{state}" = failed ]; }}
end_trial && {{ [ -L "$ROOT/slots/trial" ] && echo stays || echo over; }}
rm -rf "$ROOT""#
    );
    let [dash, bash] = SHELLS.map(|shell| {
        let said = run(shell, &library(&body), &["none", "id"], "");
        assert!(said.stderr.is_empty(), "{shell}: {said:?}");
        String::from_utf8(said.stdout).expect("text")
    });
    assert_eq!(dash, bash);
    match dash.trim_end() {
        "over" => true,
        "stays" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn a_trial_that_was_stopped_is_over() {
    for state in ["inactive", "failed"] {
        assert!(is_over(true, state), "{state}");
    }
}

/// Where the login may not stop it, or there is nothing that could be stopped.
#[test]
fn a_trial_that_could_not_be_stopped_is_over_when_it_is_known_not_to_run() {
    for (state, over) in [
        ("inactive", true),
        ("failed", true),
        ("active", false),
        ("activating", false),
        ("deactivating", false),
        ("reloading", false),
        ("unknown", false),
        // systemd without a bus.
        ("''", false),
    ] {
        assert_eq!(is_over(false, state), over, "{state}");
    }
}
