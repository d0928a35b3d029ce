//! https on either Debian: from plain HTTP to certificates of the host and of the client, and never back.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::NamedTempFile;

use crate::machines::{Machine, Options};
use crate::random::turn;
use crate::site::{HELLO, NAME, Page, Site};

const PUSH: [&str; 2] = ["push", "production"];
const FILES: &str = "nginx:
  error_pages: errors
  redirects: www.hello.example.com
  tls:
    certificate: /etc/ssl/hello/chain.pem
    key: /etc/ssl/hello/key.pem
    hsts: 5m
";
const SENT: &str = "nginx:
  error_pages: errors
  redirects: www.hello.example.com
  tls:
    certificate: {env: HELLO_CHAIN}
    key: {env: HELLO_KEY}
    hsts: 5m
";

#[test]
fn a_site_that_has_https_keeps_it() -> Result<()> {
    let options = |suite: &str| Options {
        suite: suite.to_owned(),
        ..Options::default()
    };
    let hosts: Vec<_> = turn(vec!["trixie", "bookworm"])?
        .into_iter()
        .map(options)
        .collect();
    let site = Site::of(HELLO, &hosts)?;
    site.all_go_live()?;
    for host in &site.web {
        unknown_names(host)?;
    }
    let plain = releases(&site)?;
    from_files(&site).context("files of the host")?;
    let secure = releases(&site)?;
    rollback(&site, &plain, &secure).context("rollback")?;
    maintenance(&site).context("maintenance")?;
    from_the_client(&site).context("what the client has")?;
    refused(&site).context("what nginx refuses")
}

/// Debian's page, which nobody made theirs, no longer says welcome to every name.
fn unknown_names(host: &Machine) -> Result<()> {
    let answer = curl(host, "http://evil.example/", &[])?;
    ensure!(
        answer.code == 52,
        "an answer to an unknown name: {answer:?}"
    );
    ensure!(
        curl(host, &format!("http://{NAME}/"), &[])?
            .page()
            .is_some()
    );
    Ok(())
}

fn from_files(site: &Site) -> Result<()> {
    for host in &site.web {
        host.sh(&format!(
            "mkdir -p /etc/ssl/hello && {}",
            certificate("/etc/ssl/hello")
        ))?;
    }
    site.edit("deploy.yaml", "nginx:\n", FILES)?;
    fs::create_dir(site.app.path().join("errors"))?;
    fs::write(site.app.path().join("errors/502.html"), "<p>our 502</p>")?;
    site.commit()?;
    // The drop-in alone may not write the site.
    site.deployer(&PUSH)?
        .expect(6)?
        .says("deployer setup production")?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&PUSH)?.expect(0)?;
    for host in &site.web {
        host.sh("nginx -t -q && ! nginx -t 2>&1 | grep warn")?;
        secure(host)?;
    }
    // Two pushes through https, the second with nothing to do.
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?;
    site.deployer(&PUSH)?.expect(0)?.says("already")?;
    site.set_up(&["--login", "root"])?
        .says_not("enable")?
        .says_not("file /")?;
    let checked = site.deployer(&["check", "production"])?;
    ensure!(
        checked
            .stdout
            .contains("the certificate is good for 8 days"),
        "{checked}"
    );
    Ok(())
}

/// All that a visitor can see of it.
fn secure(host: &Machine) -> Result<()> {
    let trust = trust(host)?;
    let trust = trust.path().to_str().context("a path")?;
    let home = curl(host, &format!("https://{NAME}/"), &["--cacert", trust])?;
    ensure!(home.page().is_some(), "{home:?}");
    ensure!(home.text.starts_with("HTTP/2 200"), "{home:?}");
    ensure!(home.text.contains("max-age=300"), "{home:?}");
    for (url, to) in [
        (format!("http://{NAME}/a?b"), format!("https://{NAME}/a?b")),
        (format!("http://www.{NAME}/"), format!("https://{NAME}/")),
        (format!("https://www.{NAME}/"), format!("https://{NAME}/")),
    ] {
        let answer = curl(host, &url, &["--http1.1", "--cacert", trust])?;
        let location = format!("Location: {to}\r\n");
        ensure!(answer.text.starts_with("HTTP/1.1 301"), "{url}: {answer:?}");
        ensure!(answer.text.contains(&location), "{url}: {answer:?}");
    }
    let stranger = curl(host, "https://evil.example/", &["-k"])?;
    ensure!(
        stranger.code == 35,
        "a handshake for an unknown name: {stranger:?}"
    );
    let old = curl(
        host,
        &format!("https://{NAME}/"),
        &["-k", "--tls-max", "1.1"],
    )?;
    ensure!(old.code == 35, "{old:?}");
    by_ipv6(host)
}

