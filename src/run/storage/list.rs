//! What a bucket has, a thousand objects at a time; and the requests by which this machine asks it for anything.

use std::thread::sleep;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, Method, S3Action};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::StorageFault;

/// For one request, with its answer.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// Between attempts, when it does not answer or is busy.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// A thousand keys of a thousand bytes, escaped, and what stands between them.
const LONGEST: u64 = 16 << 20;
/// A clock that is further off makes storages refuse; what is less says nothing.
const SKEW: i64 = 300;

/// One object, as a list has it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) size: u64,
    /// When it was put; unset where the storage does not say so in the usual form.
    pub(super) since: Option<jiff::Timestamp>,
}

/// All objects below `prefix`.
pub(super) fn all(
    bucket: &Bucket,
    credentials: &Credentials,
    prefix: &str,
) -> Result<Vec<Listed>, StorageFault> {
    let agent = agent();
    let mut objects = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut list = ListObjectsV2::new(bucket, Some(credentials));
        list.with_prefix(prefix);
        if let Some(next) = &next {
            list.with_continuation_token(next);
        }
        let body = patiently(&agent, bucket, &list)?;
        let page = ListObjectsV2::parse_response(&body).map_err(|_| strange(bucket, 200))?;
        objects.extend(page.contents.into_iter().map(|object| Listed {
            key: object.key,
            size: object.size.unwrap_or(0),
            since: object.last_modified.and_then(|since| since.parse().ok()),
        }));
        match page.next_continuation_token {
            Some(token) if !token.is_empty() => next = Some(token),
            _ => return Ok(objects),
        }
    }
}

/// Whether it may be listed at all.
pub(super) fn probe(
    bucket: &Bucket,
    credentials: &Credentials,
    prefix: &str,
) -> Result<(), StorageFault> {
    let mut list = ListObjectsV2::new(bucket, Some(credentials));
    list.with_prefix(prefix);
    list.with_max_keys(1);
    let body = patiently(&agent(), bucket, &list)?;
    match ListObjectsV2::parse_response(&body) {
        Ok(_) => Ok(()),
        Err(_) => Err(strange(bucket, 200)),
    }
}

pub(super) fn agent() -> Agent {
    // The machine's own roots: a storage in a company's network has a certificate of its own authority.
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(PATIENCE))
        .tls_config(tls.build());
    config.build().into()
}

/// One request; what passes by itself is waited for.
pub(super) fn patiently<'a, A: S3Action<'a>>(
    agent: &Agent,
    bucket: &Bucket,
    action: &A,
) -> Result<String, StorageFault> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let fault = match once(agent, bucket, action) {
            Ok(body) => return Ok(body),
            Err(fault) => fault,
        };
        match pauses.next().filter(|_| passes(&fault)) {
            Some(pause) => sleep(pause),
            None => return Err(fault),
        }
    }
}

fn passes(fault: &StorageFault) -> bool {
    match fault {
        StorageFault::Unreachable { .. } => true,
        StorageFault::Refused { status, .. } | StorageFault::Strange { status, .. } => {
            matches!(status, 429 | 500 | 502 | 503 | 504)
        }
        StorageFault::Login(_) | StorageFault::NoAddress(_) => false,
    }
}

fn once<'a, A: S3Action<'a>>(
    agent: &Agent,
    bucket: &Bucket,
    action: &A,
) -> Result<String, StorageFault> {
    // Signed anew for each attempt, so that the date is right.
    let now = jiff::Timestamp::now();
    let url = action.sign_with_time(Duration::from_secs(600), &now);
    let unreachable = |error: &ureq::Error| StorageFault::Unreachable {
        address: address(bucket),
        said: error.to_string(),
    };
    let answered = match A::METHOD {
        Method::Delete => agent.delete(url.as_str()).call(),
        _ => agent.get(url.as_str()).call(),
    };
    let mut response = answered.map_err(|error| unreachable(&error))?;
    let status = response.status().as_u16();
    let date = response
        .headers()
        .get("date")
        .and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let skew = theirs.map(|theirs| theirs.timestamp().as_second() - now.as_second());
    let body = response
        .body_mut()
        .with_config()
        .limit(LONGEST)
        .read_to_string();
    let body = body.map_err(|error| unreachable(&error))?;
    // A deletion has nothing to say.
    if matches!(status, 200 | 204) {
        return Ok(body);
    }
    let Some(code) = within(&body, "Code") else {
        return Err(strange(bucket, status));
    };
    Err(StorageFault::Refused {
        status,
        code,
        said: within(&body, "Message").unwrap_or_default(),
        skew: skew.filter(|skew| skew.abs() > SKEW),
    })
}

fn strange(bucket: &Bucket, status: u16) -> StorageFault {
    let address = address(bucket);
    StorageFault::Strange { address, status }
}

/// Where it was asked, without what proves who asks.
fn address(bucket: &Bucket) -> String {
    bucket.base_url().as_str().trim_end_matches('/').to_owned()
}

/// The text of the first such element of an error, which has no other inside.
fn within(xml: &str, element: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{element}>"))?;
    let (text, _) = rest.split_once(&format!("</{element}>"))?;
    (!text.contains('<')).then(|| crate::event::visible(text.trim().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn words_of_an_error() {
        let xml = "<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message> it is \u{1b}gone </Message></Error>";
        assert_eq!(within(xml, "Code").as_deref(), Some("NoSuchBucket"));
        assert_eq!(within(xml, "Message").as_deref(), Some("it is \\x1bgone"));
        assert_eq!(within(xml, "Region"), None);
        assert_eq!(within("<Error><Code><x/></Code></Error>", "Code"), None);
    }
}
