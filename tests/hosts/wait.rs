//! Waiting for what comes by itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Asks until it is so, for as long as the slowest of machines may take.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(90);
    while !done()? {
        ensure!(Instant::now() < end, "no {what} after 90 s");
        sleep(Duration::from_millis(200));
    }
    Ok(())
}
