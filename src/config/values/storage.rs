use super::{Invalid, allow, spelled, text_type};
use crate::config::values::net::host_and_port;

text_type! {
    /// The name of an S3 bucket.
    BucketName, "a bucket", bucket
}

text_type! {
    /// The region that requests to a storage are signed for.
    Region, "a region", region
}

text_type! {
    /// Where an S3-compatible storage answers: scheme, host and perhaps a port.
    Endpoint, "the address of a storage", endpoint
}

text_type! {
    /// What stands before the path of each file in a bucket; no `/` at either end.
    Prefix, "the beginning of keys", prefix
}

text_type! {
    /// A section of `~/.aws/credentials`.
    ProfileName, "a profile", profile
}

fn bucket(text: &str) -> Result<(), Invalid> {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    allow(
        !text.contains("://"),
        "the name alone; `endpoint` has the address",
    )?;
    allow(
        text.len() >= 3
            && spelled(text, first, rest, 63)
            && !text.contains("..")
            && !text.ends_with(['.', '-']),
        "3 to 63 lower-case letters, digits and `.-`, a letter or digit at both ends",
    )
}

fn region(text: &str) -> Result<(), Invalid> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    allow(
        spelled(text, |byte| byte.is_ascii_alphanumeric(), rest, 40),
        "such as `eu-central-1`; storages without regions mostly take `us-east-1` or `auto`",
    )
}

fn endpoint(text: &str) -> Result<(), Invalid> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    allow(
        rest.is_some_and(host_and_port),
        "scheme, host and perhaps a port, such as `https://s3.example.com`; the bucket has a key of its own",
    )
}

fn prefix(text: &str) -> Result<(), Invalid> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let part = |part: &str| spelled(part, |byte| byte.is_ascii_alphanumeric(), rest, 255);
    allow(
        text.len() <= 500 && text.split('/').all(part),
        "letters, digits and `._-` between single `/`, none at either end, such as `polls` or `polls/live`",
    )
}

fn profile(text: &str) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
    allow(
        spelled(text, |byte| byte.is_ascii_alphanumeric(), allowed, 100),
        "use letters, digits and `._@+-`",
    )
}
