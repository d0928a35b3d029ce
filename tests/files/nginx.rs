use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use deployer::config::{Certificate, Config, Encoding, Nginx};
use deployer::plan::Place;
use tempfile::TempDir;

use crate::{cases, http, sites};

/// nginx with our site and nothing else, an app behind it that answers with the request it got.
pub(crate) struct Site {
    dir: TempDir,
    pub(crate) port: u16,
    /// Where https is, for a site that has it.
    pub(crate) tls: u16,
    nginx: Child,
}

impl Site {
    pub(crate) fn start(mut config: Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let tls = free_port();
        let site = config.nginx.as_mut().unwrap();
        site.listen = port;
        if let Some(tls_of_site) = &mut site.tls {
            tls_of_site.listen = tls;
        }
        fs::create_dir_all(dir.path().join("root")).unwrap();
        echo(UnixListener::bind(dir.path().join("root/web.sock")).unwrap());
        let conf = write_conf(&config, dir.path());
        check(&conf);
        let nginx = nginx(&conf).args(["-g", "daemon off;"]).spawn().unwrap();
        http::until("nginx listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            dir,
            port,
            tls,
            nginx,
        }
    }

    /// The app's directory.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    pub(crate) fn file(&self, path: &str, content: &str) {
        self.beside(&format!("root/{path}"), content);
    }

    /// A file outside of the app's root.
    pub(crate) fn beside(&self, path: &str, content: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.dir.path().join("root").join(path)).unwrap();
    }

    pub(crate) fn link(&self, target: &str, path: &str) {
        symlink(target, self.dir.path().join("root").join(path)).unwrap();
    }

    pub(crate) fn send(&self, line: &str, headers: &[&str]) -> String {
        let headers = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect::<Vec<_>>()
            .concat();
        http::over_tcp(
            self.port,
            &format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"),
        )
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path}"), &["Host: polls.example.com"])
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Workers would outlive a killed master.
        let pid = self.nginx.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.nginx.wait();
    }
}

/// The app's site and what answers in the host's name, with the host's part as setup makes it.
pub(crate) fn write_conf(config: &Config, dir: &Path) -> std::path::PathBuf {
    let files = cases::moved(cases::rendered(config), config, dir);
    let mut sites = String::new();
    for file in &files {
        if let Place::System(path) | Place::Host(path) = &file.place
            && path.starts_with("/etc/nginx/sites-available/")
        {
            sites += &file.content;
        }
    }
    fs::write(dir.join("site.conf"), sites).unwrap();
    let listen = "LISTENERS=$2/listen && make_listeners \"$2/site.conf\"";
    let made = Command::new("sh")
        .args(["-c", &format!(". \"$1\"; {listen}"), "sh"])
        .args(["templates/script/nginx.sh".as_ref(), dir.as_os_str()])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .status();
    assert!(made.unwrap().success());
    if let Some(tls) = config.nginx.as_ref().and_then(|nginx| nginx.tls.as_ref()) {
        let names =
            "subjectAltName=DNS:polls.example.com,DNS:*.polls.example.com,DNS:polls.example.net";
        assert!(!matches!(tls.certificate, Certificate::Sent { .. }));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=polls.example.com", "-addext", names])
            .arg("-keyout")
            .arg(dir.join("key.pem"))
            .arg("-out")
            .arg(dir.join("fullchain.pem"))
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    }
    let conf = dir.join("nginx.conf");
    let dir = dir.display();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {dir}/temp;\n"))
        .concat();
    // Debian's package has nginx load it.
    let brotli = config
        .assets
        .iter()
        .any(|assets| assets.precompress.contains(&Encoding::Brotli));
    let brotli = if brotli {
        "load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;\n"
    } else {
        ""
    };
    let text = format!(
        "{brotli}user root root;\npid {dir}/nginx.pid;\nerror_log {dir}/nginx.log;\nworker_processes 1;\n\
         events {{}}\nhttp {{\ninclude /etc/nginx/mime.types;\naccess_log off;\n{temp}\
         include {dir}/site.conf;\n}}\n"
    );
    fs::write(&conf, text).unwrap();
    conf
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("[::]:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn nginx(conf: &Path) -> Command {
    let mut nginx = Command::new("nginx");
    nginx
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    nginx.arg("-c").arg(conf);
    nginx
}

pub(crate) fn check(conf: &Path) {
    let output = nginx(conf)
        .arg("-t")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let remarks = said.lines().filter(|line| line.contains("site.conf"));
    assert_eq!(remarks.collect::<Vec<_>>(), Vec::<&str>::new());
}

fn echo(listener: UnixListener) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut buffer = [0; 4096];
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => head.extend_from_slice(&buffer[..read]),
                }
            }
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: origin\r\n\
                 Content-Length: {}\r\n\r\n",
                head.len()
            );
            let _ = stream.write_all(&head);
        }
    });
}

pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("closed")
}

fn with_names(names: &[&str]) -> Config {
    let mut config = cases::full();
    let nginx: &mut Nginx = config.nginx.as_mut().unwrap();
    nginx.server_names = names.iter().map(|name| cases::text(name)).collect();
    config
}

#[test]
fn every_site_is_accepted() {
    for (_, mut config) in sites::every_site() {
        let dir = tempfile::tempdir().unwrap();
        // A test may not take port 80, if only to check it.
        let nginx = config.nginx.as_mut().unwrap();
        nginx.listen = free_port();
        if let Some(tls) = &mut nginx.tls {
            tls.listen = free_port();
        }
        check(&write_conf(&config, dir.path()));
    }
}

#[test]
fn the_app_sees_only_what_nginx_knows() {
    let site = Site::start(cases::full());
    let spoofed = [
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Protocol: ssl",
        "X-Forwarded-Ssl: on",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Port: 6666",
        "X-Forwarded-Prefix: /6666",
        "X-Real-Ip: 6.6.6.6",
        "Forwarded: for=6.6.6.6;proto=https",
        "Proxy: http://evil.example",
        "SCRIPT_NAME: /6666",
    ];
    let mut headers = vec!["Host: polls.example.com:6060"];
    headers.extend(spoofed);
    let answer = site.send("GET /a%2Fb?c=d", &headers);
    assert_eq!(status(&answer), "200", "{answer}");
    let (_, seen) = answer.split_once("\r\n\r\n").unwrap();
    assert!(seen.starts_with("GET /a%2Fb?c=d HTTP/1.1\r\n"), "{seen}");
    let mut lines: Vec<&str> = seen
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "Host: polls.example.com:6060",
            "X-Forwarded-For: 127.0.0.1",
            "X-Forwarded-Proto: http",
            "X-Real-IP: 127.0.0.1",
        ]
    );
}

#[test]
fn a_foreign_host_gets_no_answer() {
    let site = Site::start(with_names(&[
        "Polls.example.com",
        "*.polls.example.com",
        ".votes.example",
    ]));
    let host = |line: &str, host: &str| site.send(line, &[&format!("Host: {host}")]);
    assert_eq!(status(&host("GET /", "polls.example.com")), "200");
    assert_eq!(status(&host("GET /", "POLLS.example.com")), "200");
    assert_eq!(status(&host("GET /", "eu.polls.example.com")), "200");
    assert_eq!(status(&host("GET /", "votes.example:8080")), "200");
    assert_eq!(status(&host("GET /", "a.b.votes.example")), "200");
    assert_eq!(host("GET /", "pollsxexample.com"), "");
    assert_eq!(host("GET /", "evilvotes.example"), "");
    assert_eq!(host("GET /", "evil.example"), "");
    assert_eq!(host("GET /", "polls.example.com.evil.example"), "");
    // The name in the request line counts, and the other must not reach the app.
    let answer = host("GET http://polls.example.com/", "evil.example");
    assert!(!answer.contains("evil"), "{answer}");

    let open = Site::start(with_names(&["_"]));
    assert_eq!(status(&open.send("GET /", &["Host: any.example"])), "200");
}

