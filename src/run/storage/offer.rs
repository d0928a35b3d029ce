//! What a host has for the storage -> addresses for what the storage lacks.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rusty_s3::S3Action as _;
use serde_json::{Value, json};

use super::{Storage, media};

/// How long an address is good. An upload that takes longer goes on with the next push.
const GOOD_FOR: Duration = Duration::from_secs(6 * 3600);
/// The content never changes.
const CACHE: &str = "public, max-age=31536000, immutable";

/// One object that a host could put.
#[derive(Debug, PartialEq, Eq)]
struct Object<'a> {
    size: u64,
    /// In base64.
    sha256: &'a str,
    packed: bool,
    name: Cow<'a, str>,
}

impl Storage {
    /// The answer to `text`, four words for each object: size, SHA-256, form and name. Empty where that is not what the text is.
    pub(in crate::run) fn answer(&self, text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let Some(objects) = words.chunks(4).map(object).collect::<Option<Vec<_>>>() else {
            return String::new();
        };
        let now = jiff::Timestamp::now();
        let put = objects
            .iter()
            .filter(|object| self.give(&self.key(object)))
            .map(|object| self.put(object, now));
        json!({ "put": put.collect::<Vec<_>>() }).to_string()
    }

    fn key(&self, object: &Object<'_>) -> String {
        format!("{}{}", self.before, object.name)
    }

    /// Every header is part of what is signed.
    fn put(&self, object: &Object<'_>, now: jiff::Timestamp) -> Value {
        let key = self.key(object);
        let size = object.size.to_string();
        let mut headers = vec![
            ("cache-control", CACHE),
            ("content-length", size.as_str()),
            ("content-type", media::of(&object.name)),
            ("if-none-match", "*"),
            ("x-amz-checksum-sha256", object.sha256),
        ];
        if object.packed {
            headers.push(("content-encoding", "gzip"));
        }
        let mut action = self.bucket.put_object(Some(&self.credentials), &key);
        for (name, value) in &headers {
            action.headers_mut().insert(*name, *value);
        }
        let url = action.sign_with_time(GOOD_FOR, &now);
        let headers = headers
            .into_iter()
            .filter(|(name, _)| *name != "content-length");
        let headers: serde_json::Map<_, _> = headers
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        json!({
            "name": object.name,
            "size": object.size,
            "packed": object.packed,
            "url": url.as_str(),
            "headers": headers,
        })
    }
}

fn object<'a>(words: &[&'a str]) -> Option<Object<'a>> {
    let [size, sha256, form, name] = *words else {
        return None;
    };
    Some(Object {
        size: size.parse().ok()?,
        sha256,
        packed: form == "gzip",
        name: percent_decode_str(name).decode_utf8().ok()?,
    })
}
