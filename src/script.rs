//! Plan -> Script: the bytes a host runs.

use sha2::{Digest, Sha256};

/// The shell program for one host. What is previewed is what is executed.
#[derive(Debug, Clone)]
pub struct Script {
    pub text: String,
}

impl Script {
    /// Hex SHA-256 of the text, as `render`, `plan` and `push` print it.
    pub fn digest(&self) -> String {
        Sha256::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
