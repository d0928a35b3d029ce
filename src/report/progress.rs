//! How far an upload is.

use std::fmt;

use super::reasons;
use super::words::count;
use crate::event::Fields;

const CELLS: u64 = 12;

/// So many of these files and bytes are in the storage.
#[derive(Debug, Clone, Copy)]
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

    /// `[=====>      ]` as long as there is something to do, for a line that is drawn again and again.
    pub(super) fn bar(&self) -> Option<String> {
        if self.files >= self.of {
            return None;
        }
        let full = self.bytes.min(self.total).saturating_mul(CELLS) / self.total.max(1);
        let cells = (0..CELLS).map(|cell| match cell.cmp(&full) {
            std::cmp::Ordering::Less => '=',
            std::cmp::Ordering::Equal => '>',
            std::cmp::Ordering::Greater => ' ',
        });
        Some(format!("[{}]", cells.collect::<String>()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(files: usize, bytes: u64, total: u64) -> Option<String> {
        let of = 4;
        Progress {
            files,
            of,
            bytes,
            total,
        }
        .bar()
    }

    #[test]
    fn bars() {
        assert_eq!(bar(0, 0, 90).as_deref(), Some("[>           ]"));
        assert_eq!(bar(1, 45, 90).as_deref(), Some("[======>     ]"));
        // The last file may have no bytes, or a host a wrong idea of their number.
        assert_eq!(bar(3, 90, 90).as_deref(), Some("[============]"));
        assert_eq!(bar(3, u64::MAX, 90).as_deref(), Some("[============]"));
        assert_eq!(bar(0, 0, 0).as_deref(), Some("[>           ]"));
        assert_eq!(bar(4, 90, 90), None);
    }
}
