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

impl Reply {
    /// The value of the first header field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
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

/// A connection that stays open from one request to the next, as browsers keep theirs.
#[derive(Debug)]
pub struct Kept {
    target: SocketAddr,
    host: String,
    stream: Option<TcpStream>,
}

impl Kept {
    pub fn new(target: SocketAddr, host: &str) -> Self {
        Self {
            target,
            host: host.to_owned(),
            stream: None,
        }
    }

    /// The answer, and whether it took a second connection: where a server closes an idle one, a client asks again, once.
    pub fn get(&mut self, path: &str) -> Result<(Reply, bool)> {
        if let Some(stream) = self.stream.take() {
            match self.ask(stream, path) {
                Err(Asked::Unheard) => {}
                Err(Asked::Failed(error)) => return Err(error),
                Ok(reply) => return Ok((reply, false)),
            }
            let stream = self.connect()?;
            return match self.ask(stream, path) {
                Ok(reply) => Ok((reply, true)),
                Err(Asked::Unheard) => Err(Error::new(ErrorKind::UnexpectedEof, "no answer twice")),
                Err(Asked::Failed(error)) => Err(error),
            };
        }
        let stream = self.connect()?;
        match self.ask(stream, path) {
            Ok(reply) => Ok((reply, false)),
            Err(Asked::Unheard) => Err(Error::new(ErrorKind::UnexpectedEof, "no answer")),
            Err(Asked::Failed(error)) => Err(error),
        }
    }

    fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.target, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn ask(&mut self, mut stream: TcpStream, path: &str) -> std::result::Result<Reply, Asked> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        if stream.write_all(request.as_bytes()).is_err() {
            return Err(Asked::Unheard);
        }
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let got = match stream.read(&mut chunk) {
                Ok(0) if bytes.is_empty() => return Err(Asked::Unheard),
                Err(error) if bytes.is_empty() && error.kind() == ErrorKind::ConnectionReset => {
                    return Err(Asked::Unheard);
                }
                Ok(got) => got,
                Err(error) => return Err(Asked::Failed(error)),
            };
            bytes.extend_from_slice(&chunk[..got]);
            let text = String::from_utf8_lossy(&bytes);
            if whole(&text) || got == 0 {
                let Some(reply) = parse(&text).filter(|_| got > 0) else {
                    let broken = format!("broken answer {text:?}");
                    return Err(Asked::Failed(Error::new(ErrorKind::UnexpectedEof, broken)));
                };
                if field(&reply.head, "connection") != Some("close") {
                    self.stream = Some(stream);
                }
                return Ok(reply);
            }
        }
    }
}

/// Why there is no answer.
enum Asked {
    /// The connection ended before a byte of one.
    Unheard,
    Failed(Error),
}

/// Whether the text has all that its head announces.
fn whole(text: &str) -> bool {
    let Some((head, rest)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    match field(head, "content-length").map(str::parse::<usize>) {
        Some(Ok(length)) => rest.len() >= length,
        _ => rest.ends_with("0\r\n\r\n"),
    }
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
