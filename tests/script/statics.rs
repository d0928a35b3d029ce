//! The program that publishes static files, on trees as releases have them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = concat!(
    include_str!("../../templates/script/references.py"),
    "\n",
    include_str!("../../templates/script/manifests.py"),
    "\n",
    include_str!("../../templates/script/static.py")
);

type Files<'a> = &'a [(&'a str, &'a str)];

/// An app's directory on a host.
struct Root(TempDir);

struct How<'a> {
    base: &'a str,
    fingerprint: &'a str,
    strict: &'a str,
    at_root: &'a str,
}

const BY_NAME: How<'_> = How {
    base: "/static/",
    fingerprint: "filename",
    strict: "no",
    at_root: "",
};

impl Root {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in [".deployer", "static", "releases"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        Self(root)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn release(&self, name: &str, files: Files<'_>) -> PathBuf {
        let part = self.path(&format!("releases/.{name}.part"));
        fs::create_dir_all(part.join(".deployer")).expect("a release");
        for (file, text) in files {
            let path = part.join("static").join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, text).expect("written");
        }
        part
    }

    fn run(&self, name: &str, how: &How<'_>) -> Output {
        self.program(name, how).output().expect("python3 runs")
    }

    /// The same where a storage gets them too; what is said, and the names that it gets.
    fn publish_stored(&self, name: &str, files: Files<'_>, how: &How<'_>) -> (String, Value) {
        self.release(name, files);
        let listing = self.path("listing");
        let mut program = self.program(name, how);
        let output = program.arg(&listing).output().expect("python3 runs");
        assert!(output.status.success(), "{output:?}");
        let text = fs::read_to_string(listing).expect("a list");
        let mut listed: Value = serde_json::from_str(&text).expect("json");
        assert_eq!(listed["packed"], true);
        let said = String::from_utf8(output.stdout).expect("text");
        (said, listed["names"].take())
    }

    fn program(&self, name: &str, how: &How<'_>) -> Command {
        let part = self.path(&format!("releases/.{name}.part"));
        let mut program = Command::new("python3");
        program
            .args(["-I", "-S", "-c", PROGRAM])
            .arg(self.0.path())
            .arg(name)
            .arg(&part)
            .args([
                "static",
                "/static/",
                how.base,
                how.fingerprint,
                how.strict,
                "gzip",
            ])
            .arg(how.at_root)
            .args(["/none", "/none"])
            .env("LC_ALL", "C");
        program
    }

