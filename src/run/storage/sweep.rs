//! A bucket is tidied up: what no host needs goes, once every host has said what it needs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use rusty_s3::actions::DeleteObject;
use rusty_s3::{Bucket, Credentials};
use ureq::Agent;

use super::list::{self, Listed};
use super::{Login, StorageFault, place};
use crate::config::{self, UrlPath};
use crate::run::converse::Listener;

/// Requests at a time.
const AT_ONCE: usize = 8;

/// What a sweep goes by.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What was put later than so many days ago stays.
    pub keep_days: u32,
    /// How many hosts are to be heard.
    pub hosts: usize,
    /// Nothing is removed.
    pub dry_run: bool,
}

/// What a sweep came to.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    /// Key and size of what was removed, or would be.
    pub removed: Vec<(String, u64)>,
    /// Objects that stay.
    pub kept: usize,
    /// Whether everything that was to go went.
    pub complete: bool,
    /// What ended it early.
    pub fault: Option<StorageFault>,
}

/// A bucket, and what hosts have said of it so far.
pub struct Sweep {
    bucket: Bucket,
    credentials: Credentials,
    terms: Terms,
    objects: usize,
    /// Old enough, and with a fingerprint.
    old: Vec<Listed>,
    heard: Mutex<Heard>,
    stopped: AtomicBool,
    /// Unset until every host was heard; from then on what has gone so far.
    swept: Mutex<Option<Swept>>,
}

#[derive(Default)]
struct Heard {
    names: BTreeSet<String>,
    listeners: Vec<Listener>,
    /// What a host has said did not arrive as it was sent.
    garbled: bool,
}

impl Sweep {
    /// Lists what is there for files of this URL.
    pub fn open(
        storage: &config::Storage,
        url: &UrlPath,
        login: &Login<'_>,
        terms: Terms,
    ) -> Result<Self, StorageFault> {
        let (bucket, credentials) = place(storage, login)?;
        let all = list::all(&bucket, &credentials, &storage.before(url))?;
        let objects = all.len();
        let age = SignedDuration::from_hours(24 * i64::from(terms.keep_days));
        let until = Timestamp::now().checked_sub(age).unwrap_or_default();
        let old = all.into_iter().filter(|object| {
            object.since.is_some_and(|since| since < until) && has_fingerprint(last(&object.key))
        });
        Ok(Self {
            old: old.collect(),
            bucket,
            credentials,
            terms,
            objects,
            heard: Mutex::default(),
            stopped: AtomicBool::new(false),
            swept: Mutex::default(),
        })
    }

