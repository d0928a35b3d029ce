use std::fmt;

use super::{Invalid, Text};

/// A number of bytes, written `10m`, `512k` or `1g`: powers of 1024, as nginx and systemd read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    pub const fn mebibytes(count: u32) -> Self {
        Self((count as u64) << 20)
    }

    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// The largest unit that loses nothing: what nginx's `client_max_body_size` takes.
impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, shift) in [("g", 30), ("m", 20), ("k", 10)] {
            if self.0.trailing_zeros() >= shift {
                return write!(out, "{}{unit}", self.0 >> shift);
            }
        }
        write!(out, "{}", self.0)
    }
}

impl TryFrom<&str> for Size {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        const SAYS: Invalid =
            Invalid("a whole number and `k`, `m` or `g`, such as `10m`, up to 1024g");
        let number = text
            .strip_suffix(['k', 'm', 'g', 'K', 'M', 'G'])
            .ok_or(SAYS)?;
        let shift = match text.bytes().last() {
            Some(b'k' | b'K') => 10,
            Some(b'm' | b'M') => 20,
            _ => 30,
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SAYS);
        }
        let count: u64 = number.parse().map_err(|_| SAYS)?;
        if (1..=1 << (50 - shift)).contains(&count) {
            Ok(Self(count << shift))
        } else {
            Err(SAYS)
        }
    }
}

impl Text for Size {
    const WHAT: &'static str = "a size";
}
