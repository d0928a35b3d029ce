//! The kinds of values that a key may have.

use std::ops::RangeInclusive;
use std::slice;
use std::time::Duration;

use super::{Fault, Section, scalar};
use crate::config::node::{Node, Span, Value};
use crate::config::values::Text;
use crate::config::words::{alternatives, nearest};

impl<'a> Section<'a> {
    pub(in crate::config) fn optional<T: Text>(&self, key: &'static str) -> Option<T> {
        self.with(key, scalar::text)
    }

    pub(in crate::config) fn required<T: Text>(
        &self,
        key: &'static str,
        example: &str,
    ) -> Option<T> {
        self.must_have(key, format!("add {}, such as `{key}: {example}`", T::WHAT));
        self.optional(key)
    }

    pub(in crate::config) fn boolean(&self, key: &'static str, default: bool) -> bool {
        self.with(key, scalar::boolean).unwrap_or(default)
    }

    pub(in crate::config) fn number(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        self.with(key, |node| scalar::number(node, &range))
            .unwrap_or(default)
    }

    pub(in crate::config) fn seconds(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Duration {
        let time = self.with(key, |node| scalar::seconds(node, &range));
        time.unwrap_or(Duration::from_secs(default))
    }

    /// Range and default in milliseconds.
    pub(in crate::config) fn millis(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Duration {
        let time = self.with(key, |node| scalar::millis(node, &range));
        time.unwrap_or(Duration::from_millis(default))
    }

    /// One of a closed set of words; the first is the default.
    pub(in crate::config) fn choice<T: Copy, const N: usize>(
        &self,
        key: &'static str,
        words: [(&str, T); N],
    ) -> T {
        let names = || words.iter().map(|(word, _)| *word);
        let choose = |node: &Node| {
            let written = scalar::written(node)?;
            let chosen = words
                .iter()
                .find(|(word, _)| *word == written)
                .map(|(_, value)| *value);
            chosen.ok_or_else(|| match nearest(written, names()) {
                Some(word) => Fault::new("unknown word", format!("did you mean `{word}`?")),
                None => Fault::new("unknown word", alternatives(names())),
            })
        };
        self.with(key, choose).unwrap_or(words[0].1)
    }

    /// A list, or one value that stands for a list of one; faults are reported at the item.
    pub(in crate::config) fn list<T>(
        &self,
        key: &'static str,
        read: impl Fn(&'a Node) -> Result<T, Fault>,
    ) -> Vec<T> {
        self.items(key, read)
            .into_iter()
            .flatten()
            .map(|(item, _)| item)
            .collect()
    }

    /// As [`Section::list`], of at least one item, none of them the `same`.
    pub(in crate::config) fn several<T>(
        &self,
        key: &'static str,
        read: impl Fn(&'a Node) -> Result<T, Fault>,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<Vec<T>> {
        let items = self.items(key, read)?;
        Some(self.distinct(key, items, same))
    }

    /// Reports an empty list, and each item that is the `same` as one before it.
    pub(super) fn distinct<T>(
        &self,
        key: &'static str,
        items: Vec<(T, &'a Span)>,
        same: impl Fn(&T, &T) -> bool,
    ) -> Vec<T> {
        if self
            .peek(key)
            .is_some_and(|node| matches!(&node.value, Value::List(all) if all.is_empty()))
        {
            self.refuse(key, "an empty list", "name at least one");
        }
        for (index, (item, span)) in items.iter().enumerate() {
            if items[..index]
                .iter()
                .any(|(earlier, _)| same(earlier, item))
            {
                self.fault(key, span, Fault::new("listed twice", ""));
            }
        }
        items.into_iter().map(|(item, _)| item).collect()
    }

    fn items<T>(
        &self,
        key: &'static str,
        read: impl Fn(&'a Node) -> Result<T, Fault>,
    ) -> Option<Vec<(T, &'a Span)>> {
        let entry = self.entry(key)?;
        let items = match &entry.value.value {
            Value::List(items) => items.as_slice(),
            _ => slice::from_ref(&entry.value),
        };
        let read = |item: &'a Node| {
            let value = read(item)
                .map_err(|fault| self.fault(key, &item.span, fault))
                .ok()?;
            Some((value, &item.span))
        };
        let whole = |item: &&Node| !matches!(item.value, Value::Broken);
        Some(items.iter().filter(whole).filter_map(read).collect())
    }
}
