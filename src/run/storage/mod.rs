//! A bucket, as the client knows it: what it has, and addresses by which a host may add to it.
//!
//! The credentials stay here. A host gets an address for each object it is to put, signed together with the object's
//! size, checksum and headers, so that nothing else can be done with it.

mod list;
mod login;
mod media;
mod offer;

pub use login::{Login, LoginFault};

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

/// A bucket that has been listed.
pub struct Storage {
    bucket: Bucket,
    credentials: Credentials,
    /// What stands before a file's name in its key.
    before: String,
    /// Keys that it has.
    has: BTreeSet<String>,
    /// Keys that some host of this run is putting there: it would refuse them a second time.
    given: Mutex<BTreeSet<String>>,
}

impl Storage {
    /// Finds the credentials and asks what is there.
    pub fn open(
        storage: &config::Storage,
        url: &UrlPath,
        login: &Login<'_>,
    ) -> Result<Self, StorageFault> {
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
        let prefix = storage.prefix.iter().map(ToString::to_string);
        let url = url.as_str().trim_start_matches('/').to_owned();
        let before = prefix.chain([url]).collect::<Vec<_>>().join("/");
        let has = list::keys(&bucket, &credentials, &before)?;
        Ok(Self {
            bucket,
            credentials,
            before,
            has,
            given: Mutex::default(),
        })
    }

    /// How many objects it has.
    pub fn objects(&self) -> usize {
        self.has.len()
    }

    /// What nobody may see of how it was opened: a build of this machine could print it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let token = self.credentials.token();
        [self.credentials.secret()].into_iter().chain(token)
    }

    /// Whether a host is to put this one, which nobody else does.
    fn give(&self, key: &str) -> bool {
        !self.has.contains(key)
            && self
                .given
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key.to_owned())
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("bucket", &self.bucket)
            .field("has", &self.has.len())
            .finish_non_exhaustive()
    }
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
