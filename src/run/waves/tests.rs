use super::{Rules, Sign, Waves};
use crate::config::{OnFailure, Which};
use crate::event::Outcome;
use crate::run::Verb;

const LIVE: Sign = Sign::Ended(Some(Outcome::Live));
const RESTORED: Sign = Sign::Ended(Some(Outcome::Restored));
const FAILED: Sign = Sign::Ended(Some(Outcome::PrepareFailed));
const UNCHANGED: Sign = Sign::Ended(Some(Outcome::Unchanged));

/// Signs, and what is told after each, as `0:go+finish 1:abort`.
fn play(waves: &mut Waves, signs: &[(usize, Sign)]) -> Vec<String> {
    let told = |(host, sign): &(usize, Sign)| {
        let orders = waves
            .observe(*host, *sign)
            .into_iter()
            .map(|(host, verbs)| {
                let verbs: Vec<_> = verbs.into_iter().map(Verb::as_str).collect();
                format!("{host}:{}", verbs.join("+"))
            });
        orders.collect::<Vec<_>>().join(" ")
    };
    signs.iter().map(told).collect()
}

fn by(on_failure: OnFailure) -> Rules {
    Rules {
        on_failure: Some(on_failure),
        ..Rules::default()
    }
}

fn three(on_failure: OnFailure) -> Waves {
    let mut waves = Waves::new(3, by(on_failure));
    assert_eq!(
        play(
            &mut waves,
            &[(2, Sign::Ready), (0, Sign::Ready), (1, Sign::Ready)]
        ),
        ["", "", "0:go"]
    );
    waves
}

#[test]
fn one_host_goes_and_finishes_at_once() {
    let mut waves = Waves::new(1, by(OnFailure::Revert));
    assert_eq!(
        play(&mut waves, &[(0, Sign::Ready), (0, Sign::Live), (0, LIVE)]),
        ["0:go+finish", "", ""]
    );
}

#[test]
fn the_first_host_goes_before_the_others() {
    let mut waves = three(OnFailure::Revert);
    assert_eq!(
        play(
            &mut waves,
            &[
                (0, Sign::Live),
                (2, Sign::Live),
                (1, Sign::Live),
                (0, LIVE),
                (1, LIVE),
                (2, LIVE)
            ]
        ),
        ["1:go 2:go", "", "0:finish 1:finish 2:finish", "", "", ""]
    );
}

#[test]
fn the_others_go_in_batches() {
    let rules = Rules {
        batch: Some(2),
        ..Rules::default()
    };
    let mut waves = Waves::new(4, rules);
    let ready: Vec<_> = (0..4).map(|host| (host, Sign::Ready)).collect();
    assert_eq!(play(&mut waves, &ready), ["", "", "", "0:go"]);
    assert_eq!(
        play(
            &mut waves,
            &[
                (0, Sign::Live),
                (2, Sign::Live),
                (1, Sign::Live),
                (3, Sign::Live)
            ]
        ),
        [
            "1:go 2:go",
            "",
            "3:go",
            "0:finish 1:finish 2:finish 3:finish"
        ]
    );
}

#[test]
fn a_failed_batch_takes_back_those_before_it_and_spares_those_after_it() {
    let rules = Rules {
        batch: Some(1),
        ..Rules::default()
    };
    let mut waves = Waves::new(3, rules);
    assert_eq!(
        play(
            &mut waves,
            &[
                (0, Sign::Ready),
                (1, Sign::Ready),
                (2, Sign::Ready),
                (0, Sign::Live),
                (1, RESTORED)
            ]
        ),
        ["", "", "0:go", "1:go", "2:abort 0:revert"]
    );
}

#[test]
fn an_unchanged_host_counts_as_ready() {
    let mut waves = Waves::new(2, by(OnFailure::Revert));
    assert_eq!(
        play(&mut waves, &[(0, Sign::Ready), (1, UNCHANGED)]),
        ["", "0:go+finish"]
    );
}

#[test]
fn a_failed_prepare_calls_the_others_off() {
    let mut waves = Waves::new(3, by(OnFailure::Continue));
    assert_eq!(
        play(
            &mut waves,
            &[
                (0, Sign::Ready),
                (1, FAILED),
                (2, Sign::Ready),
                (0, Sign::Ended(None))
            ]
        ),
        ["", "0:abort 2:abort", "", ""]
    );
}

#[test]
fn a_failed_first_host_reverts_nobody_and_stops_the_rest() {
    for on_failure in [OnFailure::Revert, OnFailure::Stop] {
        assert_eq!(
            play(&mut three(on_failure), &[(0, RESTORED)]),
            ["1:abort 2:abort"]
        );
    }
    let mut waves = three(OnFailure::Continue);
    assert_eq!(
        play(
            &mut waves,
            &[(0, RESTORED), (1, Sign::Live), (2, Sign::Live)]
        ),
        ["1:go 2:go", "", "1:finish 2:finish"]
    );
}

#[test]
fn a_failure_in_the_second_wave() {
    let signs = [(0, Sign::Live), (1, RESTORED), (2, Sign::Live)];
    assert_eq!(
        play(&mut three(OnFailure::Revert), &signs),
        ["1:go 2:go", "0:revert 2:revert", ""]
    );
    assert_eq!(
        play(&mut three(OnFailure::Stop), &signs),
        ["1:go 2:go", "", "0:finish 2:finish"]
    );
    assert_eq!(
        play(&mut three(OnFailure::Continue), &signs),
        ["1:go 2:go", "", "0:finish 2:finish"]
    );
}

