//! Why a storage cannot be used, and what to do about it.

use std::cmp::Ordering;
use std::time::Duration;

use super::secrets::reason;
use super::words::{count, harmless, time};
use super::{ExitCode, Finding, Level};
use crate::config::Storage;
use crate::event::Fields;
use crate::run::{LoginFault, StorageFault};

/// Every way to credentials, for who has none.
const WAYS: &str = "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or name a program that prints them, such as \
     `credentials: {command: [aws, configure, export-credentials, --format, process]}`";

/// What a push says that cannot begin; no host was told anything.
pub fn storage_unusable(fault: &StorageFault, storage: &Storage) -> (ExitCode, String) {
    let (code, what, said, hint) = unusable(fault, storage);
    let mut lines = vec![what];
    if !said.is_empty() {
        lines.push(format!("  {}", harmless(&said)));
    }
    lines.push("nothing was changed on any host".to_owned());
    lines.push(format!("hint: {hint}"));
    (code, lines.join("\n"))
}

/// What a check says: how many objects there are, or why that cannot be known.
pub fn storage_finding(opened: &Result<usize, StorageFault>, storage: &Storage) -> Finding {
    let (level, text, remedy) = match opened {
        Ok(objects) => {
            let text = format!("{} has {}", storage.name(), count(*objects, "object"));
            (Level::Ok, text, None)
        }
        Err(fault) => {
            let (_, what, said, hint) = unusable(fault, storage);
            let said = Some(said).filter(|said| !said.is_empty());
            let text = [what].into_iter().chain(said).collect::<Vec<_>>();
            (Level::Error, text.join(": "), Some(hint))
        }
    };
    Finding {
        level,
        topic: "storage",
        text,
        remedy,
    }
}

/// What is wrong, what the other side said of it, and what to do.
pub(super) fn unusable(
    fault: &StorageFault,
    storage: &Storage,
) -> (ExitCode, String, String, String) {
    let name = storage.name();
    match fault {
        StorageFault::Login(fault) => {
            let what = format!("there are no credentials for `{name}`");
            let (said, hint) = login(fault);
            (ExitCode::NotReady, what, said, hint)
        }
        StorageFault::Unreachable { address, said } => (
            ExitCode::Connect,
            format!("`{name}` cannot be listed: no answer from {address}"),
            said.clone(),
            "look at `static.publish.s3.endpoint` and at the way there; this machine asks what is there, the hosts put what is missing"
                .to_owned(),
        ),
        StorageFault::NoAddress(address) => (
            ExitCode::Config,
            format!("`{name}` cannot be listed: no requests can be made to {address}"),
            String::new(),
            "look at `static.publish.s3.endpoint`".to_owned(),
        ),
        StorageFault::Strange { address, status } => (
            ExitCode::Connect,
            format!("`{name}` cannot be listed: {address} answers {status}, and not as a storage does"),
            String::new(),
            "look at `static.publish.s3.endpoint`, `path_style`, and at proxies on the way there".to_owned(),
        ),
        StorageFault::Refused { status, code, said, skew } => {
            let what = format!("`{name}` cannot be listed: the storage says `{}` ({status})", harmless(code));
            let (exit, hint) = refused(*status, code, *skew);
            (exit, what, said.clone(), hint)
        }
    }
}

fn login(fault: &LoginFault) -> (String, String) {
    let said = match fault {
        LoginFault::Nowhere { profile, files } => format!(
            "neither in the environment nor as the profile `{profile}` in {}",
            files.join(" or ")
        ),
        LoginFault::Half(missing) => format!("half of them is set: `{missing}` is not"),
        LoginFault::Other { profile, file } => format!(
            "the profile `{profile}` in {file} has no key and no `credential_process`"
        ),
        LoginFault::Unreadable { file, kind } => format!("{file} cannot be read: {kind}"),
        LoginFault::Program(why) => format!("from the program that should print them: {}", reason(why)),
        LoginFault::NotCredentials => {
            "the program that should print them printed something else than a `credential_process` of AWS does".to_owned()
        }
    };
    (said, WAYS.to_owned())
}

