//! The running stage against a small script that speaks the protocol, here and through a real sshd.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;
mod local;
mod over_ssh;
mod sshd;

use fake::{Fake, run};
