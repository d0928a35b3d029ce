//! What a generation must answer to count as healthy, byte for byte.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{self, Command};
use std::thread;

const PROBE: &str = include_str!("../../templates/script/probe.py");

/// This process as the worker of a release that answers every request with these bytes.
fn asked(answer: &[u8], then_closes: bool) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let release = directory.path().join("release");
    fs::create_dir_all(release.join("venv")).expect("a directory");
    fs::create_dir(directory.path().join("workers")).expect("a directory");
    let pid = process::id();
    let stat = fs::read_to_string("/proc/self/stat").expect("our own state");
    let (_, stat) = stat.rsplit_once(')').expect("a name in brackets");
    let started = stat.split(' ').nth(20).expect("a start");
    let report = format!(
        r#"{{"pid": {pid}, "start": {started}, "release": "{0}", "cwd": "{0}", "prefix": "{0}/venv", "import": 0.5}}"#,
        release.display()
    );
    fs::write(directory.path().join("master"), &report).expect("a report");
    fs::write(directory.path().join(format!("workers/{pid}")), report).expect("a report");
    let listener = UnixListener::bind(directory.path().join("gunicorn.sock")).expect("a socket");
    let answer = answer.to_vec();
    thread::spawn(move || {
        let mut open = Vec::new();
        for mut line in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = line.read(&mut request);
            let _ = line.write_all(&answer);
            if !then_closes {
                open.push(line);
            }
        }
    });
    probed(directory.path(), &release)
}

/// What a probe of the one worker of this release says, whose reports are in `run`.
pub(crate) fn probed(run: &Path, release: &Path) -> String {
    let output = Command::new("timeout")
        .args(["20", "python3", "-I", "-S", "-c", PROBE, "polls"])
        .args([run, release])
        .args(["", "1", "0.3", "localhost", "/health", "200", "399"])
        .args(["0.5", "0", "1", "no", "http"])
        .output()
        .expect("python3 starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_answer_that_is_whole_is_healthy() {
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000));
    for (answer, then_closes) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
        ("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok", false),
        ("HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\nshort", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", false),
        ("HTTP/1.1 304\r\n\r\n", false),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nContent-Length: 9\r\n\r\n2;a=b\r\nok\r\n0;c\r\n\r\n",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nServer-Timing: a\r\n\r\n",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            false,
        ),
        (&long, false),
    ] {
        let start = &answer[..answer.len().min(120)];
        assert_eq!(
            asked(answer.as_bytes(), then_closes),
            "ok imported=50 workers=1\n",
            "{start}"
        );
    }
}

#[test]
fn one_that_is_not_whole_is_none() {
    for (answer, status) in [
        (
            &b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"[..],
            500,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", 0),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
            0,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nok0\r\n\r\n",
            0,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok\r\n",
            0,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Le", 0),
        (b"SSH/2.0 200 OK\r\n\r\n", 0),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", 0),
        (b"HTTP/1.1 OK\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", 0),
        (b"\xff\x00\r\n\r\n", 0),
        (b"", 0),
    ] {
        let expected = format!("fail health by=socket path=/health status={status}\n");
        assert_eq!(
            asked(answer, true),
            expected,
            "{}",
            String::from_utf8_lossy(answer)
        );
    }
}
