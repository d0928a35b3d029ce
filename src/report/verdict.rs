use super::exit::ExitCode;
use super::mask::Mask;
use super::stream::{Pairs, Stream};
use std::io::{self, Write};

/// How a run ended, and what may still be said before its last object.
#[derive(Debug)]
#[must_use = "its last object is written by `end`"]
pub struct Verdict {
    pub(super) code: ExitCode,
    pub(super) stream: Option<Stream>,
    pub(super) mask: Mask,
    pub(super) result: Pairs,
}

/// What a command found out about one host, or about none of them: lines for people, or an object of this type.
#[derive(Debug)]
pub struct Answer {
    pub(super) kind: &'static str,
    pub(super) host: String,
    pub(super) lines: Vec<String>,
    pub(super) body: Pairs,
}

impl Verdict {
    pub fn code(&self) -> ExitCode {
        self.code
    }

    /// Whether a program reads, and not a person.
    pub fn streams(&self) -> bool {
        self.stream.is_some()
    }

    /// Lines go to `out`, an object to the stream.
    pub fn answer(&mut self, out: &mut impl Write, answer: Answer) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => {
                let host = Some(answer.host.as_str()).filter(|host| !host.is_empty());
                stream.put(answer.kind, host, answer.body);
                Ok(())
            }
            None => answer
                .lines
                .iter()
                // The subject of a commit may hold anything.
                .try_for_each(|line| writeln!(out, "{}", self.mask.apply(line))),
        }
    }

    /// Writes the last object, where objects are written.
    pub fn end(self) -> ExitCode {
        if let Some(mut stream) = self.stream {
            stream.put("result", None, self.result);
        }
        self.code
    }
}
