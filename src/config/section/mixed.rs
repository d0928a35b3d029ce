//! Lists whose items may be written short, as text, or long, as a map.

use std::slice;

use super::{Fault, Section};
use crate::config::node::{Node, Span, Value};

impl<'a> Section<'a> {
    /// A list, or one value that stands for a list of one.
    pub(in crate::config) fn mixed<T>(
        &self,
        key: &'static str,
        short: impl Fn(&'a Node) -> Result<T, Fault>,
        long: impl Fn(&Section<'a>) -> Option<T>,
    ) -> Vec<T> {
        let items = self.mixed_items(key, short, long).unwrap_or_default();
        items.into_iter().map(|(item, _)| item).collect()
    }

    /// As [`Section::mixed`], of at least one item, none of them the `same`.
    pub(in crate::config) fn several_mixed<T>(
        &self,
        key: &'static str,
        short: impl Fn(&'a Node) -> Result<T, Fault>,
        long: impl Fn(&Section<'a>) -> Option<T>,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<Vec<T>> {
        let items = self.mixed_items(key, short, long)?;
        Some(self.distinct(key, items, same))
    }

    fn mixed_items<T>(
        &self,
        key: &'static str,
        short: impl Fn(&'a Node) -> Result<T, Fault>,
        long: impl Fn(&Section<'a>) -> Option<T>,
    ) -> Option<Vec<(T, &'a Span)>> {
        let entry = self.entry(key)?;
        let items = match &entry.value.value {
            Value::List(items) => items.as_slice(),
            _ => slice::from_ref(&entry.value),
        };
        let read = |item: &'a Node| {
            let value = match item.entries() {
                Some(entries) => {
                    let span = item.span.clone();
                    Section::read(self.below(key), span, entries, self.problems, &long)
                }
                None => short(item)
                    .map_err(|fault| self.fault(key, &item.span, fault))
                    .ok(),
            };
            Some((value?, &item.span))
        };
        let whole = |item: &&Node| !matches!(item.value, Value::Broken);
        Some(items.iter().filter(whole).filter_map(read).collect())
    }
}
