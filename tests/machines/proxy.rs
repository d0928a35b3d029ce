//! A TCP proxy that makes a link long, cuts it, or lets it go silent.

use std::io::{ErrorKind, Result as IoResult};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::sleep as block;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// Chunks under way per direction; only there so that a dead reader cannot eat all memory.
const IN_FLIGHT: usize = 4096;

/// Listens on the loopback interface and forwards to one address. Every byte arrives half a
/// round trip later, at full throughput.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    frozen: watch::Sender<bool>,
    links: Links,
    runtime: Option<Runtime>,
}

type Links = Arc<Mutex<Vec<Link>>>;

#[derive(Debug)]
struct Link {
    ends: [Weak<TcpStream>; 2],
    task: AbortHandle,
}

impl Proxy {
    pub fn start(target: SocketAddr, round_trip: Duration) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let guard = runtime.enter();
        let listener = TcpListener::from_std(listener).context("cannot listen")?;
        drop(guard);
        let (frozen, gate) = watch::channel(false);
        let links = Links::default();
        runtime.spawn(accept(
            listener,
            target,
            round_trip / 2,
            gate,
            links.clone(),
        ));
        Ok(Self {
            address,
            frozen,
            links,
            runtime: Some(runtime),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection on both sides, without a word; new ones work.
    pub fn cut(&self) {
        let links: Vec<Link> = self
            .links
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .collect();
        for link in &links {
            for end in link.ends.iter().filter_map(Weak::upgrade) {
                let _ = end.set_zero_linger();
            }
            link.task.abort();
        }
        let open = |link: &Link| link.ends.iter().any(|end| end.strong_count() > 0);
        while links.iter().any(open) {
            block(Duration::from_millis(1));
        }
    }

    /// From now on nothing passes, and nobody is told; new connections are silent too.
    pub fn freeze(&self) {
        self.frozen.send_replace(true);
    }

    /// Ends [`Self::freeze`]: what was held back passes.
    pub fn thaw(&self) {
        self.frozen.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would panic in a test that runs inside a runtime of its own.
            runtime.shutdown_background();
        }
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    delay: Duration,
    gate: watch::Receiver<bool>,
    links: Links,
) {
    while let Ok((near, _)) = listener.accept().await {
        // The real link's own handshake would take one more round trip before this.
        let Ok(far) = TcpStream::connect(target).await else {
            continue;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let ends = [Arc::new(near), Arc::new(far)];
        let weak = [Arc::downgrade(&ends[0]), Arc::downgrade(&ends[1])];
        let task = tokio::spawn(link(ends, delay, gate.clone())).abort_handle();
        let mut links = links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|link| !link.task.is_finished());
        links.push(Link { ends: weak, task });
    }
}

async fn link([near, far]: [Arc<TcpStream>; 2], delay: Duration, gate: watch::Receiver<bool>) {
    let there = one_way(&near, &far, delay, gate.clone());
    let back = one_way(&far, &near, delay, gate);
    // An error in one direction ends both; an orderly end of one leaves the other open.
    let _ = tokio::try_join!(there, back);
}

async fn one_way(
    from: &TcpStream,
    to: &TcpStream,
    delay: Duration,
    gate: watch::Receiver<bool>,
) -> IoResult<()> {
    let (queue, mut due) = mpsc::channel::<(Instant, Vec<u8>)>(IN_FLIGHT);
    let mut open = gate.clone();
    let receive = async move {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            pass(&mut open).await?;
            from.readable().await?;
            let got = match from.try_read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                got => got?,
            };
            let chunk = (Instant::now() + delay, buffer[..got].to_vec());
            if queue.send(chunk).await.is_err() || got == 0 {
                return IoResult::Ok(());
            }
        }
    };
    let mut open = gate;
    let send = async move {
        while let Some((at, chunk)) = due.recv().await {
            sleep_until(at).await;
            pass(&mut open).await?;
            if chunk.is_empty() {
                break;
            }
            let mut rest = &chunk[..];
            while !rest.is_empty() {
                to.writable().await?;
                match to.try_write(rest) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    sent => rest = &rest[sent?..],
                }
            }
        }
        // Half a close is passed on as such; only std's type offers it for a shared socket.
        std::net::TcpStream::from(to.as_fd().try_clone_to_owned()?).shutdown(Shutdown::Write)
    };
    tokio::try_join!(receive, send).map(drop)
}

/// Waits while the link is frozen.
async fn pass(gate: &mut watch::Receiver<bool>) -> IoResult<()> {
    match gate.wait_for(|frozen| !frozen).await {
        Ok(_) => Ok(()),
        Err(_) => Err(ErrorKind::ConnectionAborted.into()),
    }
}
