//! What the program itself says without any host: on standard output, on standard error, to a CI.

use super::schema::Schema;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn deployer(file: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deployer"))
        .args(["--config", file])
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Every line is an object of the schema.
fn objects(text: &str) -> Vec<Value> {
    let schema = Schema::read();
    let object = |line: &str| {
        schema
            .check(line)
            .unwrap_or_else(|error| panic!("{error}: {line}"));
        serde_json::from_str(line).unwrap()
    };
    text.lines().map(object).collect()
}

#[test]
fn errors_of_the_file_are_objects_and_marks() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("deploy.yaml");
    let good = fs::read_to_string(example()).unwrap();
    fs::write(&file, good.replacen("nginx:", "nginx:\n  sever_name: x", 1)).unwrap();
    let file = file.to_str().unwrap();

    let json = deployer(file, &["push", "production", "--json"], &[]);
    let (stdout, stderr) = texts(&json);
    let [result] = &objects(&stdout)[..] else {
        panic!("{stdout}")
    };
    assert_eq!(
        (json.status.code(), &result["exit_code"]),
        (Some(3), &Value::from(3))
    );
    let problem = &result["problems"][0];
    assert_eq!(problem["what"], "nginx: unknown key `sever_name`");
    assert_eq!(problem["label"], "did you mean `server_name`?");
    let (line, column) = (&problem["line"], &problem["column"]);
    assert!(
        stderr.contains(&format!("deploy.yaml:{line}:{column}\n")),
        "{stderr}"
    );

    let (_, marked) = texts(&deployer(
        file,
        &["push", "production"],
        &[("GITHUB_ACTIONS", "true")],
    ));
    let mark = format!(
        "::error title=deployer,file={file},line={line},col={column}::nginx: unknown key `sever_name`\n"
    );
    assert_eq!(marked, mark + &stderr);
    for other in [("GITHUB_ACTIONS", "false"), ("GITLAB_CI", "true")] {
        assert_eq!(
            texts(&deployer(file, &["push", "production"], &[other])).1,
            stderr
        );
    }
    let arguments = ["push", "production", "--ci", "none"];
    assert_eq!(
        texts(&deployer(file, &arguments, &[("GITHUB_ACTIONS", "true")])).1,
        stderr
    );
}

#[test]
fn a_wrong_revision_is_an_annotation() {
    let arguments = ["push", "production", "--revision", "50%"];
    let (_, stderr) = texts(&deployer(
        &example(),
        &arguments,
        &[("GITHUB_ACTIONS", "true")],
    ));
    assert_eq!(
        stderr,
        "::error title=deployer::`50%25` is not a commit id; `--branch` and `--tag` take names\n"
    );
}

#[test]
fn rendered_files_are_objects() {
    let revision = "0123456789abcdef0123456789abcdef01234567";
    let arguments = ["render", "production", "--revision", revision];
    let (plain, said) = texts(&deployer(&example(), &arguments, &[]));
    let output = deployer(&example(), &[&arguments[..], &["--json"]].concat(), &[]);
    let (stdout, stderr) = texts(&output);
    assert_eq!((stderr.as_str(), output.status.code()), ("", Some(0)));
    let objects = objects(&stdout);
    let files: Vec<&Value> = objects
        .iter()
        .filter(|object| object["type"] == "file")
        .collect();
    let text = |object: &Value, key: &str| object[key].as_str().unwrap().to_owned();
    let file = |file: &&Value| {
        let (host, path) = (text(file, "host"), text(file, "path"));
        format!("==> {host}/{path} <==\n{}\n", text(file, "content"))
    };
    assert_eq!(files.iter().map(file).collect::<String>(), plain);
    let script = objects
        .iter()
        .find(|object| object["type"] == "script")
        .unwrap();
    assert!(said.contains(&text(script, "sha256")), "{said}");
    assert_eq!(objects.last().unwrap()["exit"], "done");
}

/// Each shell reads its script, and bash completes with it.
#[test]
fn shells_take_their_completions() {
    let made = |shell| texts(&deployer("none.yaml", &["completions", shell], &[])).0;
    for (shell, word) in [
        ("zsh", "#compdef deployer"),
        ("fish", "complete -c deployer"),
    ] {
        let script = made(shell);
        assert!(script.contains(word) && script.contains("rollback") && script.contains("ci"));
        assert!(
            !script.contains("gitlab-ci") && !script.contains("no-color"),
            "{script}"
        );
    }
    let script = made("bash")
        + "COMP_WORDS=(deployer roll); COMP_CWORD=1; _deployer deployer roll deployer; echo ${COMPREPLY[@]}\n"
        + "COMP_WORDS=(deployer push --js); COMP_CWORD=2; _deployer deployer --js push; echo ${COMPREPLY[@]}\n"
        + "COMP_WORDS=(deployer --g); COMP_CWORD=1; _deployer deployer --g deployer; echo none: ${COMPREPLY[@]}\n";
    let mut bash = Command::new("bash")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let (stdout, _) = texts(&bash.wait_with_output().unwrap());
    assert_eq!(stdout, "rollback\n--json\nnone:\n");
}

fn example() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples/flask/deploy.yaml")
        .to_str()
        .unwrap()
        .to_owned()
}
