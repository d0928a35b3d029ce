//! Waiting for what comes by itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Asks until it is so, for as long as the slowest of machines may take.
pub(crate) fn until(what: &str, done: impl FnMut() -> Result<bool>) -> Result<()> {
    within(90, what, done)
}

/// The same, of what has to come in so many seconds.
pub(crate) fn within(
    seconds: u64,
    what: &str,
    mut done: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !done()? {
        ensure!(Instant::now() < end, "no {what} after {seconds} s");
        sleep(Duration::from_millis(200));
    }
    Ok(())
}
