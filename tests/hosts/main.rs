//! The product's promises, kept on booted hosts: the deployer that was built, a real sshd, systemd, nginx and gunicorn.

#![expect(
    clippy::print_stdout,
    reason = "figures, for whoever asks with --nocapture"
)]

#[path = "../machines/mod.rs"]
mod machines;

mod bad_situations;
mod broken;
mod check;
mod faults;
mod first_site;
mod fleet;
mod foreign;
mod interrupts;
mod load;
mod local;
mod locks;
mod logins;
mod render;
mod run;
mod secrets;
mod site;
mod state;
mod two_apps;
