//! The running stage against a small script that speaks the protocol, here and through a real sshd.

mod fake;
mod local;

use fake::{Fake, run};
