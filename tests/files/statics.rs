//! What nginx answers where static files are: requests in a file, answers behind them.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use deployer::config::{Config, Encoding, Fingerprint};

use crate::cases;
use crate::nginx::Site;

const CASES: &str = "tests/cases/static";
const PROGRAM: &str = concat!(
    include_str!("../../templates/script/references.py"),
    "\n",
    include_str!("../../templates/script/manifests.py"),
    "\n",
    include_str!("../../templates/script/static.py")
);

/// What an answer is judged by. Of the others, some change with every run.
const HEADERS: [&str; 9] = [
    "Cache-Control",
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Vary",
    "Access-Control-Allow-Origin",
    "X-Content-Type-Options",
    "Location",
];

/// Two releases that were published by the program of the script, the second of them live.
struct Published {
    site: Site,
    urls: serde_json::Value,
}

impl Published {
    fn new(fingerprint: Fingerprint, encodings: &[Encoding]) -> Self {
        let site = Site::start(with(fingerprint, encodings));
        let encodings: Vec<&str> = encodings.iter().map(|one| one.as_str()).collect();
        let style = format!(
            "@font-face {{ src: url(font.woff2) }}\n{}",
            "a { color: red }\n".repeat(40)
        );
        let script = "console.log('caf\u{e9}');\n".repeat(20);
        for (release, only) in [("r1", "only-old.txt"), ("r2", "only-new.txt")] {
            let part = format!("releases/.{release}.part");
            for (file, text) in [
                ("css/app.css", style.as_str()),
                ("css/font.woff2", "font"),
                ("app.mjs", &script),
                ("data.json", "{}"),
                ("site.webmanifest", "{}"),
                ("logo.svg", "<svg/>"),
                ("blob.unknown", "?"),
                ("favicon.ico", "icon"),
                (".env", "secret"),
                (".git/config", "secret"),
                ("app.css~", "backup"),
                (only, release),
            ] {
                site.file(&format!("{part}/static/{file}"), text);
            }
            site.file(&format!("{part}/.deployer/there"), "");
            site.file(".deployer/there", "");
            site.file("secret.txt", "secret");
            let root = site.root();
            let made = Command::new("python3")
                .args(["-I", "-S", "-c", PROGRAM])
                .arg(&root)
                .arg(release)
                .arg(root.join(&part))
                .args(["static", "/static/", "/static/", fingerprint.as_str()])
                .args(["no", &encodings.join(","), "", "/none", "/none"])
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        site.link("r2", "static/live");
        site.link("r1", "static/previous");
        // What a release of a time before the store may hold.
        fs::create_dir(site.root().join("static/r2/static/old")).unwrap();
        site.link("/etc/passwd", "static/r2/static/old/passwd");
        let manifest = fs::read_to_string(site.root().join("static/r2/manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        let urls = manifest["files"].clone();
        Self { site, urls }
    }

    /// `{css/app.css}` -> its URL in the live release.
    fn meant(&self, text: &str) -> String {
        let mut meant = text.to_owned();
        while let Some((before, rest)) = meant.split_once('{') {
            let (name, after) = rest.split_once('}').unwrap();
            let url = self.urls[name]["url"].as_str().unwrap();
            meant = format!("{before}{url}{after}");
        }
        meant
    }

    fn answer(&self, line: &str) -> String {
        let mut parts = self.meant(line);
        if parts.contains("<etag>") {
            let path = parts.split(' ').nth(1).unwrap().to_owned();
            let tag = header(&self.ask("GET", &path, &[]), "ETag")
                .unwrap()
                .to_owned();
            parts = parts.replace("<etag>", &tag);
        }
        let mut parts = parts.split(" | ");
        let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
        let answer = self.ask(method, path, &parts.collect::<Vec<_>>());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        let mut text = format!("  {status}");
        if body.contains(&format!("\r\n{method} ")) || body.starts_with(&format!("{method} ")) {
            return text + " from the app\n";
        }
        assert!(
            !body.contains("secret") && !body.contains("root:"),
            "{line}: {answer}"
        );
        // Of a packed form and of a page that is nginx's own, the length is another with each version.
        let exact = header(head, "Content-Encoding").is_none() && status < "400";
        for name in HEADERS {
            if name == "Content-Length" && !exact {
                continue;
            }
            if let Some(value) = header(head, name) {
                let _ = write!(text, " | {name}: {value}");
            }
        }
        assert!(status != "304" || body.is_empty(), "{answer}");
        text + "\n"
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> String {
        let host = ["Host: polls.example.com"];
        self.site
            .send(&format!("{method} {path}"), &[&host, headers].concat())
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().take_while(|line| !line.is_empty());
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn with(fingerprint: Fingerprint, encodings: &[Encoding]) -> Config {
    let mut config = cases::full();
    let assets = config.assets.as_mut().unwrap();
    assets.fingerprint = fingerprint;
    assets.precompress = encodings.to_vec();
    config.nginx.as_mut().unwrap().headers.clear();
    config
}

/// `NAME.txt` has requests, each with its answer below it; `ACCEPT=1` writes what is answered.
fn check(name: &str, published: &Published) {
    let path = format!("{CASES}/{name}.txt");
    let expected = fs::read_to_string(&path).unwrap();
    let mut found = String::new();
    for line in expected.lines().filter(|line| !line.starts_with(' ')) {
        found += line;
        found.push('\n');
        if !line.is_empty() && !line.starts_with('#') {
            found += &published.answer(line);
        }
    }
    if std::env::var_os("ACCEPT").is_some() {
        fs::write(&path, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&path).unwrap());
}

#[test]
fn answers_to_names_with_a_fingerprint() {
    check(
        "filename",
        &Published::new(Fingerprint::Filename, &[Encoding::Gzip]),
    );
}

#[test]
fn answers_to_queries_with_a_fingerprint() {
    check(
        "query",
        &Published::new(Fingerprint::Query, &[Encoding::Gzip]),
    );
}

#[test]
fn answers_in_the_form_that_is_asked_for() {
    let both = [Encoding::Gzip, Encoding::Brotli];
    check("encodings", &Published::new(Fingerprint::Filename, &both));
}
