use crate::Fake;
use crate::fake::run_on;
use crate::sshd::{Sshd, free_port, host, keygen};
use deployer::config::{Host, HostAddress, Reach};
use deployer::event::{Event, Outcome};
use deployer::run::{Ending, Fleet, Lost, LostKind, News, Ssh};
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

/// Why this host cannot be reached.
fn lost(host: Host, ssh: &Ssh) -> Lost {
    let (mut endings, heard) = run_on(&[host], ssh, vec![Fake::new().job("r", "well")], |_| {});
    match endings.remove(0) {
        Ending::Lost(lost) => lost,
        Ending::End { .. } => panic!("{heard:#?}"),
    }
}

#[test]
fn a_run_and_no_master_left_behind() {
    let (sshd, fake) = (Sshd::start(), Fake::new());
    let (endings, heard) = run_on(
        &[sshd.host()],
        &sshd.ssh(),
        vec![fake.job("r", "well")],
        |_| {},
    );
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
    let until = Instant::now() + Duration::from_secs(5);
    while !sshd.connections().is_empty() {
        assert!(Instant::now() < until, "a connection is still open");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_fleet_without_work_lets_its_hosts_go() {
    let sshd = Sshd::start();
    let fleet = Fleet::connect(&[sshd.host()], &sshd.ssh()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    drop(fleet);
    let until = Instant::now() + Duration::from_secs(5);
    while !sshd.connections().is_empty() {
        assert!(Instant::now() < until, "a connection is still open");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_unknown_host_key_is_shown() {
    let sshd = Sshd::start();
    sshd.distrust();
    let LostKind::HostKeyUnknown(key) = lost(sshd.host(), &sshd.ssh()).kind else {
        panic!()
    };
    assert_eq!(key.name, format!("[127.0.0.1]:{}", sshd.port));
    assert_eq!(
        key.fingerprints,
        [format!("{} (ED25519)", sshd.fingerprint())]
    );
    assert_eq!(key.scan, ["-p", &sshd.port.to_string(), "-H", "127.0.0.1"]);
}

#[test]
fn a_changed_host_key_is_shown_with_the_trusted_line() {
    let sshd = Sshd::start();
    sshd.trust("user.pub");
    let LostKind::HostKeyChanged(key) = lost(sshd.host(), &sshd.ssh()).kind else {
        panic!()
    };
    assert_eq!(key.name, format!("[127.0.0.1]:{}", sshd.port));
    assert_eq!(
        key.fingerprints,
        [format!("{} (ED25519)", sshd.fingerprint())]
    );
    assert_eq!(
        key.offending.unwrap(),
        format!("{}:1", sshd.path("known_hosts").display())
    );
}

#[test]
fn a_wrong_key_is_denied() {
    let sshd = Sshd::start();
    keygen(&sshd.path("stranger"));
    sshd.configure("stranger");
    let lost = lost(sshd.host(), &sshd.ssh());
    assert_eq!(lost.kind, LostKind::Denied);
    assert!(
        lost.detail.ends_with("Permission denied (publickey)."),
        "{lost}"
    );
}

#[test]
fn nobody_listens() {
    assert_eq!(
        lost(host(free_port()), &Ssh::default()).kind,
        LostKind::Refused
    );
}

#[test]
fn nobody_has_that_name() {
    let address = HostAddress::try_from("no-such-host.invalid").unwrap();
    let host = Host {
        name: "web1".to_owned(),
        env: BTreeMap::new(),
        reach: Reach::Ssh {
            user: None,
            address,
            port: None,
        },
    };
    assert_eq!(lost(host, &Ssh::default()).kind, LostKind::NoSuchName);
}

/// The connection dies while the new release takes over; the host goes on, and is asked.
#[test]
fn a_killed_connection_is_asked_for_its_end() {
    let (sshd, fake) = (Sshd::start(), Fake::new());
    let mut killed = false;
    let (endings, heard) = run_on(
        &[sshd.host()],
        &sshd.ssh(),
        vec![fake.job("r", "linger")],
        |update| {
            if matches!(update.news, News::Event(Event::StepStarted { .. })) && !killed {
                killed = true;
                for pid in sshd.connections() {
                    assert!(Command::new("kill").arg(pid).status().unwrap().success());
                }
            }
        },
    );
    assert!(
        killed && heard.contains(&"0 asking".to_owned()),
        "{heard:#?}"
    );
    assert!(
        matches!(
            endings[..],
            [Ending::End {
                outcome: Outcome::Aborted,
                ..
            }]
        ),
        "{heard:#?}"
    );
}

#[test]
fn a_fleet_with_a_failing_host_calls_the_other_off() {
    let (sshd, fake) = (Sshd::start(), Fake::new());
    let hosts = [sshd.host(), sshd.host()];
    let (endings, heard) = run_on(
        &hosts,
        &sshd.ssh(),
        vec![fake.job("a", "well"), fake.job("b", "fail")],
        |_| {},
    );
    let outcomes: Vec<_> = endings
        .iter()
        .map(|ending| match ending {
            Ending::End { outcome, .. } => *outcome,
            Ending::Lost(lost) => panic!("{lost}"),
        })
        .collect();
    assert_eq!(
        outcomes,
        [Outcome::Aborted, Outcome::PrepareFailed],
        "{heard:#?}"
    );
}

#[test]
fn a_crowded_server_is_tried_again() {
    let (sshd, fake) = (Sshd::start_with("MaxStartups 1:100:1\n"), Fake::new());
    let hosts = [sshd.host(), sshd.host(), sshd.host()];
    let jobs = ["a", "b", "c"].map(|id| fake.job(id, "well")).to_vec();
    let (_, heard) = run_on(&hosts, &sshd.ssh(), jobs, |_| {});
    let live = heard
        .iter()
        .filter(|line| line.ends_with("end live"))
        .count();
    assert_eq!(live, 3, "{heard:#?}");
}
