//! One HTTP/1.1 request over a connection of its own.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a request may take at each step before it counts as failed.
const LIMIT: Duration = Duration::from_secs(30);

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    /// Status line and header fields as they came.
    pub head: String,
    pub body: String,
}

/// Asks for `path` of the site `host` at `target`; an answer that breaks off is an error.
pub fn get(target: SocketAddr, host: &str, path: &str) -> Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&target, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    parse(&text).ok_or_else(|| {
        let start: String = text.chars().take(80).collect();
        Error::new(ErrorKind::UnexpectedEof, format!("broken answer {start:?}"))
    })
}

fn parse(text: &str) -> Option<Reply> {
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let body = match (
        field(head, "content-length"),
        field(head, "transfer-encoding"),
    ) {
        (Some(length), _) => {
            let length: usize = length.parse().ok()?;
            (rest.len() == length).then(|| rest.to_owned())?
        }
        (None, Some("chunked")) => join_chunks(rest)?,
        _ => rest.to_owned(),
    };
    Some(Reply {
        status,
        head: head.to_owned(),
        body,
    })
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
}

fn join_chunks(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix("\r\n")?;
    }
}
