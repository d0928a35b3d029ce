use std::fmt;

use crate::event::visible;

/// Below this a value is a word like any other, and hiding it would hide half of the log.
const SHORTEST: usize = 6;

/// Words of every log. A value that is one of them is no secret to anybody.
const COMMON: &str = "
    default deploy deployer development disabled enabled gunicorn localhost nginx postgres
    production python release restart running service staging started stopped systemd testing worker
";

fn is_common(value: &str) -> bool {
    COMMON
        .split_whitespace()
        .any(|word| word.eq_ignore_ascii_case(value))
}

/// Values that no line may show, because a program on the host may print what it was given.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a value that contains another leaves nothing of itself.
    values: Vec<String>,
}

impl Mask {
    /// A value of several lines is hidden line by line, as it is printed, and as a host's words are shown.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = values.into_iter().flat_map(str::lines).map(str::trim);
        let mut values: Vec<String> = lines
            .filter(|line| line.len() >= SHORTEST && !is_common(line))
            .flat_map(|line| [line.to_owned(), visible(line.as_bytes())])
            .collect();
        values.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        Self { values }
    }

    /// The line as it may be shown.
    pub fn apply(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for value in &self.values {
            if line.contains(value.as_str()) {
                line = line.replace(value.as_str(), "***");
            }
        }
        line
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn values_are_hidden() {
        let mask = Mask::new([
            "hunter2-long",
            "hunter2",
            "yes",
            "-----BEGIN KEY-----\nabcdef\n",
        ]);
        assert_eq!(
            mask.apply("a hunter2-long b hunter2 yes abcdefg"),
            "a *** b *** yes ***g"
        );
        assert_eq!(format!("{mask:?}"), "***");
    }

    #[test]
    fn words_of_every_log_stay() {
        let mask = Mask::new(["true", "x", "", "localhost", "Production", "12345"]);
        let line = "true: x is localhost in production 12345";
        assert_eq!(mask.apply(line), line);
    }

    #[test]
    fn a_value_is_hidden_as_it_is_shown() {
        let key = "-----BEGIN KEY-----\r\nMIIEpAIBAA\r\n-----END KEY-----\r\n";
        let mask = Mask::new(["bell\u{7}and\u{1b}[31mred", key]);
        assert_eq!(mask.apply(r"got bell\x07and\x1b[31mred"), "got ***");
        // As Python would print it.
        assert_eq!(
            mask.apply(&format!("{key:?}")),
            r#""***\r\n***\r\n***\r\n""#
        );
        assert_eq!(mask.apply("MIIEpAIBAA"), "***");
    }
}
