use super::{Invalid, allow, text_type};

text_type! {
    /// A line for `sh -c` on a host, handed over as one argument.
    CommandLine, "a command", command_line
}

/// The kernel takes arguments of 128 KiB; nobody reads one of a tenth of it in a log.
const LONGEST: usize = 8192;

fn command_line(text: &str) -> Result<(), Invalid> {
    allow(!text.trim().is_empty(), "a line for `sh -c`")?;
    allow(
        text.len() <= LONGEST,
        "at most 8192 characters: put a script into the repository",
    )?;
    let plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    allow(text.chars().all(plain), "without control characters")
}
