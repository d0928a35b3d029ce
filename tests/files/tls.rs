use std::process::{Command, Stdio};

use crate::cases;
use crate::nginx::{Site, status};

/// What curl says: its exit status and all that it got.
struct Said {
    code: i32,
    text: String,
}

/// Asks for a URL, whose names are all this machine's.
fn curl(site: &Site, url: &str, options: &[&str]) -> Said {
    let output = Command::new("curl")
        .args(["-sSik", "--max-time", "20", "--connect-to", "::127.0.0.1:"])
        .args(options)
        .arg(
            url.replace(":TLS", &format!(":{}", site.tls))
                .replace(":HTTP", &format!(":{}", site.port)),
        )
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}

#[test]
fn https_is_the_app_and_plain_http_leads_there() {
    let site = Site::start(cases::secure());
    let home = curl(&site, "https://polls.example.com:TLS/a?b", &["--http2"]);
    assert!(home.text.starts_with("HTTP/2 200"), "{}", home.text);
    let head = home.text.to_ascii_lowercase();
    for header in [
        "strict-transport-security: max-age=63072000\r\n",
        "x-content-type-options: nosniff\r\n",
        "referrer-policy: same-origin\r\n",
    ] {
        assert!(head.contains(header), "{header}: {}", home.text);
    }
    for seen in ["X-Forwarded-Proto: https\r\n", "GET /a?b HTTP/1.1\r\n"] {
        assert!(home.text.contains(seen), "{seen}: {}", home.text);
    }
    let host = format!("Host: polls.example.com:{}\r\n", site.tls);
    assert!(home.text.contains(&host), "{}", home.text);

    let first = format!("https://polls.example.com:{}/a?b", site.tls);
    let eu = format!("https://eu.polls.example.com:{}/a?b", site.tls);
    for (url, to) in [
        ("http://polls.example.com:HTTP/a?b", &first),
        ("http://eu.polls.example.com:HTTP/a?b", &eu),
        ("http://polls.example.net:HTTP/a?b", &first),
        ("https://polls.example.net:TLS/a?b", &first),
    ] {
        let answer = curl(&site, url, &["--http1.1"]);
        assert!(answer.text.starts_with("HTTP/1.1 301"), "{}", answer.text);
        let location = format!("Location: {to}\r\n");
        assert!(answer.text.contains(&location), "{url}: {}", answer.text);
        // Only what came by https can be told to stay there.
        let told = answer.text.contains("Strict-Transport-Security");
        assert_eq!(told, url.starts_with("https"), "{url}: {}", answer.text);
    }
    let split = curl(&site, "http://polls.example.com:HTTP//evil/%0d%0aX:1", &[]);
    assert!(!split.text.contains("\r\nX:1"), "{}", split.text);
    let extra = curl(
        &site,
        "https://polls.example.com:TLS/teapot",
        &["--http1.1"],
    );
    assert_eq!(status(&extra.text), "418");
}

#[test]
fn a_ca_is_answered_by_plain_http() {
    let site = Site::start(cases::by_acme());
    site.beside(".acme/.well-known/acme-challenge/token", "answer");
    for name in ["polls.example.com", "polls.example.net"] {
        let at = format!("http://{name}:HTTP/.well-known/acme-challenge");
        let token = curl(&site, &format!("{at}/token"), &[]);
        assert!(token.text.starts_with("HTTP/1.1 200"), "{}", token.text);
        assert!(token.text.ends_with("answer"), "{}", token.text);
        for other in ["other", "", "%2e%2e/%2e%2e/site.conf"] {
            let missing = curl(&site, &format!("{at}/{other}"), &["--path-as-is"]);
            assert_ne!(status(&missing.text), "200", "{}", missing.text);
        }
        let page = curl(&site, &format!("http://{name}:HTTP/"), &[]);
        assert_eq!(status(&page.text), "301", "{}", page.text);
    }
}

#[test]
fn an_unknown_name_gets_no_handshake() {
    let site = Site::start(cases::secure());
    for url in ["https://evil.example:TLS/", "https://127.0.0.1:TLS/"] {
        let refused = curl(&site, url, &[]);
        // 35: the handshake failed, so no certificate told which sites live here.
        assert_eq!((refused.code, refused.text.as_str()), (35, ""), "{url}");
    }
    // A name that is known, and then another in the request.
    let host = ["--http1.1", "-H", "Host: evil.example"];
    let other = curl(&site, "https://polls.example.com:TLS/", &host);
    assert_eq!((other.code, other.text.as_str()), (52, ""));
    let plain = curl(&site, "http://evil.example:HTTP/", &[]);
    assert_eq!((plain.code, plain.text.as_str()), (52, ""));
}

#[test]
fn only_tls_1_2_and_1_3_are_spoken() {
    let site = Site::start(cases::secure());
    let url = "https://polls.example.com:TLS/";
    for (version, ciphers, code) in [
        ("1.3", None, 0),
        ("1.2", None, 0),
        // What an old client would like best, and is refused.
        ("1.2", Some("ECDHE-ECDSA-AES128-SHA256"), 35),
        ("1.1", Some("DEFAULT:@SECLEVEL=0"), 35),
        ("1.0", Some("DEFAULT:@SECLEVEL=0"), 35),
    ] {
        let newest = ["--tls-max", version];
        let ciphers: Vec<&str> = ciphers
            .into_iter()
            .flat_map(|one| ["--ciphers", one])
            .collect();
        let said = curl(&site, url, &[&newest[..], &ciphers].concat());
        assert_eq!(said.code, code, "{version} {ciphers:?}: {}", said.text);
    }
}
