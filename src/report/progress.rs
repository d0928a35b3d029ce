//! How far an upload is.

use std::fmt;

use super::reasons;
use super::words::count;
use crate::event::Fields;

/// So many of these files and bytes are in the storage.
#[derive(Debug)]
pub(super) struct Progress {
    files: usize,
    of: usize,
    bytes: u64,
    total: u64,
}

impl Progress {
    /// As the fact `upload` says it.
    pub(super) fn of(fields: &Fields) -> Option<Self> {
        let number = |key: &str| fields.get(key)?.parse::<u64>().ok();
        Some(Self {
            files: usize::try_from(number("files")?).ok()?,
            of: usize::try_from(number("of")?).ok()?,
            bytes: number("bytes")?,
            total: number("total")?,
        })
    }

    /// The bytes there are and those there will be, as long as there is something to do.
    pub(super) fn share(&self) -> Option<(u64, u64)> {
        (self.files < self.of).then_some((self.bytes, self.total))
    }
}

/// `12 of 2000 files, 1 MB of 90 MB`, or what it came to.
impl fmt::Display for Progress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |bytes: u64| reasons::size(&bytes.to_string());
        let of = count(self.of, "file");
        match (self.files, self.of) {
            (_, 0) => out.write_str("nothing new"),
            (files, all) if files == all => write!(out, "{of}, {}", size(self.total)),
            (files, _) => write!(
                out,
                "{files} of {of}, {} of {}",
                size(self.bytes),
                size(self.total)
            ),
        }
    }
}