fn refused(status: u16, code: &str, skew: Option<i64>) -> (ExitCode, String) {
    if let Some(skew) = skew.filter(|_| matches!(status, 400..=403)) {
        let by = time(Duration::from_secs(skew.unsigned_abs()));
        let way = match skew.cmp(&0) {
            Ordering::Less => "ahead of",
            _ => "behind",
        };
        let hint = format!(
            "the clock of this machine is {by} {way} the storage's, and signatures have a date: set it right"
        );
        return (ExitCode::Connect, hint);
    }
    let (exit, hint) = match code {
        "NoSuchBucket" => (
            ExitCode::NotReady,
            "create it, or correct `static.publish.s3.bucket`; with another `endpoint` or `path_style` it may be another bucket",
        ),
        "SignatureDoesNotMatch"
        | "InvalidAccessKeyId"
        | "NotSignedUp"
        | "InvalidToken"
        | "UnauthorizedAccess" => (
            ExitCode::Connect,
            "the credentials are not the storage's: look at `AWS_ACCESS_KEY_ID` and the profile, which come in this order",
        ),
        "ExpiredToken" | "TokenRefreshRequired" => (
            ExitCode::Connect,
            "the credentials have expired: log in again",
        ),
        "AccessDenied" | "AllAccessDisabled" => (
            ExitCode::Connect,
            "the credentials need `s3:ListBucket` on the bucket and `s3:PutObject` on what is in it",
        ),
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "AuthorizationQueryParametersError"
        | "IllegalLocationConstraintException" => (
            ExitCode::Connect,
            "the bucket is in another region: correct `static.publish.s3.region`",
        ),
        _ if busy(status) => (
            ExitCode::Connect,
            "the storage is busy: push again in a while",
        ),
        _ => (ExitCode::Connect, "look at `static.publish.s3`"),
    };
    (exit, hint.to_owned())
}

fn busy(status: u16) -> bool {
    matches!(status, 429 | 500..=599)
}

/// Why a host could not put what it had an address for.
pub(super) fn failed(reason: &str, fields: &Fields, host: &str) -> Option<(String, String)> {
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    let status = fields.get("status").and_then(|status| status.parse().ok());
    let (path, code, said) = (field("path"), field("code"), field("said"));
    let said_too = if said == "-" {
        String::new()
    } else {
        format!(": {said}")
    };
    Some(match reason {
        "upload-unreachable" => (
            format!("{host} cannot reach the storage at `{}`: {said}", field("host")),
            "hosts put the files there themselves: let them out to it, or correct `static.publish.s3.endpoint`".to_owned(),
        ),
        "upload-refused" if status.is_some_and(busy) => (
            format!("the storage was too busy for too long: it answered `{code}` ({}) for `{path}`", field("status")),
            "push again in a while; what is there already stays and is not sent again".to_owned(),
        ),
        "upload-refused" => {
            let hint = match code.as_str() {
                "AccessDenied" => "the credentials need `s3:PutObject` on what is in the bucket",
                "NotImplemented" => "it has to know `If-None-Match` and `x-amz-checksum-sha256` of objects that are put",
                "ExpiredToken" => "the credentials have expired: log in again, and push again; what is there already stays",
                _ => "look at `static.publish.s3`",
            };
            (
                format!("the storage refused `{path}` with `{code}` ({}){said_too}", field("status")),
                hint.to_owned(),
            )
        }
        "upload-unanswered" => (
            format!("{host} was not told which static files to upload"),
            "push again".to_owned(),
        ),
        "upload-program" => (
            format!("the static files cannot be uploaded from {host}"),
            "what the program said is above".to_owned(),
        ),
        "offer-garbled" => (
            format!("what {host} said of its static files did not arrive as it was sent"),
            "run it again, and look whether its disk is full".to_owned(),
        ),
        "prune-names" => (
            format!("{host} cannot say which static files it needs: `{path}` cannot be read"),
            "nothing was removed from the storage; repair the file, or push until that release is no longer kept"
                .to_owned(),
        ),
        "prune-unanswered" => (
            format!("{host} was not told that the storage is tidy"),
            "run it again".to_owned(),
        ),
        _ => return None,
    })
}
