//! Rendered files: exact text, and what the programs that read them make of it.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod cases;
mod goldens;
mod gunicorn;
mod http;
mod nginx;
mod systemd;
