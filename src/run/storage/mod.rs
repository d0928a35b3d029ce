//! A bucket, as the client knows it: what it has, and addresses by which a host may add to it.
//!
//! The credentials stay here. A host gets an address for each object it is to put, signed together with the object's
//! size, checksum and headers, so that nothing else can be done with it.

mod list;
mod login;
mod media;
mod offer;
mod sweep;

pub use login::{Login, LoginFault};
pub use sweep::{Sweep, Swept, Terms};

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use rusty_s3::{Bucket, Credentials, UrlStyle};

use crate::config::{self, UrlPath};

/// Why a bucket cannot be used. Nothing was asked of any host yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageFault {
    Login(LoginFault),
    /// No request can be made to that.
    NoAddress(String),
    /// No answer from there, however often it was asked.
    Unreachable {
        address: String,
        said: String,
    },
    /// Its words; `skew` is how many seconds its clock is ahead of this machine's, where that is much.
    Refused {
        status: u16,
        code: String,
        said: String,
        skew: Option<i64>,
    },
    /// Something answered, and not as a storage does.
    Strange {
        address: String,
        status: u16,
    },
}

/// A bucket that may be listed.
pub struct Storage {
    bucket: Bucket,
    credentials: Credentials,
    /// What stands before a file's name in its key.
    before: String,
    /// Keys that it has, once some host has an offer. Not before: until the host has its lock, they may be tidied away.
    has: Mutex<Option<BTreeSet<String>>>,
    /// Keys that some host of this run is putting there: it would refuse them a second time.
    given: Mutex<BTreeSet<String>>,
}

impl Storage {
    /// Finds the credentials and asks whether they will do.
    pub fn open(
        storage: &config::Storage,
        url: &UrlPath,
        login: &Login<'_>,
    ) -> Result<Self, StorageFault> {
        let (bucket, credentials) = place(storage, login)?;
        let before = storage.before(url);
        list::probe(&bucket, &credentials, &before)?;
        Ok(Self {
            bucket,
            credentials,
            before,
            has: Mutex::default(),
            given: Mutex::default(),
        })
    }

    /// How many objects it has.
    pub fn objects(&self) -> Result<usize, StorageFault> {
        Ok(list::all(&self.bucket, &self.credentials, &self.before)?.len())
    }

    /// What nobody may see of how it was opened: a build of this machine could print it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let token = self.credentials.token();
        [self.credentials.secret()].into_iter().chain(token)
    }

    /// Whether a host is to put this one, which nobody else does.
    fn give(&self, key: &str) -> bool {
        !self.has(key)
            && self
                .given
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key.to_owned())
    }
}

impl Storage {
    /// Asked once, for all hosts. Where there is no answer everything is put once more, which a storage refuses for what it has.
    fn has(&self, key: &str) -> bool {
        let mut has = self.has.lock().unwrap_or_else(PoisonError::into_inner);
        let has = has.get_or_insert_with(|| {
            let listed = list::all(&self.bucket, &self.credentials, &self.before);
            let listed = listed.unwrap_or_default().into_iter();
            listed.map(|object| object.key).collect()
        });
        has.contains(key)
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("bucket", &self.bucket)
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

/// The bucket, and who asks.
fn place(
    storage: &config::Storage,
    login: &Login<'_>,
) -> Result<(Bucket, Credentials), StorageFault> {
    let credentials = login.find(&storage.login).map_err(StorageFault::Login)?;
    let address = address(storage);
    let style = if storage.path_style {
        UrlStyle::Path
    } else {
        UrlStyle::VirtualHost
    };
    let unfit = || StorageFault::NoAddress(address.clone());
    let parsed = address.parse().map_err(|_| unfit())?;
    let (name, region) = (storage.bucket.to_string(), storage.region.to_string());
    let bucket = Bucket::new(parsed, style, name, region).map_err(|_| unfit())?;
    Ok((bucket, credentials))
}

fn address(storage: &config::Storage) -> String {
    let (region, china) = (&storage.region, storage.region.as_str().starts_with("cn-"));
    let aws = || {
        format!(
            "https://s3.{region}.amazonaws.com{}",
            if china { ".cn" } else { "" }
        )
    };
    storage
        .endpoint
        .as_ref()
        .map_or_else(aws, ToString::to_string)
}
