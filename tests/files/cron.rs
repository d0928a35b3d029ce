//! What cron runs, and who else holds its lock.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::cases;

/// What a run prints that begins while its lock is held, shared or not, for these seconds; none if it did not take place.
fn printed(shared: &[&str], seconds: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let config = cases::supervised();
    let files = cases::moved(cases::rendered(&config), &config, dir.path());
    let script = cases::content(&files, "/etc/deployer/polls/schedule-clean-up.sh");
    let script = script.replace("/var/log/deployer/polls", dir.path().to_str().unwrap());
    fs::create_dir_all(at("root/current/.deployer")).unwrap();
    fs::create_dir_all(at("run/workers")).unwrap();
    fs::write(at("root/current/.deployer/schedule-clean-up"), "echo ran\n").unwrap();
    fs::write(at("script"), script).unwrap();

    let mut holder = Command::new("flock")
        .args(shared)
        .arg(at("run/workers/schedule_clean-up_lock"))
        .args(["sh", "-c", "echo; exec sleep \"$0\"", seconds])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    holder.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    let run = Command::new("sh").arg(at("script")).status().unwrap();
    assert!(run.success());
    let printed = fs::read_to_string(at("schedule-clean-up.log")).ok();
    holder.wait().unwrap();
    printed
}

#[test]
fn a_look_at_a_schedule_costs_no_run() {
    assert_eq!(printed(&["-s"], "0.5").as_deref(), Some("ran\n"));
}

#[test]
fn no_run_of_a_schedule_is_beside_another() {
    assert_eq!(printed(&[], "4"), None);
}
