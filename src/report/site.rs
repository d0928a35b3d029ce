//! What goes wrong with nginx and with certificates.

use super::reasons::Meaning;
use super::words::harmless;
use crate::event::Fields;

pub(super) fn failed(reason: &str, fields: &Fields, host: &str) -> Option<Meaning> {
    let what = fields.get("what").map(String::as_str);
    let (what, hint) = match (reason, what) {
        ("certificate", Some("pair")) => (
            "the key is not that of the certificate".to_owned(),
            "`nginx.tls.certificate` is the site's own certificate first, then those that sign it",
        ),
        ("certificate", Some("expired")) => (
            "the certificate has expired".to_owned(),
            "get a new one, and run this again",
        ),
        ("certificate", what) => (
            format!(
                "openssl on {host} cannot read the {}",
                what.unwrap_or("certificate")
            ),
            "both are PEM: text that starts with `-----BEGIN`; a key without a passphrase",
        ),
        ("acme", _) => (
            format!("certbot on {host} got no certificate; what served before serves on"),
            "each name has to lead to this host alone, at port 80: see what its DNS says, and `/var/log/letsencrypt` there",
        ),
        ("pages-missing", _) => (
            format!(
                "`{}` of the repository has no page such as `502.html`",
                fields
                    .get("path")
                    .map_or_else(|| "?".to_owned(), |path| harmless(path))
            ),
            "check `nginx.error_pages`",
        ),
        _ => return None,
    };
    let hint = Some(hint.to_owned());
    Some(Meaning { what, hint })
}

pub(super) fn warned(reason: &str, fields: &Fields) -> Option<String> {
    let field = |key: &str| {
        fields
            .get(key)
            .map_or_else(|| "?".to_owned(), |value| harmless(value))
    };
    Some(match reason {
        "site-stays" => format!(
            "`{}` stays as it is: the release is from before https, and visitors are not sent back to plain HTTP",
            field("path")
        ),
        "unit-stays" => format!(
            "`{}` stays as it is: the login may not write it",
            field("path")
        ),
        "other-default" => format!(
            "another site of the host answers unknown names at port {}",
            field("port")
                .trim_end_matches(".conf")
                .trim_end_matches("-tls")
        ),
        _ => return None,
    })
}
