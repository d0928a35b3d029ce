//! Bytes from a host -> events, however the bytes are cut into chunks.

use super::{Event, line, visible};
use std::collections::VecDeque;

/// Longest line of output that is shown; what follows is counted, not kept.
const SHOWN: usize = 8 * 1024;
/// Longest line that can be an event. No script writes one near this long.
const KEPT: usize = 64 * 1024;
/// Lines of noise kept for the report of a host that never said hello.
const NOISE: usize = 20;

/// Tells the events of one run from what its steps print.
#[derive(Debug)]
pub struct Parser {
    prefix: Vec<u8>,
    line: Vec<u8>,
    /// Bytes of the line beyond [`KEPT`].
    dropped: usize,
    /// A carriage return was read: the line starts over unless a line feed follows, as it does on a terminal.
    returned: bool,
    /// An empty line was read; it belongs to the event if one follows.
    blank: bool,
    greeted: bool,
    noise: VecDeque<String>,
}

impl Parser {
    pub fn new(nonce: &str) -> Self {
        Self {
            prefix: format!("@{nonce} ").into_bytes(),
            line: Vec::new(),
            dropped: 0,
            returned: false,
            blank: false,
            greeted: false,
            noise: VecDeque::new(),
        }
    }

    /// The events that these bytes complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(&mut events),
                b'\r' => self.returned = true,
                byte => self.push(byte),
            }
        }
        events
    }

    /// What is left when the host closed the stream: output whose line feed never came. An event is a whole line, so
    /// half of one is not an event.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.line.starts_with(&self.prefix) {
            self.line.clear();
        }
        if !self.line.is_empty() {
            self.end_line(&mut events);
        }
        events
    }

    /// Whether the script has said hello.
    pub fn greeted(&self) -> bool {
        self.greeted
    }

    /// The last lines before hello, for the report of a script that never started.
    pub fn noise(&self) -> impl Iterator<Item = &str> {
        self.noise.iter().map(String::as_str)
    }

    fn push(&mut self, byte: u8) {
        if self.returned {
            self.returned = false;
            self.line.clear();
            self.dropped = 0;
        }
        if self.line.len() < KEPT {
            self.line.push(byte);
        } else {
            self.dropped += 1;
        }
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let line = std::mem::take(&mut self.line);
        let dropped = std::mem::take(&mut self.dropped);
        self.returned = false;
        if let Some(event) = line.strip_prefix(self.prefix.as_slice()) {
            self.blank = false;
            // A cut value would be a wrong value.
            let event = std::str::from_utf8(event).ok().filter(|_| dropped == 0);
            if let Some(event) = event.and_then(line::parse) {
                self.greeted |= matches!(event, Event::Hello { .. });
                if self.greeted {
                    events.push(event);
                }
            }
            return;
        }
        if std::mem::take(&mut self.blank) {
            self.output(String::new(), events);
        }
        if line.is_empty() {
            self.blank = true;
        } else {
            self.output(shown(&line, dropped), events);
        }
    }

    fn output(&mut self, text: String, events: &mut Vec<Event>) {
        if self.greeted {
            events.push(Event::Output(text));
            return;
        }
        if self.noise.len() == NOISE {
            self.noise.pop_front();
        }
        self.noise.push_back(text);
    }
}

fn shown(line: &[u8], dropped: usize) -> String {
    let cut = line.len().min(SHOWN);
    let left_out = line.len() - cut + dropped;
    let text = visible(&line[..cut]);
    if left_out > 0 {
        format!("{text} [{left_out} more bytes]")
    } else {
        text
    }
}