#[test]
fn a_host_lost_at_the_barrier_of_a_running_wave_fails_the_run() {
    assert_eq!(
        play(&mut three(OnFailure::Revert), &[(1, Sign::Ended(None))]),
        ["2:abort 0:revert"]
    );
    assert_eq!(
        play(
            &mut three(OnFailure::Stop),
            &[(1, Sign::Ended(None)), (0, Sign::Live)]
        ),
        ["2:abort", "0:finish"]
    );
}

#[test]
fn an_interrupt_counts_only_before_go() {
    let mut waves = Waves::new(2, by(OnFailure::Revert));
    play(&mut waves, &[(0, Sign::Ready)]);
    assert_eq!(
        waves.interrupt(),
        [(0, vec![Verb::Abort]), (1, vec![Verb::Abort])]
    );
    assert_eq!(
        play(
            &mut waves,
            &[(1, Sign::Ready), (0, Sign::Ended(Some(Outcome::Aborted)))]
        ),
        ["", ""]
    );
    assert_eq!(three(OnFailure::Revert).interrupt(), []);
}

const RAN: Sign = Sign::Migrated { ran: true };
const NOTHING_PENDING: Sign = Sign::Migrated { ran: false };

fn migrating(hosts: usize, on: Which) -> Waves {
    let rules = Rules {
        migrate: Some(on),
        ..Rules::default()
    };
    let mut waves = Waves::new(hosts, rules);
    for host in (1..hosts).rev() {
        assert_eq!(play(&mut waves, &[(host, Sign::Ready)]), [""]);
    }
    waves
}

#[test]
fn one_host_is_told_everything_at_once() {
    assert_eq!(
        play(
            &mut migrating(1, Which::First),
            &[(0, Sign::Ready), (0, RAN), (0, Sign::Live), (0, LIVE)]
        ),
        ["0:migrate+go+finish", "", "", ""]
    );
}

#[test]
fn the_first_host_migrates_for_all() {
    assert_eq!(
        play(
            &mut migrating(3, Which::First),
            &[
                (0, Sign::Ready),
                (0, RAN),
                (0, Sign::Live),
                (1, Sign::Live),
                (2, Sign::Live),
            ]
        ),
        [
            "0:migrate",
            "0:go",
            "1:go 2:go",
            "",
            "0:finish 1:finish 2:finish"
        ]
    );
}

#[test]
fn every_host_migrates_in_turn_before_any_goes() {
    assert_eq!(
        play(
            &mut migrating(3, Which::Each),
            &[(0, Sign::Ready), (0, RAN), (1, NOTHING_PENDING), (2, RAN)]
        ),
        ["0:migrate", "1:migrate", "2:migrate", "0:go"]
    );
}

#[test]
fn a_failed_migration_calls_the_others_off() {
    let failed = Sign::Ended(Some(Outcome::MigrateFailed));
    assert_eq!(
        play(
            &mut migrating(3, Which::First),
            &[
                (0, Sign::Ready),
                (0, failed),
                (1, Sign::Ended(Some(Outcome::Aborted)))
            ]
        ),
        ["0:migrate", "1:abort 2:abort", ""]
    );
}

#[test]
fn after_a_migration_a_failure_takes_no_release_back() {
    let signs = |migrated| {
        [
            (0, Sign::Ready),
            (0, migrated),
            (0, Sign::Live),
            (1, RESTORED),
            (2, Sign::Live),
        ]
    };
    assert_eq!(
        play(&mut migrating(3, Which::First), &signs(RAN))[3..],
        ["", "0:finish 2:finish"]
    );
    assert_eq!(
        play(&mut migrating(3, Which::First), &signs(NOTHING_PENDING))[3..],
        ["0:revert 2:revert", ""]
    );
}

#[test]
fn an_interrupt_of_a_migration_is_an_abort_that_waits_for_its_end() {
    let mut alone = migrating(1, Which::First);
    play(&mut alone, &[(0, Sign::Ready)]);
    assert_eq!(alone.interrupt(), [(0, vec![Verb::Abort])]);
    assert_eq!(play(&mut alone, &[(0, RAN)]), [""]);
    let mut waves = migrating(2, Which::First);
    play(&mut waves, &[(0, Sign::Ready)]);
    let abort = |host| (host, vec![Verb::Abort]);
    assert_eq!(waves.interrupt(), [abort(0), abort(1)]);
    assert_eq!(play(&mut waves, &[(0, RAN)]), [""]);
    let mut gone = migrating(1, Which::First);
    play(&mut gone, &[(0, Sign::Ready), (0, RAN)]);
    assert_eq!(gone.interrupt(), []);
}

#[test]
fn a_host_lost_beside_a_migration_calls_off_the_migrating_one_too() {
    assert_eq!(
        play(
            &mut migrating(3, Which::First),
            &[(0, Sign::Ready), (2, Sign::Ended(None)), (0, RAN)]
        ),
        ["0:migrate", "0:abort 1:abort", ""]
    );
}