/// The same doors, which no test machine has an address for but its own.
fn by_ipv6(host: &Machine) -> Result<()> {
    let ask = |name: &str, what: &str| {
        host.sh(&format!(
            "for url in https://{name}/ http://{name}/; do
               curl -sk -o /dev/null -w '{what} ' --noproxy '*' --connect-to '::[::1]:' $url
               echo $?
             done"
        ))
    };
    let ours = ask(NAME, "%{http_code} %{remote_ip}")?;
    ensure!(ours == "200 ::1 0\n301 ::1 0", "{ours}");
    // Of a handshake that was refused, old versions of curl do not tell where that was.
    let strangers = ask("evil.example", "%{http_code}")?;
    ensure!(strangers == "000 35\n000 52", "{strangers}");
    Ok(())
}

/// The release from before https comes back, its site does not.
fn rollback(site: &Site, plain: &[String], secure: &[String]) -> Result<()> {
    // With the drop-in alone no rollback writes a site; who may, must not.
    let all = "echo 'deploy ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/all";
    site.web
        .iter()
        .try_for_each(|host| host.sh(all).map(drop))?;
    site.deployer(&["rollback", "production", &plain[0]])?
        .expect(0)?
        .says("visitors are not sent back to plain HTTP")?;
    ensure!(releases(site)? == plain, "not rolled back");
    for host in &site.web {
        self::secure(host)?;
    }
    site.deployer(&["rollback", "production", &secure[0]])?
        .expect(0)?
        .says_not("plain HTTP")?;
    let none = "rm /etc/sudoers.d/all";
    site.web.iter().try_for_each(|host| host.sh(none).map(drop))
}

/// Visitors get a page, who is allowed gets the app, and pushes go on.
fn maintenance(site: &Site) -> Result<()> {
    let status = |host: &Machine, path: &str| {
        let url = format!("https://{NAME}{path}");
        let said = curl(host, &url, &["-k", "--http1.1"])?;
        let code = said.text.get(9..12).unwrap_or_default().to_owned();
        Ok::<_, anyhow::Error>((code, said.text))
    };
    let all = |path: &str, wanted: &str, says: &str| {
        site.web.iter().try_for_each(|host| {
            let (code, text) = status(host, path)?;
            ensure!(code == wanted && text.contains(says), "{path}: {text}");
            Ok(())
        })
    };
    let switch =
        |options: &[&str]| site.deployer(&[&["maintenance", "production"], options].concat());
    switch(&["off"])?
        .expect(0)?
        .says("was not in maintenance")?;
    switch(&["on", "-m", "two\nlines"])?.expect(2)?;
    switch(&["on", "-m", "back at <noon>, it's \"$HOME\""])?
        .expect(0)?
        .says("visitors get 503")?;
    all(
        "/",
        "503",
        "back at &lt;noon&gt;, it&#39;s &quot;$HOME&quot;",
    )?;
    all("/", "503", "Retry-After: 300\r\n")?;
    all("/static/style.css", "200", "")?;
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?;
    all("/", "503", "")?;
    let said = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(said.stdout.contains("in maintenance by tester@"), "{said}");
    ensure!(said.stdout.contains("back at <noon>"), "{said}");
    // The address that these requests come from.
    let me = site
        .web()
        .sh("tail -n 1 /var/log/nginx/hello.access.log | cut -d' ' -f1")?;
    let me = me.trim();
    switch(&["on", "--allow", &format!("192.0.2.7,2001:db8::7,{me}")])?.expect(0)?;
    all("/", "200", "Howdy")?;
    switch(&["on", "--allow", "192.0.2.7"])?.expect(0)?;
    all("/", "503", "We will be back shortly")?;
    let said = site.deployer(&["status", "production"])?.expect(0)?;
    ensure!(said.stdout.contains("; 192.0.2.7 gets the site"), "{said}");
    site.deployer(&["rollback", "production"])?.expect(0)?;
    all("/", "503", "")?;
    switch(&["off"])?
        .expect(0)?
        .says("open to visitors again")?;
    all("/", "200", "Howdy")?;
    site.deployer(&["stop", "production", "-y"])?.expect(0)?;
    all("/", "502", "our 502")?;
    site.deployer(&["start", "production"])?.expect(0)?;
    let history = site.deployer(&["history", "production"])?.expect(0)?;
    ensure!(history.stdout.contains("maintenance-off"), "{history}");
    Ok(())
}

