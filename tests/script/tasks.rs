use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = include_str!("../../templates/script/task.py");

/// A release with an environment, in which a command is started.
struct Release(tempfile::TempDir);

impl Release {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(directory.path().join(".deployer")).expect("a directory");
        let env = "GREETING='good day $HOME'\n";
        fs::write(directory.path().join(".deployer/env"), env).expect("written");
        Self(directory)
    }

    fn start(&self, limit: &str, tied: &str, command: &str) -> Child {
        Command::new("sh")
            // As the worker does once a migration began.
            .args(["-c", "trap '' TERM INT HUP PIPE; exec \"$@\"", "sh"])
            .args(["python3", "-I", "-S", "-c", PROGRAM])
            .arg(self.0.path())
            .args([limit, tied, "027", command, "DEPLOYER_APP=polls"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts")
    }

    /// To its end, while somebody holds the other end of its input.
    fn run(&self, limit: &str, tied: &str, command: &str) -> Output {
        let mut child = self.start(limit, tied, command);
        let _held = child.stdin.take();
        child.wait_with_output().expect("it ends")
    }
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn a_command_finds_its_release_and_its_environment() {
    let release = Release::new();
    let command = "printf '%s\\n' \"$GREETING\" \"$DEPLOYER_APP\" \"$PATH\"; pwd; umask; wc -c; ls /proc/self/fd | wc -l";
    let said = text(&release.run("9", "yes", command));
    let lines: Vec<_> = said.lines().collect();
    let here = release.0.path().display().to_string();
    assert_eq!(lines[..2], ["good day $HOME", "polls"]);
    assert!(
        lines[2].starts_with(&format!("{here}/venv/bin:/usr/local/sbin:")),
        "{said}"
    );
    // Input is empty, and nothing but the three descriptors is passed on; the fourth is that of ls.
    assert_eq!(lines[3..], [here.as_str(), "0027", "0", "4"]);
}

#[test]
fn its_status_is_the_status() {
    let release = Release::new();
    for (command, status) in [
        ("exit 0", 0),
        ("exit 3", 3),
        ("no-such-program 2>&1", 127),
        ("kill -TERM $$", 143),
    ] {
        assert_eq!(
            release.run("9", "yes", command).status.code(),
            Some(status),
            "{command}"
        );
    }
}

#[test]
fn no_command_outlives_its_limit() {
    let release = Release::new();
    let began = Instant::now();
    let said = release.run(
        "1",
        "no",
        "trap '' TERM; echo deaf; sleep 77 & sleep 77; sleep 77",
    );
    assert_eq!(said.status.code(), Some(124));
    assert_eq!(text(&said), "deaf\ndeployer: stopped, it had 1 seconds\n");
    assert!(
        (5..12).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_tied_command_ends_with_who_started_it_and_a_migration_does_not() {
    let release = Release::new();
    let began = Instant::now();
    let mut tied = release.start("60", "yes", "sleep 60");
    drop(tied.stdin.take());
    let said = tied.wait_with_output().expect("it ends");
    assert_eq!(said.status.code(), Some(124));
    assert_eq!(text(&said), "deployer: stopped, the run was called off\n");
    let mut loose = release.start("60", "no", "sleep 1; echo done");
    drop(loose.stdin.take());
    std::thread::sleep(Duration::from_millis(400));
    let pid = loose.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs")
            .success()
    );
    let said = loose.wait_with_output().expect("it ends");
    assert_eq!(
        (said.status.code(), text(&said).as_str()),
        (Some(0), "done\n")
    );
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}
