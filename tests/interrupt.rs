//! Ctrl-C. A program of its own: a signal reaches every run of a process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "run/fake.rs"]
#[expect(dead_code, reason = "the other program uses the rest")]
mod fake;

use deployer::event::{Event, Outcome};
use deployer::run::{Ending, LostKind, News, Ssh};
use fake::{Fake, local, run_on};
use std::cell::Cell;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs two hosts and interrupts at these updates.
fn interrupted(behave: [&str; 2], at: impl Fn(usize, &News) -> bool) -> (Vec<Ending>, Vec<String>) {
    let _one = ONE_AT_A_TIME.lock().unwrap();
    let fake = Fake::new();
    let jobs = vec![fake.job("a", behave[0]), fake.job("b", behave[1])];
    let ended = run_on(&[local("a"), local("b")], &Ssh::default(), jobs, |update| {
        if at(update.host, &update.news) {
            let me = std::process::id().to_string();
            assert!(
                Command::new("kill")
                    .args(["-INT", &me])
                    .status()
                    .unwrap()
                    .success()
            );
        }
    });
    drain();
    ended
}

/// A signal that came when its run was over waits in the process for the next one.
fn drain() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut late = signal(SignalKind::interrupt()).unwrap();
        while timeout(Duration::from_millis(100), late.recv())
            .await
            .is_ok()
        {}
    });
}

fn outcomes(endings: &[Ending]) -> Vec<Result<Outcome, LostKind>> {
    let outcome = |ending: &Ending| match ending {
        Ending::End { outcome, .. } => Ok(*outcome),
        Ending::Lost(lost) => Err(lost.kind.clone()),
    };
    endings.iter().map(outcome).collect()
}

#[test]
fn before_go_everything_is_called_off() {
    let (endings, heard) = interrupted(["well", "never-ready"], |host, news| {
        host == 0 && matches!(news, News::Event(Event::Ready))
    });
    assert_eq!(
        outcomes(&endings),
        [Ok(Outcome::Aborted), Ok(Outcome::Aborted)],
        "{heard:#?}"
    );
}

#[test]
fn after_go_it_runs_to_its_end() {
    let (endings, heard) = interrupted(["well", "well"], |host, news| {
        host == 0 && matches!(news, News::Event(Event::Live { .. }))
    });
    assert_eq!(
        outcomes(&endings),
        [Ok(Outcome::Live), Ok(Outcome::Live)],
        "{heard:#?}"
    );
}

#[test]
fn the_second_time_leaves() {
    // A third signal would reach the next test.
    let twice = Cell::new(false);
    let (endings, heard) = interrupted(["deaf", "never-ready"], |host, news| {
        let again = || matches!(news, News::Interrupted(_)) && !twice.replace(true);
        host == 0 && (matches!(news, News::Event(Event::Ready)) || again())
    });
    assert_eq!(outcomes(&endings)[0], Err(LostKind::Cut), "{heard:#?}");
}
