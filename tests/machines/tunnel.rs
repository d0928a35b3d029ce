//! A proxy that knows `CONNECT` alone, and counts.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result};

/// Whoever connects reaches what this machine reaches.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    made: Arc<AtomicUsize>,
}

impl Tunnel {
    pub fn start(ip: Ipv4Addr) -> Result<Self> {
        let listener = TcpListener::bind((ip, 0))?;
        let address = listener.local_addr()?;
        let made: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&made);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // What breaks is the client's to tell.
                thread::spawn(move || tunnel(client, &count));
            }
        });
        Ok(Self { address, made })
    }

    /// As the environment names it, with a name and a password that nobody asks for.
    pub fn url(&self) -> String {
        format!("http://somebody:p%40ss@{}", self.address)
    }

    /// How many were made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

fn tunnel(mut client: TcpStream, count: &AtomicUsize) -> Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head)?;
    }
    let place = head.strip_prefix("CONNECT ").context("no tunnel")?;
    // somebody:p@ss
    head.contains("Basic c29tZWJvZHk6cEBzcw==")
        .then_some(())
        .context("nobody")?;
    let place = place.split(' ').next().unwrap_or_default();
    let mut server = TcpStream::connect(place)?;
    count.fetch_add(1, Ordering::SeqCst);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut answers) = (client.try_clone()?, server.try_clone()?);
    let returned = thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut reader, &mut server);
    let _ = server.shutdown(Shutdown::Write);
    let _ = returned.join();
    Ok(())
}
