use std::fmt;

use super::{Invalid, Text, allow};

/// Permissions that new files do not get, written as three octal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Umask(u16);

impl Default for Umask {
    fn default() -> Self {
        Self(0o027)
    }
}

/// Four digits, as systemd writes it too.
impl fmt::Display for Umask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04o}", self.0)
    }
}

impl TryFrom<&str> for Umask {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        const SAYS: Invalid = Invalid("three octal digits, such as 027 or 077");
        let digits = text.strip_prefix('0').filter(|rest| rest.len() == 3);
        let mask = u16::from_str_radix(digits.unwrap_or(text), 8).map_err(|_| SAYS)?;
        allow(digits.unwrap_or(text).len() == 3, SAYS.0)?;
        // Its own files must stay its own to read.
        allow(
            mask & 0o700 == 0,
            "the app must be able to read what it writes: 0 first",
        )?;
        Ok(Self(mask))
    }
}

impl Text for Umask {
    const WHAT: &'static str = "a umask";
}
