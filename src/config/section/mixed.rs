//! Lists whose items may be written short, as text, or long, as a map.

use std::slice;

use super::{Fault, Section};
use crate::config::node::{Node, Value};

impl<'a> Section<'a> {
    /// A list, or one value that stands for a list of one.
    pub(in crate::config) fn mixed<T>(
        &self,
        key: &'static str,
        short: impl Fn(&'a Node) -> Result<T, Fault>,
        long: impl Fn(&Section<'a>) -> Option<T>,
    ) -> Vec<T> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let items = match &entry.value.value {
            Value::List(items) => items.as_slice(),
            _ => slice::from_ref(&entry.value),
        };
        let read = |item: &'a Node| match item.entries() {
            Some(entries) => {
                let span = item.span.clone();
                Section::read(self.below(key), span, entries, self.problems, &long)
            }
            None => short(item)
                .map_err(|fault| self.fault(key, &item.span, fault))
                .ok(),
        };
        let whole = |item: &&Node| !matches!(item.value, Value::Broken);
        items.iter().filter(whole).filter_map(read).collect()
    }
}
