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
    /// The answer to `text`, four words for each object: size, SHA-256, form and name. `None` where that is not what the text is.
    pub(in crate::run) fn answer(&self, text: &str) -> Option<String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let objects = words.chunks(4).map(object).collect::<Option<Vec<_>>>()?;
        let now = jiff::Timestamp::now();
        let put = objects
            .iter()
            .filter(|object| self.give(&self.key(object)))
            .map(|object| self.put(object, now));
        Some(json!({ "put": put.collect::<Vec<_>>() }).to_string())
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use rusty_s3::{Bucket, Credentials, UrlStyle};
    use serde_json::{Value, json};

    use super::super::Storage;

    const SUM: &str = "K1jIm81lermQuzEBVB5RG6snbZqecbCC89bOO6HGR8o=";

    fn storage(has: &[&str]) -> Storage {
        let address = "https://s3.example.com"
            .parse()
            .unwrap_or_else(|_| unreachable!());
        let bucket = Bucket::new(address, UrlStyle::Path, "polls", "eu-central-1");
        Storage {
            bucket: bucket.unwrap_or_else(|_| unreachable!()),
            credentials: Credentials::new("AKID", "hunter2"),
            before: "web/static/".to_owned(),
            has: Mutex::new(Some(
                has.iter()
                    .map(|key| (*key).to_owned())
                    .collect::<BTreeSet<_>>(),
            )),
            given: Mutex::default(),
        }
    }

    fn puts(answer: &str) -> Vec<Value> {
        let mut answer: Value = serde_json::from_str(answer).unwrap_or_default();
        serde_json::from_value(answer["put"].take()).unwrap_or_default()
    }

    #[test]
    fn each_object_is_put_once_and_only_where_it_is_missing() {
        let storage = storage(&["web/static/a.css"]);
        let offer = format!("29 {SUM} gzip a.css 7 {SUM} gzip m/b%20%25.js 8 {SUM} - c.png");
        let first = storage.answer(&offer).unwrap_or_default();
        let names: Vec<Value> = puts(&first).iter().map(|put| put["name"].clone()).collect();
        assert_eq!(names, ["m/b %.js", "c.png"]);
        // Another host of the run has the same, and one more.
        let second = puts(
            &storage
                .answer(&format!("{offer} 1 {SUM} - d"))
                .unwrap_or_default(),
        );
        assert_eq!(second.len(), 1);
        assert_eq!(
            second[0]["headers"]["content-type"],
            "application/octet-stream"
        );
        assert!(!first.contains("hunter2") && !format!("{storage:?}").contains("hunter2"));
    }

    #[test]
    fn whatever_is_sent_with_it_is_signed() {
        let answer = storage(&[])
            .answer(&format!("7 {SUM} gzip m/b%20%25.js"))
            .unwrap_or_default();
        let put = &puts(&answer)[0];
        let headers = json!({
            "cache-control": "public, max-age=31536000, immutable",
            "content-encoding": "gzip",
            "content-type": "text/javascript; charset=utf-8",
            "if-none-match": "*",
            "x-amz-checksum-sha256": SUM,
        });
        assert_eq!(put["headers"], headers);
        assert_eq!((&put["size"], &put["packed"]), (&json!(7), &json!(true)));
        let url = put["url"].as_str().unwrap_or_default();
        let (place, query) = url.split_once('?').unwrap_or_default();
        assert_eq!(
            place,
            "https://s3.example.com/polls/web/static/m/b%20%25.js"
        );
        let signed = "X-Amz-SignedHeaders=cache-control%3Bcontent-encoding%3Bcontent-length%3Bcontent-type%3Bhost%3B\
            if-none-match%3Bx-amz-checksum-sha256&";
        assert!(
            query.contains(signed) && query.contains("X-Amz-Expires=21600&"),
            "{query}"
        );
    }

    #[test]
    fn what_is_no_list_gets_no_answer() {
        for text in ["7", "x y z a", "7 a - %ff", "-1 a - b"] {
            assert_eq!(storage(&[]).answer(text), None, "{text}");
        }
        assert_eq!(storage(&[]).answer("").as_deref(), Some(r#"{"put":[]}"#));
    }
}
