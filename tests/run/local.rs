use crate::{Fake, run};
use deployer::event::Outcome;
use deployer::run::{Ending, LostKind, Mode};

#[test]
fn one_host_goes_and_finishes() {
    let fake = Fake::new();
    let (endings, heard) = run(vec![fake.job("r", "well")]);
    assert!(
        matches!(
            endings[..],
            [Ending::End {
                outcome: Outcome::Live,
                ..
            }]
        ),
        "{heard:#?}"
    );
    assert_eq!(
        heard,
        [
            "0 connecting",
            "0 connected",
            "0 hello",
            "0 step virtualenv",
            "0 | output of a step",
            "0 done virtualenv 0",
            "0 ready",
            "0 > go",
            "0 > finish",
            "0 live r2",
            "0 end live",
        ]
    );
}

#[test]
fn the_environment_arrives_beside_the_script() {
    let fake = Fake::new();
    let mut job = fake.job("r", "well");
    job.mode = Mode::Read;
    assert_eq!(format!("{:?}", job.env), "***");
    let (_, heard) = run(vec![job]);
    assert!(heard.contains(&"0 | env A='b'".to_owned()), "{heard:#?}");
    assert_eq!(heard.last().unwrap(), "0 end done");
}

#[test]
fn a_failing_prepare_calls_the_other_host_off() {
    let fake = Fake::new();
    let (_, heard) = run(vec![fake.job("a", "well"), fake.job("b", "fail")]);
    for line in ["1 end prepare-failed", "0 > abort", "0 end aborted"] {
        assert!(
            heard.iter().any(|heard| heard == line),
            "{line}: {heard:#?}"
        );
    }
    assert!(
        !heard.iter().any(|line| line.contains("> go")),
        "{heard:#?}"
    );
}

#[test]
fn hosts_go_in_waves_and_are_reverted_when_one_fails() {
    let fake = Fake::new();
    let (_, heard) = run(vec![
        fake.job("a", "well"),
        fake.job("b", "well"),
        fake.job("c", "broken"),
    ]);
    let at = |line: &str| {
        heard
            .iter()
            .position(|heard| heard == line)
            .unwrap_or_else(|| panic!("{line}: {heard:#?}"))
    };
    assert!(at("0 live r2") < at("1 > go") && at("0 live r2") < at("2 > go"));
    for line in ["2 end restored", "0 end reverted", "1 end reverted"] {
        at(line);
    }
}

#[test]
fn a_stream_that_breaks_after_go_is_asked_for_its_end() {
    let fake = Fake::new();
    let (_, heard) = run(vec![fake.job("r", "cut")]);
    assert_eq!(
        heard[heard.len() - 4..],
        ["0 > finish", "0 asking", "0 live r2", "0 end live"]
    );
}

#[test]
fn a_script_killed_on_the_host_is_unknown() {
    let fake = Fake::new();
    let began = std::time::Instant::now();
    let (endings, heard) = run(vec![fake.job("r", "die")]);
    assert!(
        matches!(&endings[0], Ending::Lost(lost) if lost.kind == LostKind::Unknown),
        "{heard:#?}"
    );
    assert!(began.elapsed().as_secs() < 20);
    // The clock of the report, while the host says nothing.
    assert!(heard.contains(&"0 tick".to_owned()), "{heard:#?}");
}

#[test]
fn a_script_that_cannot_start_says_why() {
    let fake = Fake::new();
    let mut job = fake.job("r", "well");
    job.script.text = "rm -rf \"${0%/*}\"; echo no space >&2; exit 3\n".to_owned();
    let (endings, _) = run(vec![job]);
    let Ending::Lost(lost) = &endings[0] else {
        panic!("{endings:?}")
    };
    assert_eq!(
        (&lost.kind, lost.detail.as_str()),
        (&LostKind::NotStarted, "exit 3: no space")
    );
}
