//! Rendered files: exact text, and what the programs that read them make of it.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod cache;
mod cases;
mod closed;
mod cron;
mod goldens;
mod gunicorn;
mod http;
mod judges;
mod nginx;
mod sites;
mod statics;
mod supervisor;
mod systemd;
mod tls;
mod tree;
