//! Throwaway Debian hosts with systemd as PID 1, sshd, nginx, git and Python.
//!
//! [`Lab`] is one private network; [`Lab::up`] boots a [`Machine`] in it within two seconds,
//! and dropping the machine removes it with its disk. Everything needs root and the packages
//! of `provision.sh`. The root file system and the wheels that machines install from are built
//! once into `$DEPLOYER_CACHE` (default `~/.cache/deployer-machines`); machines reach nothing
//! but each other and the address that tests come from.
//!
//! ```text
//! let lab = Lab::new()?;
//! let web = lab.up("web1")?;
//! let git = GitServer::up(&lab, "git1")?;
//! let ssh = SshConfig::new(&[&web, git.machine()])?; // for `deployer --ssh-config`
//! ```
//!
//! A test process that is killed leaves nothing: a small process of its own session waits for
//! its end, and the next lab removes what even that one could not.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "every test crate includes this module and uses a part of it"
)]

mod browser;
mod disk;
mod enter;
mod furnish;
mod git_server;
mod http;
mod image;
mod lab;
mod lfs_server;
mod load;
mod machine;
mod network;
mod packages;
mod power;
mod process;
mod proxy;
mod ssh_config;
mod storage;
mod tunnel;

pub use browser::{Browser, Page};
pub use git_server::GitServer;
pub use http::{Reply, get};
pub use image::{Image, cache_dir};
pub use lab::Lab;
pub use lfs_server::pointer;
pub use load::{Load, LoadReport};
pub use machine::{Machine, Options};
pub use process::Output;
pub use proxy::Proxy;
pub use ssh_config::SshConfig;
pub use storage::{KEY, SECRET, Storage};
pub use tunnel::Tunnel;
