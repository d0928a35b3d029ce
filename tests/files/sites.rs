//! Each kind of site there is, for those who judge sites.

use deployer::config::{Assets, Config, Encoding, Fingerprint, Nginx, ServerName};

use crate::cases::{by_acme, full, secure, small, text};

/// With a word for each.
pub(crate) fn every_site() -> Vec<(&'static str, Config)> {
    let served = |config: fn() -> Config, change: fn(&mut Nginx)| {
        let mut config = config();
        change(config.nginx.as_mut().unwrap());
        config
    };
    let with_files = |change: fn(&mut Assets)| {
        let mut config = full();
        change(config.assets.as_mut().unwrap());
        config
    };
    vec![
        ("small", small()),
        ("full", full()),
        ("secure", secure()),
        ("by acme", by_acme()),
        (
            "any name",
            served(small, |nginx| nginx.server_names = any()),
        ),
        (
            "secure, any name",
            served(secure, |nginx| {
                nginx.server_names = any();
                nginx.redirects.clear();
            }),
        ),
        (
            "secure, browsers not told",
            served(secure, |nginx| nginx.tls.as_mut().unwrap().hsts = None),
        ),
        (
            "secure, usual ports",
            served(secure, |nginx| {
                nginx.listen = 80;
                nginx.tls.as_mut().unwrap().listen = 443;
            }),
        ),
        (
            "names in files, both packed",
            with_files(|assets| {
                assets.fingerprint = Fingerprint::Filename;
                assets.precompress = vec![Encoding::Gzip, Encoding::Brotli];
            }),
        ),
        (
            "plain names, none packed",
            with_files(|assets| {
                assets.fingerprint = Fingerprint::None;
                assets.precompress.clear();
                assets.at_root.clear();
            }),
        ),
        (
            "files of a CDN",
            with_files(|assets| assets.cdn = Some(text("https://cdn.example.com"))),
        ),
        ("uploads alone", {
            let mut config = full();
            config.assets = None;
            config
        }),
    ]
}

fn any() -> Vec<ServerName> {
    vec![text("_")]
}
