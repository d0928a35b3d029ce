//! Upstart's jobs, without an Upstart: what is rendered is read by init(5)'s grammar, as strictly as its own check and
//! where that accepts nonsense more so.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod boot;
mod checker;
mod control;
mod jobs;
mod quoting;
mod values;
