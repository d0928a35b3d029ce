use std::time::Duration;

use super::{BucketName, Endpoint, Prefix, ProfileName, Region, UrlPath};

/// A bucket of an S3-compatible storage, as `static.publish` names it.
#[derive(Debug, Clone)]
pub struct Storage {
    pub bucket: BucketName,
    /// What stands before the path of every file in it.
    pub prefix: Option<Prefix>,
    /// Default `us-east-1`.
    pub region: Region,
    /// `None`: that of AWS for the region.
    pub endpoint: Option<Endpoint>,
    /// Whether a URL has the bucket in its path and not in its host; default where there is an `endpoint`.
    pub path_style: bool,
    pub login: StorageLogin,
}

impl Storage {
    /// What stands before a file's name in its key.
    pub fn before(&self, url: &UrlPath) -> String {
        let prefix = self.prefix.iter().map(ToString::to_string);
        let url = url.as_str().trim_start_matches('/').to_owned();
        prefix.chain([url]).collect::<Vec<_>>().join("/")
    }

    /// As people write it.
    pub fn name(&self) -> String {
        let prefix = self.prefix.iter().map(|prefix| format!("/{prefix}"));
        format!("s3://{}{}", self.bucket, prefix.collect::<String>())
    }
}

/// Where the client has the credentials from.
#[derive(Debug, Clone)]
pub enum StorageLogin {
    /// As AWS's own programs: the environment, then a profile of the user's files.
    Usual { profile: Option<ProfileName> },
    /// A program that prints them, in the form of a `credential_process`.
    Command {
        argv: Vec<String>,
        timeout: Duration,
    },
}
