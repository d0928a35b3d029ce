//! As little HTTP as the tests need, so that they can send what no client would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The whole answer; empty when the server closed without one.
pub(crate) fn over_tcp(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    answer(&mut stream, request)
}

/// The body of `GET /`, or nothing.
pub(crate) fn get(socket: &Path) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let answer = answer(
        &mut stream,
        "GET / HTTP/1.0\r\nHost: polls.example.com\r\n\r\n",
    );
    answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
}

/// What comes on a connection that is there already.
pub(crate) fn answer(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // nginx resets a connection that it refuses to read.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited too long: {what}");
        sleep(Duration::from_millis(30));
    }
}
