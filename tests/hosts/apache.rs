//! Apache in front of an app, by the very lines of the page that tells how.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::https::{Said, curl};
use crate::machines::Options;
use crate::site::{HELLO, NAME, Page, Site};

const PAGE: &str = include_str!("../../docs/how-to/existing-server.md");
const PUSH: [&str; 2] = ["push", "production"];

/// An app that keeps what it is sent, and says how it was reached.
const UPLOAD: &str = r#"

class Upload:
    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] not in ("/photo.png", "/page.html", "/run.php"):
            return self.app(environ, start_response)
        with open("media" + environ["PATH_INFO"], "wb") as file:
            file.write(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        seen = ["wsgi.url_scheme", "HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PREFIX"]
        body = " ".join(environ.get(name, "-") for name in seen).encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]


app = Upload(app)
"#;

/// The blocks of this language that the page has.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = PAGE.split(&start).skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

fn live() -> Result<Site> {
    let options = Options {
        packages: vec!["apache2"],
        ..Options::with_uv()
    };
    let site = Site::of(HELLO, &[options])?;
    site.web().sh("systemctl disable -q --now nginx apache2")?;
    site.edit(
        "deploy.yaml",
        "nginx:\n  server_name: hello.example.com\n",
        "",
    )?;
    let door = "nginx: false\nuploads: {path: media, url: /media/, max_size: 1m}\ngunicorn:\n  bind: 127.0.0.1:8000\n";
    ensure!(
        blocks("yaml")
            .iter()
            .any(|block| block.contains("bind: 127.0.0.1:8000"))
    );
    site.edit("deploy.yaml", "gunicorn:\n", door)?;
    let app = site.app.path().join("hello.py");
    fs::write(&app, fs::read_to_string(&app)? + UPLOAD)?;
    site.go_live()?;

    let web = site.web();
    web.sh(&format!(
        "mkdir -p /etc/ssl/hello && cd /etc/ssl/hello && openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN={NAME} \
         -keyout key.pem -out fullchain.pem 2>/dev/null"
    ))?;
    let [conf] = blocks("apache")[..] else {
        anyhow::bail!("not one configuration of Apache");
    };
    ensure!(conf.contains("-gt 10485760 "), "{conf}");
    let conf = conf
        .replace("polls.example.com", NAME)
        .replace("/srv/polls", "/srv/hello")
        .replace("/etc/ssl/polls", "/etc/ssl/hello")
        .replace("10485760", "1048576");
    web.write_file(
        "/etc/apache2/sites-available/hello.conf",
        conf.as_bytes(),
        0o644,
    )?;
    let modules = blocks("sh")
        .into_iter()
        .find(|block| block.starts_with("a2enmod "));
    web.sh(modules.context("no a2enmod")?)?;
    web.sh("a2dissite -q 000-default && a2ensite -q hello && apache2ctl configtest 2>&1 && systemctl start apache2")?;
    Ok(site)
}

fn ask(site: &Site, path: &str, options: &[&str]) -> Result<Said> {
    let url = format!("https://{NAME}{path}");
    curl(
        site.web(),
        &url,
        &[&["-k", "--path-as-is"], options].concat(),
    )
}

fn has(said: &Said, wanted: &[&str]) -> Result<()> {
    let text = said.text.to_ascii_lowercase();
    for one in wanted {
        ensure!(text.contains(one), "no `{one}`: {said:?}");
    }
    Ok(())
}

#[test]
fn apache_serves_what_the_page_says() -> Result<()> {
    let site = live()?;
    let plain = curl(site.web(), &format!("http://{NAME}/a?b"), &[])?;
    has(
        &plain,
        &[
            "http/1.1 301",
            "location: https://hello.example.com/a?b\r\n",
        ],
    )?;
    let home = ask(&site, "/", &[])?;
    has(
        &home,
        &["http/2 200", "x-content-type-options: nosniff\r\n"],
    )?;
    let page = home.page().context("no page")?;
    ensure!(ask(&site, "/", &["--tls-max", "1.1"])?.code == 35);

    files(&site, &home)?;
    uploads(&site)?;

    site.change()?;
    site.deployer(&PUSH)?.expect(0)?;
    let new = ask(&site, "/", &[])?;
    let release = |page: Option<Page>| page.map(|page| page.release);
    ensure!(
        release(new.page()).is_some_and(|new| new != page.release),
        "{new:?}"
    );
    // The page of before still finds its files.
    files(&site, &home)?;
    files(&site, &new)
}

