//! A server of S3's protocol, s3s-fs, which checks signatures and checksums; and a door before it that can be busy.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::image::program;

pub const KEY: &str = "AKIDTESTER";
pub const SECRET: &str = "s3cr3t-hunter2/with+signs";
const BUSY: &str = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";

/// Buckets are directories of this machine; objects are files in them.
#[derive(Debug)]
pub struct Storage {
    directory: TempDir,
    server: Server,
    door: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// What the door has seen, and what it does.
#[derive(Debug, Default)]
pub struct State {
    pub lists: usize,
    /// Names of the objects that were put, each as often as that.
    pub puts: Vec<String>,
    /// So many requests of this method get no better answer than 503.
    pub busy: Option<(&'static str, usize)>,
    /// From this put on, nothing is answered.
    pub silent_from: Option<usize>,
}

#[derive(Debug)]
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Storage {
    /// Answers at `ip`, an address of this machine that the machines of a lab reach.
    pub fn start(ip: Ipv4Addr) -> Result<Self> {
        let directory = TempDir::new()?;
        let server = Server::start(directory.path(), ip, &[])?;
        let state = Arc::default();
        let door = door(ip, server.address, &state)?;
        Ok(Self {
            directory,
            server,
            door,
            state,
        })
    }

    /// Through the door.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.door)
    }

    /// A door that only this machine can reach.
    pub fn near_endpoint(&self) -> Result<String> {
        let door = door(Ipv4Addr::LOCALHOST, self.server.address, &self.state)?;
        Ok(format!("http://{door}"))
    }

    /// The server itself.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Another server of the same buckets, whose clock is off.
    pub fn at_another_time(&self, off: &str) -> Result<Skewed> {
        let ip = match self.door {
            SocketAddr::V4(door) => *door.ip(),
            SocketAddr::V6(_) => bail!("no such labs"),
        };
        let clock = [
            ("LD_PRELOAD", clock_library()?),
            ("FAKETIME", off.to_owned()),
        ];
        let server = Server::start(self.directory.path(), ip, &clock)?;
        Ok(Skewed {
            address: server.address,
            _server: server,
        })
    }

    /// Where its buckets are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn create(&self, bucket: &str) -> Result<()> {
        Ok(fs::create_dir(self.directory.path().join(bucket))?)
    }

    /// The objects of a bucket and what is in each, by their keys.
    pub fn objects(&self, bucket: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let top = self.directory.path().join(bucket);
        let mut found = Vec::new();
        let mut pending = vec![top.clone()];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(directory)? {
                let path = entry?.path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let key = path.strip_prefix(&top)?.to_string_lossy().into_owned();
                    found.push((key, fs::read(&path)?));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was put since the last call.
    pub fn puts(&self) -> usize {
        std::mem::take(&mut self.state().puts).len()
    }
}

/// A server that lives as long as this.
#[derive(Debug)]
pub struct Skewed {
    pub address: SocketAddr,
    _server: Server,
}

impl Server {
    fn start(root: &Path, ip: Ipv4Addr, variables: &[(&str, String)]) -> Result<Self> {
        let program = program("s3s-fs", "0.14.1", &["binary"])?;
        // Free a moment ago; the test's own address is nobody else's.
        let address = TcpListener::bind((ip, 0))?.local_addr()?;
        let child = Command::new(program)
            .args([
                "--host",
                &ip.to_string(),
                "--port",
                &address.port().to_string(),
            ])
            .args(["--access-key", KEY, "--secret-key", SECRET])
            .arg(root)
            .env("RUST_LOG", "error")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .spawn()
            .context("s3s-fs does not start")?;
        let server = Self { child, address };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < until, "s3s-fs does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

fn door(ip: Ipv4Addr, behind: SocketAddr, state: &Arc<Mutex<State>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind((ip, 0))?;
    let address = listener.local_addr()?;
    let state = Arc::clone(state);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let state = Arc::clone(&state);
            thread::spawn(move || while pass(&stream, behind, &state).is_ok_and(|more| more) {});
        }
    });
    Ok(address)
}

/// The library that gives a program another time.
fn clock_library() -> Result<String> {
    let found = fs::read_dir("/usr/lib")?
        .filter_map(|entry| Some(entry.ok()?.path().join("faketime/libfaketime.so.1")))
        .find(|path: &PathBuf| path.exists());
    let found = found.context("no libfaketime; `make provision` installs it")?;
    Ok(found.to_string_lossy().into_owned())
}

/// One request and its answer; whether the connection goes on.
fn pass(client: &TcpStream, behind: SocketAddr, state: &Mutex<State>) -> Result<bool> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(false);
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    ensure!(
        reader.buffer().is_empty(),
        "requests that do not wait for each other"
    );
    let (method, rest) = head.split_once(' ').context("no method")?;
    let key = rest.split(['?', ' ']).next().unwrap_or_default().to_owned();
    let (mut client, put) = (client, method == "PUT");
    let silent = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((busy, left)) = &mut state.busy
            && *busy == method
            && *left > 0
        {
            *left -= 1;
            let answer = format!(
                "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n{BUSY}",
                BUSY.len()
            );
            client.write_all(answer.as_bytes())?;
            return Ok(true);
        }
        state.lists += usize::from(!put);
        put && state
            .silent_from
            .is_some_and(|from| state.puts.len() >= from)
    };
    if silent {
        // Until whoever asked gives up.
        client.read_exact(&mut [0])?;
    }
    let mut server = TcpStream::connect(behind)?;
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    if put && answer.starts_with(b"HTTP/1.1 200") {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.puts.push(key);
    }
    client.write_all(&answer)?;
    Ok(false)
}
