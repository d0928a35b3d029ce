use std::time::Duration;

use super::values::VariableName;

/// Where the client gets a secret from; the value itself never stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the client's environment.
    Variable(VariableName),
    /// What a program on the client prints.
    Command {
        /// At least one word.
        argv: Vec<String>,
        /// Default 30 s.
        timeout: Duration,
    },
}
