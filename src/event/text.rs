//! Text that a host sent, made safe to print.

use std::fmt::Write;

/// The text with every control character but tab written out, so that no program's output can move a cursor, set a
/// clipboard or reorder a line. Invalid UTF-8 is replaced.
pub fn visible(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '\t' => safe.write_char(c),
            c if c.is_ascii_control() => write!(safe, "\\x{:02x}", u32::from(c)),
            c if c.is_control() || reorders(c) => write!(safe, "\\u{{{:x}}}", u32::from(c)),
            c => safe.write_char(c),
        };
    }
    safe
}

/// Line and direction marks, which hide text in a terminal or a web page as well as an escape does.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}' | '\u{2029}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn escapes_are_written_out() {
        assert_eq!(visible(b"\x1b]52;c;eA==\x07"), "\\x1b]52;c;eA==\\x07");
        assert_eq!(
            visible("a\tb\u{9b}31m\u{202e}".as_bytes()),
            "a\tb\\u{9b}31m\\u{202e}"
        );
        assert_eq!(visible(b"caf\xc3\xa9 \xff"), "café \u{fffd}");
    }
}
