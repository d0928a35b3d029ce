//! Literals as the programs that read them see them: any text comes back as it was.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;
use std::process::{Command, Stdio};

use deployer::config::{EnvKey, Literal, is_noncharacter};
use deployer::quote::{self, Unquotable};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;

/// Values that broke one format or another when written without care.
fn hostile() -> Vec<String> {
    let mut values: Vec<String> = [
        "a;id",
        "a$(id)",
        "a`id`",
        "a'b",
        "a\"b",
        "a\nb",
        "a\rb",
        "../x",
        "-rf",
        "",
        "a b",
        "*",
        "~root",
        "/",
        "%n",
        "{}",
        "$host",
        "-oProxyCommand=x",
        "  both ends  ",
        "it's",
        "a\\nb",
        "-----BEGIN KEY-----\nMIIE\n-----END KEY-----\n",
        "\t",
        "#x ; y",
        "$HOME $(id)",
        "100%n",
        "a=b=c",
        "Gr\u{fc}\u{df}e \u{1f600}",
        "ends in \\",
        "\\",
        "\\\\",
        "\\\"",
        "{\"a\": [1, \"b\"]}",
        "\u{1b}[31m",
        "%z",
        "\n[Service]\nExecStartPre=/bin/sh",
        " ; ",
        "$$HOME",
        "}",
        "~^x$",
        "10m;",
        "%0d%0aSet-Cookie:a=b",
        "\r\n",
        "!!",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "true",
        "\n",
        "a\n\n",
        "'; DROP",
        "'''",
        "${x:-y}",
        "\\$",
        "\\`",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("x".repeat(100_000));
    values
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    let text = prop_oneof!["[ -~\\n\\t\\\\\"'$`%]{0,12}", any::<String>()];
    let text = text.prop_map(|text: String| text.replace('\0', ""));
    proptest::collection::vec(text, 1..60)
}

fn few() -> Config {
    // Each case is a process or two.
    Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    }
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn python(program: &str, file: &std::path::Path) -> Vec<String> {
    let said = output(
        Command::new("python3")
            .args(["-W", "error", "-c", program])
            .arg(file),
    );
    serde_json::from_slice(&said).unwrap()
}

fn script(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

fn split(output: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(output).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn through_shells(values: &[String]) {
    let lines = values
        .iter()
        .map(|value| format!("printf '%s\\0' {}\n", quote::sh(value).unwrap()));
    let file = script(&lines.collect::<String>());
    for shell in ["dash", "bash"] {
        assert_eq!(
            split(&output(Command::new(shell).arg(file.path()))),
            values,
            "{shell}"
        );
    }
}

fn key(number: usize) -> EnvKey {
    format!("KEY_{number:04}").as_str().try_into().unwrap()
}

fn env_file(values: &[String]) -> Result<String, Unquotable> {
    let keys: Vec<EnvKey> = (0..values.len()).map(key).collect();
    quote::env_file(keys.iter().zip(values.iter().map(String::as_str)))
}

fn env_through_shells(values: &[String]) {
    let file = script(&env_file(values).unwrap());
    let prints = (0..values.len()).map(|number| format!("printf '%s\\0' \"${}\"\n", key(number)));
    let reader = script(&format!(
        ". {}\n{}",
        file.path().display(),
        prints.collect::<String>()
    ));
    for shell in ["dash", "bash"] {
        let said = output(Command::new(shell).arg(reader.path()));
        assert_eq!(split(&said), values, "{shell}");
    }
}

/// The reader that releases carry, without the values around it.
fn env_through_conf(values: &[String]) {
    let template = include_str!("../templates/gunicorn/gunicorn.conf.py.j2");
    let from = template.find("class Exact").unwrap();
    let to = template.find("def outside").unwrap();
    let program = format!(
        "import json, re, sys\n{}print(json.dumps([e.strip().split('=', 1)[1] for e in read_env(sys.argv[1])]))",
        &template[from..to]
    );
    let file = script(&env_file(values).unwrap());
    assert_eq!(python(&program, file.path()), values);
}

fn through_python(values: &[String]) {
    let list = Literal::List(values.iter().cloned().map(Literal::Text).collect());
    let file = script(&quote::python(&list));
    let program = "import ast, json, sys
with open(sys.argv[1], encoding='utf-8', newline='') as file:
    print(json.dumps(ast.literal_eval(file.read())))";
    assert_eq!(python(program, file.path()), values);
}

#[test]
fn i25_hostile_values_are_literal() {
    let values = hostile();
    through_shells(&values);
    env_through_shells(&values);
    env_through_conf(&values);
    through_python(&values);
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_text_is_one_word_of_a_shell(values in texts()) {
        through_shells(&values);
    }

    #[test]
    fn any_environment_is_read_alike(values in texts()) {
        let values: Vec<_> = values.iter().map(|value| value.replace(is_noncharacter, "")).collect();
        env_through_shells(&values);
        env_through_conf(&values);
    }

    #[test]
    fn any_text_is_a_python_literal(values in texts()) {
        through_python(&values);
    }

    #[test]
    fn a_unit_has_one_line_for_any_text(text in any::<String>()) {
        match quote::systemd(&text) {
            Ok(word) => assert_eq!(unquoted(&word), text),
            Err(Unquotable::Control) => assert!(text.contains(char::is_control)),
            Err(error) => {
                assert_eq!(error, Unquotable::Noncharacter);
                assert!(text.contains(is_noncharacter));
            }
        }
    }
}

/// systemd's rules for a word, once specifiers are expanded.
fn unquoted(word: &str) -> String {
    assert!(!word.contains('\n'));
    let word = word.replace("%%", "%");
    let Some(inner) = word
        .strip_prefix('"')
        .and_then(|word| word.strip_suffix('"'))
    else {
        return word;
    };
    let mut text = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        assert_ne!(letter, '"');
        text.push(if letter == '\\' {
            letters.next().unwrap()
        } else {
            letter
        });
    }
    text
}

#[test]
fn python_has_every_kind() {
    let list = Literal::List(vec![
        Literal::Bool(true),
        Literal::Bool(false),
        Literal::Int(i64::MIN),
        Literal::Float(1.0),
        Literal::Float(1e300),
        Literal::Text("a'\n".to_owned()),
        Literal::List(Vec::new()),
    ]);
    let python = quote::python(&list);
    assert_eq!(
        python,
        r"[True, False, -9223372036854775808, 1.0, 1e300, 'a\'\n', []]"
    );
    assert_eq!(
        quote::python(&Literal::Float(f64::NEG_INFINITY)),
        "float('-inf')"
    );
}

#[test]
fn what_a_language_cannot_carry_is_refused() {
    assert_eq!(quote::sh("a\0b"), Err(Unquotable::Nul));
    assert_eq!(env_file(&["a\0b".to_owned()]), Err(Unquotable::Nul));
    for text in ["\u{fdd0}", "a\u{ffff}", "\u{efffe}b", "\u{10ffff}"] {
        assert_eq!(quote::systemd(text), Err(Unquotable::Noncharacter));
        assert_eq!(env_file(&[text.to_owned()]), Err(Unquotable::Noncharacter));
    }
    for text in ["a\nb", "a\rb", "\u{1b}[31m"] {
        assert_eq!(quote::systemd(text), Err(Unquotable::Control));
        assert_eq!(quote::nginx(text), Err(Unquotable::Control));
    }
    assert_eq!(quote::nginx("a$b"), Err(Unquotable::Dollar));
    for text in [
        "", "a b", "a;b", "%n", "$x", "{}", "a\nb", "\u{fc}", "a\\b", "*",
    ] {
        assert_eq!(quote::plain(text), Err(Unquotable::NotPlain));
    }
}

#[test]
fn words_of_a_unit() {
    assert_eq!(
        quote::systemd("/srv/polls/a.py").unwrap(),
        "/srv/polls/a.py"
    );
    assert_eq!(quote::systemd("").unwrap(), r#""""#);
    assert_eq!(quote::systemd("a ; b").unwrap(), r#""a ; b""#);
    assert_eq!(quote::systemd("100%n $HOME").unwrap(), r#""100%%n $HOME""#);
    assert_eq!(
        quote::systemd_exec("100%n $HOME").unwrap(),
        r#""100%%n $$HOME""#
    );
}

/// A real nginx answers with each of them.
#[test]
fn nginx_reads_the_same_text() {
    let values: Vec<String> = hostile()
        .into_iter()
        .filter(|value| {
            value.len() < 1000 && !value.contains(char::is_control) && !value.contains('$')
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("nginx.sock");
    let locations = values.iter().enumerate().map(|(number, value)| {
        format!(
            "location = /{number} {{ return 200 {}; }}\n",
            quote::nginx(value).unwrap()
        )
    });
    let place = dir.path().display();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/temp;\n"))
        .concat();
    let conf = format!(
        "pid {place}/pid;\nerror_log {place}/log;\ndaemon off;\nmaster_process off;\nevents {{}}\n\
         http {{\naccess_log off;\n{temp}server {{\nlisten unix:{};\n{}}}\n}}\n",
        socket.display(),
        locations.collect::<String>()
    );
    fs::write(dir.path().join("conf"), conf).unwrap();
    let mut nginx = Command::new("nginx")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .arg("-c")
        .arg(dir.path().join("conf"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for (number, value) in values.iter().enumerate() {
        let answer = ask(&socket, number);
        assert_eq!(&answer, value);
    }
    nginx.kill().unwrap();
    nginx.wait().unwrap();
}

fn ask(socket: &std::path::Path, number: usize) -> String {
    use std::io::{Read, Write};
    let mut stream = None;
    for _ in 0..200 {
        stream = std::os::unix::net::UnixStream::connect(socket).ok();
        if stream.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut stream = stream.unwrap();
    write!(stream, "GET /{number} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// As supervisord reads a command: comments out of the line, `%(..)s` out of the value, then words as a shell has them.
const SUPERVISOR: &str = r##"
import configparser, json, shlex, sys
words = []
for line in json.load(open(sys.argv[1], encoding="utf-8")):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string("[program:x]\ncommand=/bin/echo " + line + " end\n")
    command = shlex.split(parser.get("program:x", "command") % {})
    assert (command[0], command[-1]) == ("/bin/echo", "end"), command
    words.append(command[1:-1])
print(json.dumps(words))
"##;

fn supervisor_reads(values: &[String]) {
    let lines: Vec<_> = values
        .iter()
        .map(|value| quote::supervisor(value).unwrap())
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), serde_json::to_vec(&lines).unwrap()).unwrap();
    let said = output(
        Command::new("python3")
            .args(["-c", SUPERVISOR])
            .arg(file.path()),
    );
    let read: Vec<Vec<String>> = serde_json::from_slice(&said).unwrap();
    let expected: Vec<_> = values.iter().map(|value| vec![value.clone()]).collect();
    assert_eq!(read, expected);
}

#[test]
fn hostile_words_reach_a_program_of_supervisord() {
    let (broken, whole): (Vec<_>, Vec<_>) = hostile()
        .into_iter()
        .partition(|value| value.contains(char::is_control));
    supervisor_reads(&whole);
    for value in broken {
        assert_eq!(quote::supervisor(&value), Err(Unquotable::Control));
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn words_reach_a_program_of_supervisord(values in texts()) {
        let whole: Vec<_> = values.into_iter().map(|value| value.replace(char::is_control, " ")).collect();
        supervisor_reads(&whole);
    }
}
