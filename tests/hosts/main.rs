//! The product's promises, kept on booted hosts: the deployer that was built, a real sshd, systemd, nginx and gunicorn.

#[path = "../machines/mod.rs"]
mod machines;

mod broken;
mod first_site;
mod load;
mod logins;
mod run;
mod site;
mod state;