fn files(site: &Site, page: &Said) -> Result<()> {
    let style = page
        .text
        .lines()
        .find_map(|line| line.strip_prefix("style: "));
    let kept = ask(site, style.context("no style")?, &[])?;
    has(
        &kept,
        &[
            "http/2 200",
            "content-type: text/css",
            "max-age=31536000, immutable",
            "nosniff",
        ],
    )?;
    let plain = ask(site, "/static/style.css", &[])?;
    has(
        &plain,
        &[
            "http/2 200",
            "content-type: text/css",
            "cache-control: no-cache\r\n",
        ],
    )?;
    for path in [
        "/static/",
        "/static/.env",
        "/static/none.css",
        "/static/../releases/",
        "/static/%2e%2e/releases/",
    ] {
        let none = ask(site, path, &[])?;
        ensure!(!none.text.starts_with("HTTP/2 200"), "{path}: {none:?}");
    }
    Ok(())
}

/// What the app keeps is shown, never run, and no larger than it may be.
fn uploads(site: &Site) -> Result<()> {
    let send = |path: &str, data: &str| {
        let spoofed = [
            "-H",
            "X-Forwarded-For: 6.6.6.6",
            "-H",
            "X-Forwarded-Prefix: /6",
            "-H",
            "X-Forwarded-Proto: http",
        ];
        ask(
            site,
            path,
            &[
                &["-H", "Content-Type: text/plain", "--data-binary", data],
                &spoofed[..],
            ]
            .concat(),
        )
    };
    let me = send("/photo.png", "a picture")?;
    has(&me, &["http/2 200", &format!("https {NAME} ")])?;
    ensure!(
        !me.text.contains("6.6.6.6") && me.text.ends_with(" -"),
        "{me:?}"
    );
    has(
        &ask(site, "/media/photo.png", &[])?,
        &["http/2 200", "a picture", "image/png", "sandbox", "nosniff"],
    )?;
    send("/page.html", "<script>")?;
    has(
        &ask(site, "/media/page.html", &[])?,
        &[
            "http/2 200",
            "<script>",
            "content-disposition: attachment\r\n",
        ],
    )?;
    send("/run.php", "<?php 1")?;
    has(
        &ask(site, "/media/run.php", &[])?,
        &[
            "http/2 200",
            "<?php 1",
            "content-disposition: attachment\r\n",
        ],
    )?;
    site.web().sh(
        "ln -s /etc/passwd /srv/hello/shared/media/link && touch /srv/hello/shared/media/.hidden",
    )?;
    for path in ["/media/", "/media/link", "/media/.hidden", "/media/../db"] {
        let none = ask(site, path, &[])?;
        ensure!(!none.text.starts_with("HTTP/2 200"), "{path}: {none:?}");
    }
    let large = site.app.path().join("large");
    fs::write(&large, vec![b'a'; 1_048_577])?;
    let large = format!("@{}", large.display());
    // By HTTP/2 curl hears of the end of the stream before it hears why.
    let said = ask(site, "/photo.png", &["--http1.1", "--data-binary", &large])?;
    fs::remove_file(site.app.path().join("large"))?;
    has(&said, &["http/1.1 413"])?;
    let no_length = ["--http1.1", "-H", "Transfer-Encoding: chunked", "-d", "a"];
    has(&ask(site, "/photo.png", &no_length)?, &["http/1.1 413"])?;
    has(&ask(site, "/media/photo.png", &[])?, &["a picture"])
}