    /// Publishes a release of these files; what is said of it.
    fn publish(&self, name: &str, files: Files<'_>, how: &How<'_>) -> Vec<String> {
        self.release(name, files);
        let output = self.run(name, how);
        assert!(output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// What the manifest says of a name.
    fn entry(&self, release: &str, name: &str) -> Value {
        let path = self.path(&format!("static/{release}/manifest.json"));
        let text = fs::read_to_string(path).expect("a manifest");
        let mut manifest: Value = serde_json::from_str(&text).expect("json");
        assert_eq!(manifest["version"], 1);
        manifest["files"][name].take()
    }

    fn url(&self, release: &str, name: &str) -> String {
        let entry = self.entry(release, name);
        entry["url"].as_str().expect("a URL").to_owned()
    }

    /// The content that a URL of the manifest has in the store.
    fn stored(&self, url: &str) -> String {
        let path = url.strip_prefix("/static/").expect("below the URL");
        let path = self.path(&format!("static/store/static/{path}"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The rewritten style sheet of a release that has been published.
    fn style(&self, release: &str, name: &str) -> String {
        self.stored(&self.url(release, name))
    }
}

/// `app.1f2e3d4c5b6a.css` -> `app.*.css`.
fn without_fingerprints(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('.') {
        let hex = part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        parts.push(if hex { "*" } else { part });
    }
    parts.join(".")
}

#[test]
fn a_style_sheet_names_what_it_refers_to() {
    let root = Root::new();
    let style = r#"@charset "utf-8";
@import 'base.css' screen;
@import url(base.css);
/* url(img/a.png) stays */
a { background: url(img/a.png) no-repeat, URL( "img/a b.png" ), url('/static/img/a.png#top') }
@font-face { src: url(x.woff?#iefix), url("x.woff?v=4.7#f") }
b { content: "url(img/a.png)"; background: url(data:image/png;base64,AA/BB) }
i { background: url(https://example.com/img/a.png), url(//example.com/a.png), url(#a), url(/media/a.png), url(../up.png) }
u { background: url(img/none.png) }
s { background: url(img/\61.png), url("img/a%20b.png"), url(./css/../img/a.png) }
/*# sourceMappingURL=app.css.map */
"#;
    let said = root.publish(
        "r1",
        &[
            ("app.css", style),
            ("base.css", "@import 'deep/er.css';"),
            ("deep/er.css", "a{background:url(../img/a.png)}"),
            ("img/a.png", "png"),
            ("img/a b.png", "png too"),
            ("x.woff", "font"),
            ("app.css.map", "{}"),
        ],
        &BY_NAME,
    );
    assert_eq!(
        said,
        [
            "warn static-reference line=9 path=app.css reference=img/none.png",
            "made files=7 new=8"
        ]
    );
    let expected = r#"@charset "utf-8";
@import 'base.*.css' screen;
@import url(base.*.css);
/* url(img/a.png) stays */
a { background: url(img/a.*.png) no-repeat, URL( "img/a%20b.*.png" ), url('img/a.*.png#top') }
@font-face { src: url(x.*.woff?#iefix), url("x.*.woff?v=4.7#f") }
b { content: "url(img/a.png)"; background: url(data:image/png;base64,AA/BB) }
i { background: url(https://example.com/img/a.png), url(//example.com/a.png), url(#a), url(/media/a.png), url(../up.png) }
u { background: url(img/none.png) }
s { background: url(img/a.*.png), url("img/a%20b.*.png"), url(img/a.*.png) }
/*# sourceMappingURL=app.css.*.map */
"#;
    let text = root.style("r1", "app.css");
    assert_eq!(without_fingerprints(&text), expected);
    assert_eq!(
        without_fingerprints(&root.style("r1", "deep/er.css")),
        "a{background:url(../img/a.*.png)}"
    );
    // The plain name has the same content, and the file is safe from whoever writes into the release.
    let plain = root.path("static/r1/static/app.css");
    assert_eq!(fs::read_to_string(&plain).expect("a file"), text);
    assert_eq!(
        fs::metadata(plain).expect("facts").permissions().mode() & 0o777,
        0o444
    );
}

/// A change far below reaches every name above it.
#[test]
fn a_fingerprint_covers_all_that_is_referred_to() {
    let root = Root::new();
    let files = |png| {
        vec![
            ("a.css", "@import 'b.css';"),
            ("b.css", "@import 'c.css';"),
            ("c.css", "x{background:url(c.png)}"),
            ("other.css", "y{}"),
            ("c.png", png),
        ]
    };
    root.publish("r1", &files("one"), &BY_NAME);
    assert_eq!(
        root.publish("r2", &files("two"), &BY_NAME),
        ["made files=5 new=4"]
    );
    for name in ["a.css", "b.css", "c.css", "c.png"] {
        assert_ne!(root.url("r1", name), root.url("r2", name), "{name}");
        root.stored(&root.url("r1", name));
    }
    assert_eq!(root.url("r1", "other.css"), root.url("r2", "other.css"));
}

#[test]
fn style_sheets_may_refer_to_each_other_in_a_circle() {
    let root = Root::new();
    let files = |a| {
        vec![
            ("a.css", a),
            ("b.css", "@import 'a.css';"),
            ("user.css", "@import 'b.css';"),
            ("self.css", "@import 'self.css';"),
        ]
    };
    root.publish("r1", &files("@import 'b.css';"), &BY_NAME);
    for name in ["a.css", "b.css", "user.css"] {
        let style = root.style("r1", name);
        let (_, named) = style.split_once('\'').expect("a name");
        let named = named.trim_end_matches("';");
        root.stored(&format!("/static/{named}"));
    }
    root.publish("r2", &files("@import 'b.css';x{}"), &BY_NAME);
    for name in ["a.css", "b.css", "user.css"] {
        assert_ne!(root.url("r1", name), root.url("r2", name), "{name}");
    }
    assert_eq!(root.url("r1", "self.css"), root.url("r2", "self.css"));
}

#[test]
fn a_script_names_its_map_and_nothing_else_in_it_is_touched() {
    let root = Root::new();
    root.publish(
        "r1",
        &[
            (
                "app.js",
                "let a = '//# sourceMappingURL=app.js.map';\n//# sourceMappingURL=app.js.map\n",
            ),
            ("app.js.map", "{}"),
            ("lone.js", "x\n//# sourceMappingURL=lone.js.map"),
        ],
        &BY_NAME,
    );
    assert_eq!(
        without_fingerprints(&root.style("r1", "app.js")),
        "let a = '//# sourceMappingURL=app.js.map';\n//# sourceMappingURL=app.js.*.map\n"
    );
    assert!(root.style("r1", "lone.js").ends_with("=lone.js.map"));
}

#[test]
fn what_did_not_change_is_not_made_again() {
    let root = Root::new();
    let long = "word ".repeat(100);
    let files = [("a.js", long.as_str()), ("b.css", "b{}")];
    assert_eq!(root.publish("r1", &files, &BY_NAME), ["made files=2 new=3"]);
    assert_eq!(
        root.publish("r2", &files, &BY_NAME),
        ["made files=2 new=none"]
    );
    let tree = |name| fs::read_link(root.path(name)).expect("a link");
    assert_eq!(tree("static/r1"), tree("static/r2"));
    let changed = [files[0], ("b.css", "c{}")];
    assert_eq!(
        root.publish("r3", &changed, &BY_NAME),
        ["made files=2 new=1"]
    );
    // With it, a browser that asks whether a file changed hears that it did not.
    let facts = |name: &str| {
        let facts = fs::metadata(root.path(name)).expect("facts");
        (facts.ino(), facts.mtime())
    };
    for file in ["a.js", "a.js.gz"] {
        let of = |release| facts(&format!("static/{release}/static/{file}"));
        assert_eq!(of("r1"), of("r3"), "{file}");
    }
    let left: Vec<_> = fs::read_dir(root.path("static"))
        .expect("a directory")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_fingerprint_can_be_a_query() {
    let root = Root::new();
    let how = How {
        fingerprint: "query",
        base: "https://cdn.example.com/static/",
        ..BY_NAME
    };
    root.publish(
        "r1",
        &[
            (
                "css/app.css",
                "a{background:url(../a.png)} b{src:url(../a.png?v=4#x)}",
            ),
            ("a.png", "png"),
        ],
        &how,
    );
    let url = root.url("r1", "css/app.css");
    let (path, mark) = url.split_once("?v=").expect("a version");
    assert_eq!(path, "https://cdn.example.com/static/css/app.css");
    // Stored as it would be with the fingerprint in its name, so that one can change into the other.
    let style = root.stored(&format!("/static/css/app.{mark}.css"));
    let url = root.url("r1", "a.png");
    let (_, mark) = url.split_once("?v=").expect("a version");
    assert_eq!(
        style,
        format!("a{{background:url(../a.png?v={mark})}} b{{src:url(../a.png?v={mark}#x)}}")
    );
}

#[test]
fn names_can_stay_as_they_are() {
    let root = Root::new();
    let how = How {
        fingerprint: "none",
        ..BY_NAME
    };
    let files = [("app.css", "a{background:url(none.png)}")];
    assert_eq!(root.publish("r1", &files, &how), ["made files=1 new=1"]);
    assert_eq!(root.url("r1", "app.css"), "/static/app.css");
    let plain = fs::read_to_string(root.path("static/r1/static/app.css"));
    assert_eq!(plain.expect("a file"), files[0].1);
}

#[test]
fn the_manifest_has_what_a_page_needs_to_check_a_file() {
    let root = Root::new();
    root.publish("r1", &[("a.txt", "abc"), ("ü/%.txt", "")], &BY_NAME);
    let entry = root.entry("r1", "a.txt");
    assert_eq!(
        entry["integrity"],
        "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
    );
    assert_eq!(entry["size"], 3);
    assert!(
        entry["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("/static/a.cb00753f45a3.t"))
    );
    let url = root.url("r1", "ü/%.txt");
    assert!(url.starts_with("/static/%C3%BC/%25."), "{url}");
    let (tree, release) = (
        "static/r1/manifest.json",
        "releases/.r1.part/.deployer/static.json",
    );
    assert_eq!(
        fs::read(root.path(tree)).expect("a manifest"),
        fs::read(root.path(release)).expect("a manifest")
    );
}

#[test]
fn names_that_tools_gave_are_kept() {
    let root = Root::new();
    let django =
        r#"{"paths": {"css/a.css": "css/a.55e7cbb9ba48.css"}, "version": "1.1", "hash": "x"}"#;
    let vite = r#"{
        "src/main.ts": {"file": "assets/main-BxYz12ab.js", "isEntry": true, "imports": ["_v.js"], "css": ["assets/main-5UjPuW-k.css"]},
        "_v.js": {"file": "assets/vendor.js", "css": ["assets/v-5UjPuWAk.css"]}
    }"#;
    let webpack =
        r#"{"main.js": "/static/pack/main.4889e9402ac1.js", "logo.png": "auto/logo.png"}"#;
    let said = root.publish(
        "r1",
        &[
            ("staticfiles.json", django),
            ("css/a.css", "a{background:url(b.png)}"),
            (
                "css/a.55e7cbb9ba48.css",
                "a{background:url(b.1f2e3d4c5b6a.png)}",
            ),
            ("dist/.vite/manifest.json", vite),
            ("dist/assets/main-BxYz12ab.js", "main"),
            ("dist/assets/main-5UjPuW-k.css", "main{}"),
            ("dist/assets/v-5UjPuWAk.css", "v{}"),
            ("dist/assets/vendor.js", "vendor"),
            ("pack/manifest.json", webpack),
            ("pack/main.4889e9402ac1.js", "packed"),
            ("pack/logo.png", "logo"),
            (
                "app/manifest.json",
                r#"{"name": "a web app", "icons": [{"src": "a.png"}], "start_url": "."}"#,
            ),
        ],
        &BY_NAME,
    );
    assert_eq!(said, ["made files=11 new=11"]);
    for (name, url) in [
        ("css/a.css", "/static/css/a.55e7cbb9ba48.css"),
        ("css/a.55e7cbb9ba48.css", "/static/css/a.55e7cbb9ba48.css"),
        ("src/main.ts", "/static/dist/assets/main-BxYz12ab.js"),
        ("main.js", "/static/pack/main.4889e9402ac1.js"),
    ] {
        assert_eq!(root.url("r1", name), url);
        root.stored(url);
    }
    assert_eq!(
        root.entry("r1", "src/main.ts")["css"],
        json!([
            "/static/dist/assets/v-5UjPuWAk.css",
            "/static/dist/assets/main-5UjPuW-k.css"
        ])
    );
    // No fingerprint, whatever the manifest says: nothing is kept for a year by mistake.
    let plain = root.url("r1", "dist/assets/vendor.js");
    assert_eq!(
        without_fingerprints(&plain),
        "/static/dist/assets/vendor.*.js"
    );
    assert_eq!(root.url("r1", "logo.png"), root.url("r1", "pack/logo.png"));
}

/// An object of a storage stays what it is, so its name has to be that of its content alone.
#[test]
fn a_storage_gets_what_has_a_fingerprint() {
    let root = Root::new();
    let cdn = How {
        base: "https://cdn.example.com/static/",
        ..BY_NAME
    };
    let none = How {
        fingerprint: "none",
        ..cdn
    };
    let django = r#"{"paths": {"a.css": "a.55e7cbb9ba48.css"}, "version": "1.1", "hash": "x"}"#;
    let files = [
        ("staticfiles.json", django),
        ("a.css", "a{}"),
        ("a.55e7cbb9ba48.css", "a{}"),
        ("robots.txt", "no"),
    ];
    let (said, names) = root.publish_stored("r1", &files, &none);
    assert_eq!(
        (said.as_str(), names),
        ("made files=4 new=4\n", json!(["a.55e7cbb9ba48.css"]))
    );
    assert_eq!(
        root.url("r1", "a.css"),
        "https://cdn.example.com/static/a.55e7cbb9ba48.css"
    );
    assert_eq!(root.url("r1", "robots.txt"), "/static/robots.txt");
    // Without a storage, a CDN fetches that from the site.
    root.publish("r2", &files, &none);
    assert_eq!(
        root.url("r2", "robots.txt"),
        "https://cdn.example.com/static/robots.txt"
    );

    let (_, names) = root.publish_stored("r3", &files, &cdn);
    let names: Vec<_> = names
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(names.len(), 4);
    assert!(
        !names.contains(&"robots.txt") && names.contains(&"a.55e7cbb9ba48.css"),
        "{names:?}"
    );
    assert!(
        root.url("r3", "robots.txt")
            .starts_with("https://cdn.example.com/static/robots.")
    );
}

/// Only the tool knows whether its fingerprint is of the content; a browser would keep the first for a year.
#[test]
fn a_name_with_a_fingerprint_of_a_tool_cannot_change_its_content() {
    let root = Root::new();
    let manifest = r#"{"main.js": "main.4889e9402ac1.js"}"#;
    let files = |text| [("manifest.json", manifest), ("main.4889e9402ac1.js", text)];
    root.publish("r1", &files("one"), &BY_NAME);
    assert_eq!(
        root.publish("r2", &files("two"), &BY_NAME),
        ["fail static-changed path=main.4889e9402ac1.js"]
    );
    assert_eq!(root.stored("/static/main.4889e9402ac1.js"), "one");
}

#[test]
fn strict_refuses_a_missing_reference() {
    let root = Root::new();
    let how = How {
        strict: "yes",
        ..BY_NAME
    };
    let said = root.publish("r1", &[("a.css", "\n@import 'b.css';")], &how);
    assert_eq!(
        said,
        [
            "warn static-reference line=2 path=a.css reference=b.css",
            "fail static-references count=1"
        ]
    );
    assert!(!root.path("static/r1").exists());
}

#[test]
fn only_files_of_the_directory_are_published() {
    let root = Root::new();
    let part = root.release(
        "r1",
        &[
            ("a.txt", "a"),
            (".env", "secret"),
            (".git/config", "secret"),
            ("sub/b.txt", "b"),
        ],
    );
    let top = part.join("static");
    fs::write(part.join("secret.txt"), "secret").expect("written");
    symlink("../secret.txt", top.join("out.txt")).expect("a link");
    symlink("sub/b.txt", top.join("in.txt")).expect("a link");
    symlink("sub", top.join("directory")).expect("a link");
    let output = root.run("r1", &BY_NAME);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "warn static-link path=directory\nwarn static-link path=out.txt\nmade files=3 new=3\n"
    );
    assert_eq!(
        files(&root.path("static/r1/static")),
        ["a.txt", "in.txt", "sub/b.txt"]
    );
    let missing = How {
        at_root: "a.txt,robots.txt",
        ..BY_NAME
    };
    assert_eq!(
        root.publish("r2", &[("a.txt", "a")], &missing),
        ["fail static-root path=robots.txt"]
    );
}

#[test]
fn a_packed_form_is_made_here_and_only_where_it_is_smaller() {
    let root = Root::new();
    let text = "word ".repeat(100);
    let noise: String = (0..400u32)
        .map(|n| char::from(b'!' + (n * n * 7 % 89) as u8))
        .collect();
    root.publish(
        "r1",
        &[
            ("a.js", &text),
            ("a.js.gz", "packed long ago"),
            ("b.js", "short"),
            ("c.png", &text),
            ("lone.gz", "a file of its own"),
            ("noise.txt", &noise),
        ],
        &BY_NAME,
    );
    let tree = root.path("static/r1/static");
    let unpacked = Command::new("gzip")
        .arg("-dc")
        .arg(tree.join("a.js.gz"))
        .output()
        .expect("gzip runs");
    assert_eq!(String::from_utf8_lossy(&unpacked.stdout), text);
    let names = files(&tree);
    let has = |name: &str| names.iter().any(|one| one == name);
    assert!(
        has("lone.gz") && !has("b.js.gz") && !has("c.png.gz"),
        "{names:?}"
    );
    assert!(has("noise.txt"), "{names:?}");
}

fn files(directory: &Path) -> Vec<String> {
    let found = Command::new("find")
        .arg(directory)
        .args(["-type", "f", "-printf", "%P\n"])
        .output()
        .expect("find runs");
    let text = String::from_utf8(found.stdout).expect("text");
    let mut names: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    names.sort();
    names
}
