//! All hosts of one command: they connect together, prepare together and take over in waves.

use super::job::Job;
use super::lost::{Lost, LostKind};
use super::office::Office;
use super::ssh::Ssh;
use super::update::{Ending, News, Update};
use super::waves::Rules;
use crate::config::Host;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;
use tokio::sync::oneshot;

/// What the hosts of a fleet have to do with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: reading, setting up.
    Apart,
    /// One release on all of them: a barrier, a migration where there is one, and waves.
    Together(Rules),
}

/// Hosts that are being connected to. [`Fleet::run`] gives them their work; dropping the fleet lets them go.
#[derive(Debug)]
pub struct Fleet {
    hosts: usize,
    began: Instant,
    orders: Option<oneshot::Sender<(Vec<Job>, Policy)>>,
    updates: Receiver<Update>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Fleet {
    /// Begins to connect in a thread of its own and returns at once, so that what a job needs can be found out beside
    /// it.
    pub fn connect(hosts: &[Host], ssh: &Ssh) -> io::Result<Self> {
        let began = Instant::now();
        // Not `TMPDIR`: the path of a socket may have 108 bytes only.
        let private = Permissions::from_mode(0o700);
        let sockets = tempfile::Builder::new()
            .prefix("deployer.")
            .permissions(private)
            .tempdir_in("/tmp")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (orders, ordered) = oneshot::channel();
        let (sink, updates) = channel();
        let office = Office { began, sink };
        let count = hosts.len();
        let (hosts, ssh) = (hosts.to_vec(), ssh.clone());
        let work = move || runtime.block_on(office.work(hosts, &ssh, sockets.path(), ordered));
        let thread = thread::Builder::new()
            .name("fleet".to_owned())
            .spawn(work)?;
        Ok(Self {
            hosts: count,
            began,
            orders: Some(orders),
            updates,
            thread: Some(thread),
        })
    }

    /// When the fleet began to connect.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Gives host N job N and returns when every host has ended. The sink may be slow: no host waits for it.
    ///
    /// SIGINT and SIGTERM no longer end the process here. The first calls the run off while that changes nothing, the
    /// second leaves the hosts to themselves.
    pub fn run(
        mut self,
        jobs: Vec<Job>,
        policy: Policy,
        sink: &mut dyn FnMut(Update),
    ) -> Vec<Ending> {
        let unheard = Ending::Lost(Lost::new(LostKind::Unknown, ""));
        let mut endings = vec![unheard; self.hosts];
        if let Some(orders) = self.orders.take() {
            // A dead thread ends the loop below at once.
            let _ = orders.send((jobs, policy));
        }
        while let Ok(update) = self.updates.recv() {
            if let News::Ended(ending) = &update.news {
                endings[update.host].clone_from(ending);
            }
            sink(update);
        }
        endings
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
