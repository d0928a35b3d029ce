//! The product's promises, kept on booted hosts: the deployer that was built, a real sshd, systemd, nginx and gunicorn.

#![expect(
    clippy::print_stdout,
    reason = "figures, for whoever asks with --nocapture"
)]

#[path = "../files/cases.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "made for the tests of rendered files"
)]
mod cases;
#[path = "../machines/mod.rs"]
mod machines;
#[path = "../report/schema.rs"]
mod schema;
#[path = "../files/sites.rs"]
#[allow(clippy::unwrap_used, reason = "made for the tests of rendered files")]
mod sites;

mod acme;
mod apache;
mod bad_situations;
mod broken;
mod brotli;
mod browser;
mod bucket;
mod check;
mod client_build;
mod clock;
mod control;
mod django;
mod examples;
mod faults;
mod first_site;
mod fleet;
mod foreign;
mod https;
mod interrupts;
mod large_files;
mod kills;
mod listen;
mod load;
mod local;
mod locks;
mod logins;
mod managers;
mod moment;
mod nginx;
mod objects;
mod odd;
mod packages;
mod processes;
mod prune;
mod random;
mod render;
mod run;
mod secrets;
mod site;
mod sources;
mod state;
mod statics;
mod testssl;
mod texts;
mod two_apps;
mod uploads;
mod values;
mod wait;
