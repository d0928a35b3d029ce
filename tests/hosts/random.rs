//! What a test draws: the same seed, the same draws.

use std::time::SystemTime;

use anyhow::Result;

/// xorshift
pub(crate) struct Random(u64);

impl Random {
    /// `DEPLOYER_TEST_SEED` repeats a run; the seed is printed.
    pub(crate) fn new() -> Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let seed = number("DEPLOYER_TEST_SEED").unwrap_or(u64::from(now.subsec_nanos()) | 1);
        println!("seed {seed}");
        Ok(Self(seed))
    }

    /// Names the state it is in, for what a failure says.
    pub(crate) fn seed(&self) -> u64 {
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }
}

pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
