//! Secrets on the client: what is missing is said before anything is contacted, and no value is shown.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

/// Neither the host nor the repository can be reached: whoever tries ends with 4.
const FILE: &str = "
app: polls
repo: https://repository.invalid/polls.git
gunicorn: {app: polls.wsgi}
nginx: {server_name: polls.example.com}
secrets:
  A_KEY: {env: POLLS_KEY}
  B_URL: {command: [sh, -c, 'echo hunter2; echo it is hunter2 >&2; echo no such entry >&2; exit 3']}
  C_TOKEN: {command: 'cat token.txt'}
  D_NONE: {command: [deployer-no-such-program]}
environments:
  production: {hosts: deploy@host.invalid}
";

const REVISION: &str = "0123456789012345678901234567890123456789";

fn project() -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("deploy.yaml"), FILE).unwrap();
    fs::write(directory.path().join("token.txt"), "t0ken-hunter2\n").unwrap();
    directory
}

/// From elsewhere: commands run beside the file.
fn deployer(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("deployer").unwrap();
    command
        .arg("--config")
        .arg(directory.path().join("deploy.yaml"))
        .args(arguments)
        .env_remove("POLLS_KEY")
        .current_dir("/");
    command
}

const MISSING: &str = "\
error: 3 secrets cannot be had on this machine; no host was contacted
  A_KEY: the variable `POLLS_KEY` is not set, or empty
  B_URL: its command failed (exit 3)
    no such entry
  D_NONE: there is no such program as its command names
hint: deploy.yaml says where each comes from
";

#[test]
fn all_that_are_missing_are_named_at_once() {
    let project = project();
    for command in ["push", "plan"] {
        deployer(&project, &[command, "production"])
            .assert()
            .code(6)
            .stdout("")
            .stderr(MISSING);
    }
}

#[test]
fn a_preview_needs_no_secret_and_shows_none() {
    let project = project();
    let render = ["render", "production", "--revision", REVISION];
    let without = deployer(&project, &render).assert().success();
    let with = deployer(&project, &render)
        .env("POLLS_KEY", "hunter2-of-the-client")
        .assert()
        .success();
    assert_eq!(without.get_output().stdout, with.get_output().stdout);
    let shown = format!("{:?}", with.get_output());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_command_that_sends_no_environment_runs_none() {
    let project = project();
    let file = FILE.replace("cat token.txt", "touch ran");
    fs::write(project.path().join("deploy.yaml"), file).unwrap();
    for command in ["rollback", "status", "releases"] {
        // The host is what is missing, not the secrets.
        deployer(&project, &[command, "production"])
            .assert()
            .code(4);
    }
    assert!(!project.path().join("ran").exists());
    deployer(&project, &["push", "production"]).assert().code(6);
    assert!(project.path().join("ran").exists());
}
