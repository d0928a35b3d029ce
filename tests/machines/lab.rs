//! One private network of machines, its record on disk, and its removal.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::image::{cache_dir, lock};
use super::machine::{Machine, Options};
use super::network::Network;
use super::process::run_script;

const SWEEP: &str = include_str!("sweep.sh");
const BY_HAND: &str = "hand";

/// A private network for machines that know each other by name. Clones are the same lab; it
/// goes when the last clone and the last machine are gone.
#[derive(Debug, Clone)]
pub struct Lab(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    dir: PathBuf,
    network: Network,
    /// See [`Lab::in_a_hurry`].
    hurried: bool,
    /// Sweeps this lab when its standard input ends, so at the latest when we do.
    /// A lab by hand has none and outlives its processes.
    keeper: Option<Child>,
}

impl Lab {
    /// A lab for this process alone; first removes what dead processes left.
    pub fn new() -> Result<Self> {
        Self::own(false)
    }

    /// The same for machines that cost less: their disks lie in memory while there is plenty of it, and a login's own
    /// systemd stays for the next login, unless the machine [`logs_out`](Options::logs_out).
    pub fn in_a_hurry() -> Result<Self> {
        Self::own(true)
    }

    fn own(hurried: bool) -> Result<Self> {
        let _lock = lock(&runs()?.join("lock"))?;
        sweep_dead()?;
        let hash = RandomState::new().hash_one(process::id());
        Self::create(&format!("{:08x}", hash >> 32), hash, true, hurried)
    }

    /// The one lab that stays until its last machine is taken down.
    pub fn by_hand() -> Result<Self> {
        let _lock = lock(&runs()?.join("lock"))?;
        sweep_dead()?;
        let dir = runs()?.join(BY_HAND);
        let Ok(record) = fs::read_to_string(dir.join("network")) else {
            // Half made by a process that died, or not at all.
            sweep(&dir, &[])?;
            return Self::create(BY_HAND, RandomState::new().hash_one(BY_HAND), false, false);
        };
        let network = Network::from_record(BY_HAND, &record)?;
        if !Path::new("/sys/class/net").join(&network.bridge).exists() {
            sweep(&dir, &[]).context("cannot clear what stood before this machine restarted")?;
            return Self::create(BY_HAND, RandomState::new().hash_one(BY_HAND), false, false);
        }
        Ok(Self(Arc::new(Inner {
            id: BY_HAND.to_owned(),
            dir,
            network,
            hurried: false,
            keeper: None,
        })))
    }

    fn create(id: &str, hash: u64, owned: bool, hurried: bool) -> Result<Self> {
        ensure_ready()?;
        let dir = runs()?.join(id);
        fs::create_dir_all(dir.join("machines"))?;
        let keeper = if owned {
            let me = process::id();
            fs::write(dir.join("owner"), format!("{me} {}", started(me)?))?;
            Some(keep(&dir)?)
        } else {
            fs::write(dir.join("owner"), BY_HAND)?;
            None
        };
        let network = Network::create(id, hash)?;
        fs::write(dir.join("network"), network.record())?;
        Ok(Self(Arc::new(Inner {
            id: id.to_owned(),
            dir,
            network,
            hurried,
            keeper,
        })))
    }

    /// Boots a machine with default options.
    pub fn up(&self, name: &str) -> Result<Machine> {
        self.up_with(name, &Options::default())
    }

    pub fn up_with(&self, name: &str, options: &Options) -> Result<Machine> {
        Machine::create(self, name, options)
    }

    /// A machine of this lab that some process has brought up.
    pub fn machine(&self, name: &str) -> Result<Machine> {
        Machine::open(self, name)
    }

    /// The names of this lab's machines, sorted.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.dir().join("machines"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Takes every machine and the network down; for a lab by hand, also by other processes.
    pub fn down(&self) -> Result<()> {
        sweep(self.dir(), &[])
    }

    pub fn id(&self) -> &str {
        &self.0.id
    }

    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    pub fn network(&self) -> &Network {
        &self.0.network
    }

    pub(super) fn hurried(&self) -> bool {
        self.0.hurried
    }

    /// True if the lab outlives this process.
    pub fn stays(&self) -> bool {
        self.0.keeper.is_none()
    }

    pub fn remove_machine(&self, name: &str) -> Result<()> {
        sweep(self.dir(), &[name])
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // The keeper does the work, so that it is done even if this process ends now.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

fn ensure_ready() -> Result<()> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        bail!("test machines need root");
    }
    for program in ["systemd-nspawn", "mmdebstrap", "ip", "ssh-keygen", "git"] {
        let mut dirs = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"].iter();
        if !dirs.any(|dir| Path::new(dir).join(program).exists()) {
            bail!("`{program}` is missing: run tests/machines/provision.sh");
        }
    }
    Ok(())
}

fn runs() -> Result<PathBuf> {
    Ok(cache_dir()?.join("run"))
}

fn keep(dir: &Path) -> Result<Child> {
    Command::new("setsid")
        .args(["sh", "-c", SWEEP, "sweep.sh", "--when-stdin-ends"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start `setsid`")
}

fn sweep(dir: &Path, names: &[&str]) -> Result<()> {
    let dir = dir.to_str().context("the cache's path is not UTF-8")?;
    let args: Vec<&str> = [dir].into_iter().chain(names.iter().copied()).collect();
    run_script("sweep.sh", SWEEP, &args, b"")?;
    Ok(())
}

/// Removes the labs whose owner is gone; the caller holds the lock of all labs.
fn sweep_dead() -> Result<()> {
    for entry in fs::read_dir(runs()?)? {
        let dir = entry?.path();
        if !dir.is_dir() {
            continue;
        }
        let owner = fs::read_to_string(dir.join("owner")).unwrap_or_default();
        let alive = match owner.split_once(' ') {
            Some((pid, since)) => pid
                .parse()
                .is_ok_and(|pid| started(pid).is_ok_and(|at| at == since)),
            None => owner == BY_HAND,
        };
        if !alive {
            sweep(&dir, &[])?;
        }
    }
    Ok(())
}

/// When a process started, in clock ticks: with its pid, a name that is never used twice.
fn started(pid: u32) -> Result<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let Some(ticks) = after_name.split(' ').nth(19) else {
        bail!("unreadable /proc/{pid}/stat");
    };
    Ok(ticks.to_owned())
}
