//! Choices that a seed repeats, and sizes that the environment sets.

use std::time::SystemTime;

use anyhow::Result;

/// xorshift: the same seed, the same choices.
pub(crate) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// `DEPLOYER_TEST_SEED` repeats a run; the seed is printed.
    pub(crate) fn seeded() -> Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let seed = number("DEPLOYER_TEST_SEED").unwrap_or(u64::from(now.subsec_nanos()) | 1);
        println!("seed {seed}");
        Ok(Self { seed, state: seed })
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or(0) % end
    }

    /// That many of them, in their order.
    pub(crate) fn pick<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        while all.len() > count {
            let index = self.below(all.len());
            all.remove(index);
        }
        all
    }

    /// A few of them where `make test` has time for a sample only; all of them in `make soak`.
    pub(crate) fn sample<T>(&mut self, all: Vec<T>, few: usize) -> Vec<T> {
        if soak() { all } else { self.pick(all, few) }
    }
}

/// One of those that take turns, by the same seed; all of them in CI and in `make soak`.
pub(crate) fn turn<T>(all: Vec<T>) -> Result<Vec<T>> {
    if thorough() {
        return Ok(all);
    }
    let mut random = Random::seeded()?;
    Ok(random.pick(all, 1))
}

/// How many rounds of what another draw repeats: what the variable says, else all in CI and in `make soak`, and a few here.
pub(crate) fn rounds(variable: &str, all: u64, few: u64) -> u64 {
    number(variable).unwrap_or(if thorough() { all } else { few })
}

/// Whether what takes turns is done whole.
pub(crate) fn thorough() -> bool {
    soak() || std::env::var_os("CI").is_some()
}

/// `DEPLOYER_TEST_SOAK` asks for the full matrices.
pub(crate) fn soak() -> bool {
    std::env::var_os("DEPLOYER_TEST_SOAK").is_some()
}

pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
