use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};

/// 32 hex digits from the operating system. A program on the host that could guess them could forge an event.
pub(super) fn nonce() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