fn from_the_client(site: &Site) -> Result<()> {
    let setup = ["setup", "production", "--login", "root"];
    site.edit("deploy.yaml", FILES, SENT)?;
    site.commit()?;
    site.deployer(&setup)?
        .expect(6)?
        .says("HELLO_CHAIN")?
        .says("HELLO_KEY")?;
    let dir = tempfile::tempdir()?;
    let path = dir.path().to_str().context("a path")?;
    let made = Command::new("sh")
        .args(["-c", &certificate(path)])
        .status()?;
    ensure!(made.success());
    let [chain, key] =
        ["chain.pem", "key.pem"].map(|name| fs::read_to_string(dir.path().join(name)));
    let (chain, key) = (chain?, key?);
    let other = site.web().sh("cat /etc/ssl/hello/key.pem")?;
    let set_up = |chain: &str, key: &str| {
        let variables = [("HELLO_CHAIN", chain), ("HELLO_KEY", key)];
        site.start_with(&setup, &variables)?.end()
    };
    set_up(&chain, &other)?
        .expect(7)?
        .says("the key is not that of the certificate")?;
    set_up("nonsense", &key)?
        .expect(7)?
        .says("cannot read the certificate")?;
    secure(site.web())?;
    let run = set_up(&chain, &key)?.expect(0)?.says("tls.pem")?;
    let line = key.lines().nth(1).context("a key")?;
    ensure!(!run.stderr.contains(line), "the key was shown");
    set_up(&chain, &key)?.expect(0)?.says_not("tls.pem")?;
    site.deployer(&PUSH)?.expect(0)?;
    for host in &site.web {
        let rights = host.sh("stat -c '%a %U' /etc/deployer/hello/tls.pem")?;
        ensure!(rights.trim() == "600 root", "{rights}");
        let found = host.sh(&format!(
            "grep -rls '{line}' /srv /var /tmp /run /home /etc || :"
        ))?;
        ensure!(found.trim() == "/etc/deployer/hello/tls.pem", "{found}");
        secure(host)?;
    }
    Ok(())
}

/// What nginx itself refuses never takes the place of what serves.
fn refused(site: &Site) -> Result<()> {
    site.edit(
        "deploy.yaml",
        "nginx:\n",
        "nginx:\n  extra: no_such_directive on;\n",
    )?;
    let run = site.start_with(
        &["setup", "production", "--login", "root"],
        &[("HELLO_CHAIN", "x"), ("HELLO_KEY", "x")],
    )?;
    run.end()?.expect(7)?;
    site.edit("deploy.yaml", SENT, FILES).or_else(|_| {
        site.edit(
            "deploy.yaml",
            &SENT["nginx:\n".len()..],
            &FILES["nginx:\n".len()..],
        )
    })?;
    site.deployer(&["setup", "production", "--login", "root"])?
        .expect(7)?
        .says("no_such_directive")?;
    site.web.iter().try_for_each(secure)
}

/// A key and the certificate of a CA of its own, as one does without a CA.
fn certificate(dir: &str) -> String {
    let names = format!("subjectAltName=DNS:{NAME},DNS:www.{NAME}");
    format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN={NAME} \
         -addext {names} -keyout {dir}/key.pem -out {dir}/chain.pem 2>/dev/null"
    )
}

/// The certificate that the host serves, which is its own CA.
fn trust(host: &Machine) -> Result<NamedTempFile> {
    let chain = host.sh(
        "cat $(sed -n 's/^ *ssl_certificate \\(.*\\);/\\1/p' /etc/nginx/sites-enabled/hello.conf | head -n 1)",
    )?;
    let file = NamedTempFile::new()?;
    let (_, certificate) = chain
        .split_once("-----BEGIN CERT")
        .context("no certificate")?;
    let (certificate, _) = certificate
        .split_once("-----END CERT")
        .context("no certificate")?;
    fs::write(
        file.path(),
        format!("-----BEGIN CERT{certificate}-----END CERTIFICATE-----\n"),
    )?;
    Ok(file)
}

fn releases(site: &Site) -> Result<Vec<String>> {
    let live = |host: &Machine| {
        Ok(host
            .sh("basename $(readlink /srv/hello/current)")?
            .trim()
            .to_owned())
    };
    site.web.iter().map(live).collect()
}

/// What curl says: its exit status and all that it got.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn page(&self) -> Option<Page> {
        Page::of(self.text.split_once("\r\n\r\n")?.1)
    }
}

pub(crate) fn curl(host: &Machine, url: &str, options: &[&str]) -> Result<Said> {
    let ip: Ipv4Addr = host.ip();
    let output = Command::new("curl")
        .args(["-sSi", "--max-time", "20", "--noproxy", "*"])
        .args(["--connect-to", &format!("::{ip}:")])
        .args(options)
        .arg(url)
        .output()?;
    Ok(Said {
        code: output.status.code().unwrap_or(-1),
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}
