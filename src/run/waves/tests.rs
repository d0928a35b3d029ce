use super::{Sign, Waves};
use crate::config::OnFailure;
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

fn three(on_failure: OnFailure) -> Waves {
    let mut waves = Waves::new(3, on_failure);
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
    let mut waves = Waves::new(1, OnFailure::Revert);
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
fn an_unchanged_host_counts_as_ready() {
    let mut waves = Waves::new(2, OnFailure::Revert);
    assert_eq!(
        play(&mut waves, &[(0, Sign::Ready), (1, UNCHANGED)]),
        ["", "0:go+finish"]
    );
}

#[test]
fn a_failed_prepare_calls_the_others_off() {
    let mut waves = Waves::new(3, OnFailure::Continue);
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
    let mut waves = Waves::new(2, OnFailure::Revert);
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
