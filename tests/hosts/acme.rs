//! A certificate from a CA that speaks ACME, Let's Encrypt's own test server: the first one, its renewal, and a CA that refuses.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::https::{Said, curl};
use crate::machines::{Machine, Options};
use crate::site::{HELLO, NAME, Site};
use crate::uploads;

const PUSH: [&str; 2] = ["push", "production"];
const SETUP: [&str; 4] = ["setup", "production", "--login", "root"];
const OTHER: &str = "www.hello.example.com";
const ACME: &str = "nginx:
  tls:
    acme:
      email: ops@example.com
      directory: https://web1:14000/dir
";
/// Where certbot keeps it, and how it calls it.
const LINEAGE: &str = "deployer-hello-web1-14000-dir";

#[test]
fn a_certificate_comes_and_is_renewed() -> Result<()> {
    let options = Options {
        packages: vec!["certbot", "pebble"],
        ..Options::default()
    };
    let site = Site::of(HELLO, &[options])?;
    let web = site.web();
    certificate_authority(web)?;
    site.go_live()?;
    site.edit("deploy.yaml", "nginx:\n", ACME)?;
    site.commit()?;
    refused(&site).context("a CA that is not answered")?;
    first(&site).context("the first certificate")?;
    another_name(&site).context("another name")?;
    renewed(&site).context("renewal")?;
    uploads::copied(&site).context("uploads")
}

/// pebble asks port 80 of who a name leads to; the server for its names runs only later.
fn certificate_authority(web: &Machine) -> Result<()> {
    web.sh(
        r#"mkdir -p /opt/ca && cd /opt/ca
        openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=web1 -addext subjectAltName=DNS:web1 \
            -keyout key.pem -out cert.pem 2>/dev/null
        cp cert.pem /usr/local/share/ca-certificates/pebble.crt && update-ca-certificates >/dev/null 2>&1
        cat > config.json <<'END'
{"pebble": {"listenAddress": "0.0.0.0:14000", "managementListenAddress": "127.0.0.1:15000", "certificate": "/opt/ca/cert.pem",
 "privateKey": "/opt/ca/key.pem", "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false}}
END
        systemd-run -q --unit=pebble -E PEBBLE_VA_NOSLEEP=1 -E PEBBLE_WFE_NONCEREJECT=0 pebble -config /opt/ca/config.json -dnsserver 127.0.0.1:8053
        for try in $(seq 50); do curl -s --cacert cert.pem https://web1:14000/dir >/dev/null && exit 0; sleep 0.1; done
        exit 1"#,
    )?;
    Ok(())
}

/// Nobody can ask the name, so there is no certificate, and the site is what it was.
fn refused(site: &Site) -> Result<()> {
    let web = site.web();
    let before = web.sh("sha256sum /etc/nginx/sites-available/hello.conf")?;
    let load = site.load();
    site.deployer(&SETUP)?
        .expect(7)?
        .says("got no certificate; what served before serves on")?;
    let report = load.stop();
    ensure!(
        report.failed.is_empty() && report.ok > 20,
        "{:?}",
        report.failed
    );
    ensure!(web.sh("sha256sum /etc/nginx/sites-available/hello.conf")? == before);
    web.sh("nginx -t -q && ! nginx -T 2>/dev/null | grep acme-challenge")?;
    ensure!(curl(web, &format!("http://{NAME}/"), &[])?.page().is_some());
    ensure!(curl(web, &format!("https://{NAME}/"), &["-k"])?.code != 0);
    Ok(())
}

fn first(site: &Site) -> Result<()> {
    let web = site.web();
    web.sh(
        "systemd-run -q --unit=names pebble-challtestsrv -defaultIPv4 127.0.0.1 -defaultIPv6 '' \
             -http01 '' -https01 '' -tlsalpn01 '' -doh ''",
    )?;
    let load = site.load();
    site.deployer(&SETUP)?.expect(0)?.says("certificate for")?;
    let report = load.stop();
    ensure!(
        report.failed.is_empty() && report.ok > 20,
        "{:?}",
        report.failed
    );
    ensure!(trusted(web, NAME)?.page().is_some());
    // Nothing is asked of the CA again.
    site.deployer(&SETUP)?
        .expect(0)?
        .says_not("certificate for")?;
    site.deployer(&PUSH)?.expect(0)?;
    web.sh("systemctl is-active certbot.timer")?;
    Ok(())
}

/// A name that the live site does not have yet is answered for all the same.
fn another_name(site: &Site) -> Result<()> {
    let web = site.web();
    ensure!(trusted(web, OTHER)?.code != 0);
    site.edit(
        "deploy.yaml",
        "nginx:\n",
        &format!("nginx:\n  redirects: {OTHER}\n"),
    )?;
    site.commit()?;
    site.deployer(&SETUP)?.expect(0)?.says(OTHER)?;
    site.deployer(&PUSH)?.expect(0)?;
    let other = trusted(web, OTHER)?;
    ensure!(
        other.text.contains(&format!("ocation: https://{NAME}/")),
        "{other:?}"
    );
    ensure!(trusted(web, NAME)?.page().is_some());
    Ok(())
}

/// As certbot's timer does it, while visitors come: no request is lost, and the new one is served.
fn renewed(site: &Site) -> Result<()> {
    let web = site.web();
    let old = serial(web)?;
    web.sh(
        "cat > /root/visitors <<'END'
for i in $(seq 100); do
    curl -sk -o /dev/null -w '%{http_code}\n' --connect-to ::127.0.0.1: https://hello.example.com/ || echo failed
    sleep 0.05
done > /root/answers
END
        systemd-run -q --unit=visitors sh /root/visitors",
    )?;
    web.sh("certbot renew --force-renewal --no-random-sleep-on-renew >/tmp/renew 2>&1 || { cat /tmp/renew; exit 1; }")?;
    for _ in 0..100 {
        if web.sh("systemctl is-active visitors || :")?.trim() != "active" {
            break;
        }
        sleep(Duration::from_millis(200));
    }
    let answers = web.sh("sort /root/answers | uniq -c")?;
    ensure!(answers.trim() == "100 200", "{answers}");
    let new = serial(web)?;
    ensure!(new != old, "nginx serves the old certificate: {new}");
    let kept = web.sh(&format!(
        "openssl x509 -noout -serial -in /etc/letsencrypt/live/{LINEAGE}/cert.pem"
    ))?;
    ensure!(kept == new, "{kept} {new}");
    Ok(())
}

/// Of the certificate that nginx shows.
fn serial(web: &Machine) -> Result<String> {
    web.sh(&format!(
        "openssl s_client -connect 127.0.0.1:443 -servername {NAME} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    ))
}

/// Asked by somebody who trusts the CA alone.
fn trusted(web: &Machine, name: &str) -> Result<Said> {
    let root = web.sh("curl -s --cacert /opt/ca/cert.pem https://127.0.0.1:15000/roots/0 || curl -sk https://127.0.0.1:15000/roots/0")?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), root + "\n")?;
    let path = file.path().to_str().context("a path")?;
    curl(web, &format!("https://{name}/"), &["--cacert", path])
}
