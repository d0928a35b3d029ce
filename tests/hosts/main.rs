//! The product's promises, kept on booted hosts: the deployer that was built, a real sshd, systemd, nginx and gunicorn.

#![expect(
    clippy::print_stdout,
    reason = "figures, for whoever asks with --nocapture"
)]

#[path = "../machines/mod.rs"]
mod machines;

mod broken;
mod faults;
mod first_site;
mod fleet;
mod foreign;
mod interrupts;
mod kills;
mod load;
mod local;
mod locks;
mod logins;
mod moment;
mod random;
mod render;
mod run;
mod secrets;
mod site;
mod state;