    /// What nobody may see of how it was opened.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let token = self.credentials.token();
        [self.credentials.secret()].into_iter().chain(token)
    }

    /// What it came to, or has come to where it was stopped; unset where some host did not say what it needs, so that
    /// nothing was removed.
    pub fn result(&self) -> Option<Swept> {
        lock(&self.swept).clone()
    }

    /// Removes nothing more: some host is about to be free for others.
    pub(in crate::run) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// What a host needs, or `None` where that did not arrive whole. It hears of the end, whatever that is.
    pub(in crate::run) fn hear(self: &Arc<Self>, list: Option<&str>, listener: Listener) {
        let mut heard = lock(&self.heard);
        heard.garbled |= list.is_none();
        for word in list.unwrap_or_default().split_whitespace() {
            match percent_decode_str(word).decode_utf8() {
                Ok(name) => drop(heard.names.insert(name.into_owned())),
                Err(_) => heard.garbled = true,
            }
        }
        heard.listeners.push(listener);
        if heard.listeners.len() < self.terms.hosts {
            return;
        }
        let heard = std::mem::take(&mut *heard);
        let sweep = Arc::clone(self);
        thread::spawn(move || {
            if heard.garbled {
                heard.listeners.into_iter().for_each(Listener::garbled);
            } else {
                sweep.remove(&heard);
                heard.listeners.into_iter().for_each(Listener::swept);
            }
        });
    }

    fn remove(&self, heard: &Heard) {
        let doomed = self.doomed(&heard.names);
        *lock(&self.swept) = Some(Swept {
            kept: self.objects,
            ..Swept::default()
        });
        let agent = list::agent();
        let gone = || heard.listeners.iter().any(Listener::gone);
        for some in doomed.chunks(AT_ONCE) {
            if self.stopped.load(Ordering::SeqCst) || gone() {
                return;
            }
            let ends = if self.terms.dry_run {
                some.iter().map(|_| Ok(())).collect()
            } else {
                self.delete(&agent, some)
            };
            let whole = ends.iter().all(Result::is_ok);
            self.note(some, ends);
            if !whole {
                return;
            }
        }
        if let Some(swept) = lock(&self.swept).as_mut() {
            swept.complete = true;
        }
    }

    /// At once; an end for each.
    fn delete(&self, agent: &Agent, some: &[&Listed]) -> Vec<Result<(), Option<StorageFault>>> {
        let delete = |object: &Listed| {
            let action = DeleteObject::new(&self.bucket, Some(&self.credentials), &object.key);
            list::patiently(agent, &self.bucket, &action)
        };
        thread::scope(|scope| {
            let one = |object| scope.spawn(move || delete(object));
            let threads: Vec<_> = some.iter().map(|object| one(*object)).collect();
            // Of a thread that panicked nobody knows what it has removed.
            let end = |thread: thread::ScopedJoinHandle<'_, _>| match thread.join() {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(fault)) => Err(Some(fault)),
                Err(_) => Err(None),
            };
            threads.into_iter().map(end).collect()
        })
    }

    fn note(&self, some: &[&Listed], ends: Vec<Result<(), Option<StorageFault>>>) {
        let mut swept = lock(&self.swept);
        let Some(swept) = swept.as_mut() else { return };
        for (object, end) in some.iter().zip(ends) {
            match end {
                Ok(()) => {
                    swept.removed.push((object.key.clone(), object.size));
                    swept.kept -= 1;
                }
                Err(fault) => swept.fault = fault.or(swept.fault.take()),
            }
        }
    }

    /// A name without its directory: what stands before a name may have been another for an older release.
    fn doomed(&self, needed: &BTreeSet<String>) -> Vec<&Listed> {
        let free = |object: &&Listed| !needed.contains(last(&object.key));
        self.old.iter().filter(free).collect()
    }
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep")
            .field("bucket", &self.bucket)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn last(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// As deployer, Django and webpack write it, or as Vite does: `app.1f2e3d4c5b6a.css`, `app-B1x_9aQ2.js`. What has none was put
/// there by somebody else.
fn has_fingerprint(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else {
        return false;
    };
    // A date has no letter, a word no digit.
    let hex = |word: &str| {
        (8..=64).contains(&word.len())
            && word
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_lowercase())
    };
    // Of its 64 letters none is a separator, but that the last eight follow one. A word has no capital within.
    let vite = || {
        let (before, word) = stem.split_at_checked(stem.len().checked_sub(8)?)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let capital = word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
        let other = word.bytes().any(|byte| !byte.is_ascii_uppercase());
        Some(before.ends_with('-') && word.bytes().all(plain) && capital && other)
    };
    stem.split(['.', '-']).skip(1).any(hex) || vite().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::has_fingerprint;

    #[test]
    fn a_name_with_a_fingerprint() {
        for name in [
            "app.1f2e3d4c5b6a.css",
            "app.1f2e3d4c5b6a.css.map",
            "main.0123456789abcdef0123.js",
            "chunk-1f2e3d4c.js",
            "index-B1x_9aQ2.js",
            "index-B-x_9aQ2.js",
        ] {
            assert!(has_fingerprint(name), "{name}");
        }
        for name in [
            "app.css",
            "1f2e3d4c5b6a.css",
            "1f2e3d4c5b6a",
            "jquery-datepick.js",
            "photo-20261126.jpg",
            "export-202611261200.csv",
            "report-PORTRAIT.pdf",
            "team-Portrait.jpg",
            "deadbeef.css",
            "logo.facade.svg",
            "",
        ] {
            assert!(!has_fingerprint(name), "{name}");
        }
    }
}
