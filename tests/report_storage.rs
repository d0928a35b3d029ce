//! What a push says when the storage for static files cannot be used: each fault in, its exact words out.

use std::fs;
use std::io::ErrorKind;
use std::{env, fmt::Write as _};

use deployer::config::Config;
use deployer::report::storage_unusable;
use deployer::run::{LoginFault, StorageFault, Unresolved};

const FILE: &str = "tests/cases/config/static-publish-is-good.yaml";
const GOLDEN: &str = "tests/cases/report/storage.txt";

fn refused(status: u16, code: &str, said: &str, skew: Option<i64>) -> StorageFault {
    StorageFault::Refused {
        status,
        code: code.to_owned(),
        said: said.to_owned(),
        skew,
    }
}

fn faults() -> Vec<StorageFault> {
    let (profile, file) = ("deploy".to_owned(), "/home/ana/.aws/config".to_owned());
    let address = "http://minio.example.com:9000".to_owned();
    let files = vec!["/home/ana/.aws/credentials".to_owned(), file.clone()];
    let logins = [
        LoginFault::Nowhere {
            profile: profile.clone(),
            files,
        },
        LoginFault::Half("AWS_SECRET_ACCESS_KEY"),
        LoginFault::Other {
            profile,
            file: file.clone(),
        },
        LoginFault::Unreadable {
            file,
            kind: ErrorKind::PermissionDenied,
        },
        LoginFault::Program(Unresolved::NotFound),
        LoginFault::NotCredentials,
    ];
    let others = [
        StorageFault::Unreachable {
            address: address.clone(),
            said: "io: Connection refused".to_owned(),
        },
        StorageFault::NoAddress(address.clone()),
        StorageFault::Strange {
            address,
            status: 200,
        },
        refused(
            403,
            "SignatureDoesNotMatch",
            "The request signature does not match",
            None,
        ),
        refused(403, "AccessDenied", "Request has expired", Some(-1234)),
        refused(
            403,
            "RequestTimeTooSkewed",
            "The difference is too large",
            Some(86_400),
        ),
        refused(403, "AccessDenied", "Access Denied", None),
        refused(400, "ExpiredToken", "The provided token has expired", None),
        refused(404, "NoSuchBucket", "", None),
        refused(301, "PermanentRedirect", "Use another endpoint", None),
        refused(
            503,
            "SlowDown",
            "Please reduce your request rate",
            Some(4000),
        ),
        refused(418, "##[error] Teapot", "short and ##[error] stout", None),
    ];
    logins
        .map(StorageFault::Login)
        .into_iter()
        .chain(others)
        .collect()
}

/// `ACCEPT=1` writes the texts anew.
#[test]
fn each_fault_says_what_to_do() {
    let source = fs::read_to_string(FILE).expect("a file");
    let config = Config::parse(&source, "deploy.yaml", "production").expect("a good file");
    let storage = config
        .assets
        .and_then(|assets| assets.publish)
        .expect("a storage");
    let mut given = String::new();
    for fault in faults() {
        let (code, text) = storage_unusable(&fault, &storage);
        let _ = writeln!(given, "error: {text}\nexit {} {code:?}\n", code as u8);
    }
    if env::var_os("ACCEPT").is_some() {
        fs::write(GOLDEN, &given).expect("the golden can be written");
    }
    let expected = fs::read_to_string(GOLDEN).expect("a golden");
    assert_eq!(given, expected);
}
