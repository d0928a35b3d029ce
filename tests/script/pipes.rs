//! The app may put a pipe where it should report: whoever reads that would wait for ever.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::answers::probed;

const WORKERS: &str = include_str!("../../templates/script/workers.sh");

fn pipes(run: &Path, names: &[&str]) {
    fs::create_dir(run.join("workers")).expect("a directory");
    for name in names {
        let made = Command::new("mkfifo").arg(run.join(name)).status();
        assert!(made.expect("mkfifo starts").success());
    }
}

#[test]
fn the_probe_waits_for_no_pipe() {
    let run = tempfile::tempdir().expect("a temporary directory");
    pipes(run.path(), &["workers/1", "workers/failed.1", "master"]);
    let said = probed(run.path(), Path::new("/srv/polls/releases/1"));
    assert_eq!(said, "fail boot-timeout wanted=1 workers=0\n");
}

#[test]
fn nobody_waits_for_the_pipe_of_a_worker() {
    for shell in crate::library::SHELLS {
        let run = tempfile::tempdir().expect("a temporary directory");
        pipes(run.path(), &["workers/celery.1"]);
        let text = format!("ROOT=/srv/polls RUNDIR=$1\n{WORKERS}\nreported celery 1 || echo no");
        let said = Command::new("timeout")
            .args(["20", shell, "-c", &text, "sh"])
            .arg(run.path())
            .output()
            .expect("the shell starts");
        assert_eq!(String::from_utf8_lossy(&said.stdout), "no\n", "{said:?}");
    }
}
