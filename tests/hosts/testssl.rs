//! What testssl makes of https as it is rendered, on both Debians.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::machines::{Machine, Options};
use crate::site::{HELLO, NAME, Site};

const TLS: &str = "nginx:
  tls:
    certificate: /etc/ssl/hello/chain.pem
    key: /etc/ssl/hello/key.pem
    hsts: 730d
";
/// Of the certificate of the test, and of names that no DNS has; and that old nginx lets the client choose a cipher, as
/// Mozilla advises where all of them are good.
const EXCEPTIONS: [&str; 3] = ["cert_", "DNS_", "cipher_order"];
const OLD: [&str; 4] = ["SSLv2", "SSLv3", "TLS1", "TLS1_1"];
/// Makes of a site what everybody could read.
const WEAKEN: &str = "sed -i 's/^\\( *ssl_protocols\\).*/\\1 TLSv1 TLSv1.1 TLSv1.2;/; s/^\\( *ssl_ciphers\\).*/\\1 ALL:@SECLEVEL=0;/' \
    /etc/nginx/sites-available/*.conf && systemctl reload nginx && sleep 1";

fn ask(host: &Machine, options: &str) -> Result<Vec<Value>> {
    let json = host.sh(&format!(
        "cd /root && rm -f found.json && testssl --quiet --color 0 --warnings off --add-ca /etc/ssl/hello/chain.pem \
         --jsonfile found.json {options} {NAME}:443 >said.txt 2>&1; cat found.json"
    ))?;
    serde_json::from_str(&json).with_context(|| json.clone())
}

/// What it says of this, or nothing where it did not look.
fn finding<'a>(found: &'a [Value], id: &str) -> &'a str {
    let one = found.iter().find(|one| one["id"] == id);
    one.and_then(|one| one["finding"].as_str()).unwrap_or("")
}

/// Protocols alone, and no other finding that would keep anybody up.
fn worries(found: &[Value]) -> Vec<String> {
    let old = OLD.iter().filter(|id| finding(found, id) != "not offered");
    let new = ["TLS1_2", "TLS1_3"].iter();
    let new = new.filter(|id| !finding(found, id).starts_with("offered"));
    let protocols = old
        .chain(new)
        .map(|id| format!("{id}: {}", finding(found, id)));
    let grave = found.iter().filter(|one| {
        let id = one["id"].as_str().unwrap_or_default();
        !matches!(one["severity"].as_str(), Some("OK" | "INFO" | "WARN"))
            && !EXCEPTIONS.iter().any(|start| id.starts_with(start))
    });
    protocols.chain(grave.map(ToString::to_string)).collect()
}

#[test]
#[ignore = "two minutes of testssl; `make soak` runs it"]
fn testssl_finds_nothing_vulnerable() -> Result<()> {
    let options = ["trixie", "bookworm"].map(|suite| Options {
        suite: suite.to_owned(),
        packages: vec!["testssl.sh"],
        ..Options::default()
    });
    let site = Site::of(HELLO, &options)?;
    site.edit("deploy.yaml", "deploy@web1", "[deploy@web1, deploy@web2]")?;
    site.edit("deploy.yaml", "nginx:\n", TLS)?;
    for (host, key) in site
        .web
        .iter()
        .zip(["ec -pkeyopt ec_paramgen_curve:prime256v1", "rsa:2048"])
    {
        host.sh(&format!(
            "mkdir -p /etc/ssl/hello && cd /etc/ssl/hello && openssl req -x509 -newkey {key} -nodes -days 90 \
             -subj /CN={NAME} -addext subjectAltName=DNS:{NAME} -keyout key.pem -out chain.pem 2>/dev/null"
        ))?;
    }
    site.go_live()?;
    for host in &site.web {
        host.sh("echo 127.0.0.1 hello.example.com >>/etc/hosts")?;
        let version =
            host.sh("dpkg-query -W -f '${Package} ${Version}' testssl.sh; nginx -v 2>&1")?;
        let found = ask(host, "")?;
        let worries = worries(&found);
        ensure!(worries.is_empty(), "{version}: {worries:#?}");
        for vulnerability in ["heartbleed", "ROBOT", "BREACH", "LUCKY13", "BEAST"] {
            ensure!(!finding(&found, vulnerability).is_empty(), "{found:#?}");
        }
        let (grade, score) = ("overall_grade", "final_score");
        let (grade, score) = (finding(&found, grade), finding(&found, score));
        ensure!(matches!(grade, "" | "A+"), "{grade}");
        println!(
            "{version}: {} findings, grade {grade} {score}, {} seconds",
            found.len(),
            finding(&found, "scanTime")
        );
    }
    // So that silence means something.
    let web = site.web();
    web.sh(WEAKEN)?;
    let worries = worries(&ask(web, "--protocols")?);
    ensure!(
        worries.iter().any(|one| one.starts_with("TLS1_1: offered")),
        "{worries:#?}"
    );
    Ok(())
}
