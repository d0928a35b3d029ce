use std::fmt;

/// Below this a value is a word like any other, and hiding it would hide half of the log.
const SHORTEST: usize = 6;

/// Values that no line may show, because a program on the host may print what it was given.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a value that contains another leaves nothing of itself.
    values: Vec<String>,
}

impl Mask {
    /// A value of several lines is hidden line by line, as it is printed.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = values.into_iter().flat_map(str::lines).map(str::trim);
        let mut values: Vec<String> = lines
            .filter(|line| line.len() >= SHORTEST)
            .map(ToOwned::to_owned)
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { values }
    }

    pub(super) fn apply(&self, line: &str) -> String {
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
}
