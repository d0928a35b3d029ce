//! `static.publish`: where else static files go.

use super::secrets::argv;
use super::{Fault, Section};
use crate::config::node::Node;
use crate::config::{Endpoint, Region, Storage, StorageLogin};

/// `host`, the default, or `s3:` with its keys.
pub(super) fn publish(section: &Section<'_>) -> Option<Storage> {
    let map = section
        .peek("publish")
        .is_some_and(|node| node.entries().is_some());
    if !map {
        section.with("publish", host_alone);
        return None;
    }
    let read = |publish: &Section<'_>| {
        publish.must_have("s3", "add `s3:` and below it `bucket:`");
        publish.present("s3", storage).flatten()
    };
    let storage = section.present("publish", read).flatten();
    let label = "add the public address of the bucket, or of the CDN before it, such as `cdn: https://assets.example.com`";
    section.must_have("cdn", label);
    let query = section
        .peek("fingerprint")
        .is_some_and(|node| super::written(node).is_ok_and(|word| word == "query"));
    if query {
        let label = "an object of a storage stays as it is: `filename`, or `none` where the project's own tools name files for their content";
        section.refuse("fingerprint", "not with `publish: {s3: ...}`", label);
    }
    storage
}

fn host_alone(node: &Node) -> Result<(), Fault> {
    match super::written(node)? {
        "host" => Ok(()),
        _ => Err(Fault::new(
            "unknown word",
            "`host`, or `s3:` below it with the keys of a storage",
        )),
    }
}

fn storage(section: &Section<'_>) -> Option<Storage> {
    let bucket = section.required("bucket", "polls-static");
    let endpoint: Option<Endpoint> = section.optional("endpoint");
    let path_style = section.boolean("path_style", endpoint.is_some());
    let region = section
        .optional("region")
        .or_else(|| Region::try_from("us-east-1").ok());
    let (prefix, profile) = (section.optional("prefix"), section.optional("profile"));
    let command = section
        .present("credentials", |section| {
            section.must_have("command", "add `command: [...]`, a program that prints them as a `credential_process` of AWS does");
            let timeout = section.seconds("timeout", 1..=600, 30);
            let argv = section.with("command", argv)?;
            Some(StorageLogin::Command { argv, timeout })
        })
        .flatten();
    if section.has("credentials") && section.has("profile") {
        section.refuse(
            "profile",
            "`credentials` is there too",
            "keep one of the two",
        );
    }
    Some(Storage {
        bucket: bucket?,
        prefix,
        region: region?,
        endpoint,
        path_style,
        login: command.unwrap_or(StorageLogin::Usual { profile }),
    })
}