#[test]
fn static_files_come_from_the_live_release_then_from_the_previous() {
    let site = Site::start(cases::full());
    site.file("static/r2/static/app.css", "new");
    site.file("static/r1/static/app.css", "old");
    site.file("static/r1/static/only-old.css", "old");
    site.file("static/r2/static/.env", "secret");
    site.file("static/r2/static/.git/config", "secret");
    site.file("static/r2/static/dir/inside.txt", "inside");
    site.file("static/r2/secret.txt", "secret");
    site.link("r2", "static/live");
    site.link("r1", "static/previous");
    site.link("/etc/passwd", "static/r2/static/passwd");

    let new = site.get("/static/app.css");
    assert!(status(&new) == "200" && new.ends_with("new"), "{new}");
    for header in [
        "Cache-Control: no-cache",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: same-origin",
        r#"X-Words: two; words "and" a \"#,
        "ETag: ",
    ] {
        assert!(new.contains(header), "{header}: {new}");
    }
    assert!(!new.contains("Content-Security-Policy"), "{new}");
    let old = site.get("/static/only-old.css");
    assert!(status(&old) == "200" && old.ends_with("old"), "{old}");
    assert!(old.contains("X-Content-Type-Options: nosniff"), "{old}");
    for path in [
        "nothing.css",
        ".env",
        ".git/config",
        "dir",
        "dir/",
        "passwd",
        "",
    ] {
        let answer = site.get(&format!("/static/{path}"));
        assert!(matches!(status(&answer), "403" | "404"), "{path}: {answer}");
    }
    // Neither is a static URL: the app answers.
    for path in ["/static../secret.txt", "/static/%2e%2e/secret.txt"] {
        let beside = site.get(path);
        assert!(beside.contains(&format!("\r\nGET {path} HTTP")), "{beside}");
    }
}

#[test]
fn an_upload_is_shown_but_never_run() {
    let site = Site::start(cases::full());
    site.file("shared/media/cat.png", "png");
    site.file("shared/media/page.HTML", "<script>");
    site.file("shared/media/unknown.weird", "?");
    site.file("shared/media/.htpasswd", "secret");
    site.file("shared/db.sqlite3", "secret");
    site.link("/etc/passwd", "shared/media/passwd");
    let cat = site.get("/media/cat.png");
    assert!(status(&cat) == "200" && cat.ends_with("png"), "{cat}");
    assert!(
        cat.contains("Content-Security-Policy: sandbox\r\n"),
        "{cat}"
    );
    assert!(cat.contains("X-Content-Type-Options: nosniff\r\n"), "{cat}");
    assert!(!cat.contains("Content-Disposition"), "{cat}");
    let page = site.get("/media/page.HTML");
    assert!(
        page.contains("Content-Disposition: attachment\r\n"),
        "{page}"
    );
    let unknown = site.get("/media/unknown.weird");
    assert!(
        unknown.contains("Content-Type: application/octet-stream\r\n"),
        "{unknown}"
    );
    for path in [
        "",
        "none.png",
        ".htpasswd",
        "passwd",
        "../db.sqlite3",
        "%2e%2e/db.sqlite3",
    ] {
        let answer = site.get(&format!("/media/{path}"));
        assert!(
            !answer.contains("secret") && !answer.contains("root:"),
            "{path}: {answer}"
        );
        assert!(
            status(&answer) != "200" || answer.contains("\r\nGET /"),
            "{path}: {answer}"
        );
    }
    assert!(
        site.get("/media../db.sqlite3")
            .contains("\r\nGET /media../db.sqlite3")
    );
}

#[test]
fn the_app_keeps_its_headers_but_those_of_the_site() {
    let site = Site::start(cases::full());
    let answer = site.get("/");
    assert_eq!(
        answer.matches("X-Content-Type-Options").count(),
        1,
        "{answer}"
    );
    assert!(!answer.contains("Referrer-Policy: origin"), "{answer}");
    assert!(answer.contains("Referrer-Policy: same-origin"), "{answer}");
    assert!(!answer.contains("Content-Security-Policy"), "{answer}");
    assert!(answer.contains("Server: nginx\r\n"), "{answer}");
    let large = site.send(
        "POST /",
        &["Host: polls.example.com", "Content-Length: 26214401"],
    );
    assert_eq!(status(&large), "413", "{large}");
}
