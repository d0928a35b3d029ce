//! Script -> events: the only async code and the only network.
//!
//! In flow hosts, then one [`Job`] for each; out flow [`Update`]s as they happen and one [`Ending`] per host. Nothing
//! here makes a sentence.

mod bootstrap;
mod build;
mod checkout;
mod converse;
mod fleet;
mod host;
mod hostkey;
mod job;
mod local;
mod lost;
mod nonce;
mod office;
mod recall;
mod resolved;
mod rsync;
mod secrets;
mod ssh;
mod storage;
mod transport;
mod update;
mod waves;

pub use build::Build;
pub use checkout::Checkout;
pub use fleet::{Fleet, Policy};
pub use job::{Job, Mode};
pub use lost::{HostKey, Lost, LostKind};
pub use resolved::Resolved;
pub use rsync::{Transfer, Transferred, Way, transfer};
pub use secrets::{Unresolved, resolve};
pub use ssh::Ssh;
pub use storage::{Login, LoginFault, Storage, StorageFault, Sweep, Swept, Terms};
pub use update::{Ending, News, Signal, Update, Verb};
pub use waves::Rules;
