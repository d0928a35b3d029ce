//! The side of a report that a program reads.

use super::mask::Mask;
use super::stream::{Pairs, SCHEMA, Stream};
use super::{Detail, Report, Subject, objects};
use crate::run::News;
use serde_json::json;
use std::io::Write;

impl<W: Write> Report<W> {
    /// Hides these values from here on.
    #[must_use]
    pub fn masking(mut self, mask: Mask) -> Self {
        if let Some((stream, _)) = &mut self.stream {
            stream.mask(mask.clone());
        }
        self.mask = mask;
        self
    }

    /// Writes an object for whatever happens, too. Of the story only what went wrong is told in words then.
    #[must_use]
    pub fn streaming(mut self, mut stream: Stream, detail: Detail) -> Self {
        stream.mask(self.mask.clone());
        self.stream = Some((stream, detail));
        self
    }

    /// Says which run this is; every object from here on names it.
    pub fn run(&mut self, id: &str) {
        let Some((stream, detail)) = &mut self.stream else {
            return;
        };
        stream.run(id);
        let Subject {
            command,
            environment,
            hosts,
        } = &self.subject;
        if *detail != Detail::Quiet {
            let body = vec![
                ("schema", json!(SCHEMA)),
                ("deployer", json!(env!("CARGO_PKG_VERSION"))),
                ("command", json!(command)),
                ("environment", json!(environment)),
                ("hosts", json!(hosts)),
            ];
            stream.put("start", None, body);
        }
    }

    pub(super) fn put_news(&mut self, host: usize, news: &News) {
        let Some((stream, detail)) = &mut self.stream else {
            return;
        };
        stream.at(self.at);
        if let Some((kind, body)) = objects::of(news, *detail) {
            self.spoke[host] = self.at;
            // A signal is for all hosts.
            let host = Some(self.subject.hosts[host].as_str()).filter(|_| kind != "interrupted");
            stream.put(kind, host, body);
        }
    }

    pub(super) fn put(&mut self, kind: &'static str, host: Option<usize>, body: Pairs) {
        if let Some((stream, detail)) = &mut self.stream
            && *detail != Detail::Quiet
        {
            stream.at(self.at);
            stream.put(
                kind,
                host.map(|host| self.subject.hosts[host].as_str()),
                body,
            );
        }
    }
}
