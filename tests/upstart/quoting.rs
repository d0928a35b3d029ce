//! What is written is what the job's process gets.

use std::process::{Command, Stdio};

use deployer::quote::{self, Unquotable};
use proptest::prelude::{Strategy, prop_oneof, proptest};
use proptest::test_runner::Config;

use crate::checker::{Job, read};

fn job(lines: &str) -> Result<Job, String> {
    read(&format!("setuid app\nsetgid app\nenv HOME=/\n{lines}\n"))
}

/// What sh makes of the words after `exec`, which gets the line as it stands.
fn words(command: &str) -> Vec<String> {
    let line = format!("exec printf '%s\\0' {command}");
    let said = Command::new("dash")
        .args(["-e", "-c", &line])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(said.status.success(), "{command}: {said:?}");
    let text = String::from_utf8(said.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Without a shell where none is needed: blanks part the words, nothing else means anything.
fn needs_shell(command: &str) -> bool {
    command.contains(|letter| "~`!$^&*()=|\\{}[];\"'<>?".contains(letter))
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    let hard = "[ \"'\\\\#$%`\t;=a-e\u{e9}{}()&|<>*?~!^\\[\\]-]{0,12}";
    let text = prop_oneof![hard, "\\PC{0,12}"];
    proptest::collection::vec(text, 1..20)
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_variable_arrives(values in texts()) {
        for value in values {
            let line = format!("env X={}\nexec /bin/true", &quote::upstart_env("X", &value).unwrap()[2..]);
            assert_eq!(job(&line).unwrap().env["X"], value);
        }
    }

    #[test]
    fn words_of_a_command_arrive(values in texts()) {
        let quoted: Vec<_> = values.iter().map(|value| quote::upstart_exec(value).unwrap()).collect();
        // Where nothing but blanks parts words, runs of them would be one.
        let command = quoted.join(" ");
        assert_eq!(job(&format!("exec {command}")).unwrap().exec, Some(command.clone()));
        if needs_shell(&command) {
            assert_eq!(words(&command), values);
        } else {
            assert_eq!(command.split(' ').collect::<Vec<_>>(), values);
        }
    }
}

/// B5: each of these broke a job that was written as a shell would have it.
#[test]
fn what_breaks_by_habit() {
    for value in [
        "say \"hi\"",
        "C:\\dir",
        "tail\\",
        "a#b",
        "$HOME/x",
        "50%",
        "a\\\"b",
        "",
        " ",
        "it's",
    ] {
        let line = format!(
            "env {}\nexec /bin/true",
            quote::upstart_env("X", value).unwrap()
        );
        assert_eq!(job(&line).unwrap().env["X"], value);
        let word = quote::upstart_exec(value).unwrap();
        assert!(job(&format!("exec /bin/echo {word}")).is_ok(), "{word}");
        assert_eq!(words(&word), [value]);
    }
}

#[test]
fn a_line_break_cannot_be_written() {
    assert_eq!(quote::upstart_env("X", "a\nb"), Err(Unquotable::Control));
    assert_eq!(quote::upstart_exec("a\nb"), Err(Unquotable::Control));
    assert_eq!(quote::upstart_exec("a\0b"), Err(Unquotable::Control));
}
