//! Static files on a storage of S3's protocol that checks signatures and checksums.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use serde_json::json;
use tempfile::TempDir;

use crate::machines::{KEY, SECRET, Storage, Tunnel, get};
use crate::run::Run;
use crate::site::{NAME, Site};
use crate::state::{coherent, print, same, tidy, wait_until_free};

const PUSH: [&str; 2] = ["push", "production"];
const LOGIN: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
];
/// With those that the app has itself: one style sheet.
const FILES: usize = 2000;

fn edit(site: &Site, storage: &Storage) -> Result<()> {
    let publish = format!(
        "source: static \n  cdn: https://assets.example.com/web\n  publish:\n    s3:\n      bucket: polls-static\n      \
         prefix: web\n      endpoint: {}\n ",
        storage.endpoint()
    );
    site.edit("deploy.yaml", "source: static ", &publish)
}

/// By nobody's but these variables and files.
fn push_as(site: &Site, login: &[(&str, &str)]) -> Result<Run> {
    let mut command = site.command(&PUSH);
    for name in [
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        command.env_remove(name);
    }
    command.env("AWS_SHARED_CREDENTIALS_FILE", "/none/credentials");
    command.env("AWS_CONFIG_FILE", "/none/config");
    command.envs(login.iter().copied());
    crate::run::Running::start(command)?.end()
}

fn push(site: &Site) -> Result<Run> {
    push_as(site, &LOGIN)
}

fn check(site: &Site, code: i32, says: &str) -> Result<()> {
    let command = ["check", "production"];
    let run = site.start_with(&command, &LOGIN)?.end()?.expect(code)?;
    ensure!(run.stdout.contains(says), "{run}");
    Ok(())
}

/// Small texts, and pictures that nothing makes smaller.
fn fill(site: &Site) -> Result<()> {
    let top = site.app.path().join("static/many");
    fs::create_dir(&top)?;
    for number in 1..FILES {
        let (name, text) = match number % 4 {
            0 => (format!("{number}.png"), format!("picture {number}")),
            1 => (
                format!("{number}.js"),
                format!("let a = {number};\n").repeat(60),
            ),
            _ => (
                format!("{number}.css"),
                format!("a {{ top: {number}px }}\n").repeat(200),
            ),
        };
        fs::write(top.join(name), text)?;
    }
    Ok(())
}

/// What follows is as true of few files, and takes less long.
fn few_are_left(site: &Site) -> Result<()> {
    let top = site.app.path().join("static/many");
    for entry in fs::read_dir(top)?.skip(20) {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

/// What whoever may read it is told of it.
fn object(storage: &Storage, key: &str) -> Result<[String; 3]> {
    let endpoint = format!("http://{}", storage.address()).parse()?;
    let bucket = Bucket::new(endpoint, UrlStyle::Path, "polls-static", "us-east-1")?;
    let login = Credentials::new(KEY, SECRET);
    let url = bucket
        .get_object(Some(&login), key)
        .sign(Duration::from_secs(60));
    let reply = ureq::get(url.as_str()).call()?;
    let header = |name: &str| {
        let value = reply.headers().get(name);
        value
            .map_or("-", |value| value.to_str().unwrap_or("?"))
            .to_owned()
    };
    Ok(["content-type", "content-encoding", "cache-control"].map(header))
}

#[test]
fn a_storage_has_the_files_before_any_host_switches() -> Result<()> {
    let site = Site::bare()?;
    let [a, b, c, _] = site.web().ip().octets();
    let storage = Storage::start(Ipv4Addr::new(a, b, c, 1))?;
    fill(&site)?;
    edit(&site, &storage)?;
    site.set_up(&["--login", "root"])?;
    site.commit()?;

    who_may_not(&site, &storage)?;
    storage.create("polls-static")?;
    let first = push(&site)?.expect(0)?.says("| upload 2000 files, ")?;
    println!("{FILES} files: {}", line(&first, "| upload ")?);
    ensure!(storage.puts() == FILES, "not each once");
    let live = page(&site)?;
    as_they_should_be(&storage, &live)?;

    fs::write(site.app.path().join("note"), "")?;
    site.commit()?;
    let files = TempDir::new()?;
    let second = by_a_profile(&site, files.path())?;
    let second = second.expect(0)?.says("| upload nothing new (")?;
    println!("none: {}", line(&second, "| upload ")?);
    ensure!(storage.puts() == 0 && page(&site)? == live);

    site.change()?;
    let third = by_a_program(&site, files.path())?;
    third.expect(0)?.says("| upload 1 file, ")?;
    ensure!(storage.puts() == 1 && page(&site)? != live);
    as_they_should_be(&storage, &page(&site)?)?;

    let objects = format!(
        "ok       storage     s3://polls-static/web has {} objects",
        FILES + 1
    );
    check(&site, 0, &objects)?;
    few_are_left(&site)?;
    what_passes(&site, &storage)?;
    what_does_not(&site, &storage)?;
    cut(&site, &storage)?;
    no_secrets(&site)?;
    without_it(&site, storage)
}

/// Whatever the file calls the others.
fn by_a_profile(site: &Site, files: &Path) -> Result<Run> {
    let path = files.join("credentials");
    let other = "[default]\naws_access_key_id = other\naws_secret_access_key = other\n";
    let own = format!("[own]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n");
    fs::write(&path, format!("{other}{own}"))?;
    let file = path.to_string_lossy();
    push_as(
        site,
        &[
            ("AWS_SHARED_CREDENTIALS_FILE", &file),
            ("AWS_PROFILE", "own"),
        ],
    )
}

fn by_a_program(site: &Site, files: &Path) -> Result<Run> {
    let path = files.join("printed");
    let printed = json!({"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET});
    fs::write(&path, printed.to_string())?;
    let program = format!(
        "prefix: web\n      credentials: {{command: [cat, {}]}}\n",
        path.display()
    );
    site.edit("deploy.yaml", "prefix: web\n", &program)?;
    let run = push_as(
        site,
        &[
            ("AWS_ACCESS_KEY_ID", "other"),
            ("AWS_SECRET_ACCESS_KEY", "other"),
        ],
    );
    site.edit("deploy.yaml", &program, "prefix: web\n")?;
    run
}

fn line<'a>(run: &'a Run, text: &str) -> Result<&'a str> {
    let found = run.stderr.lines().find(|line| line.contains(text));
    found.with_context(|| run.to_string())
}

/// The URL of the style sheet, as the live app has it.
fn page(site: &Site) -> Result<String> {
    coherent(site.web())?;
    let page = get((site.web().ip(), 80).into(), NAME, "/")?.body;
    let style = page.lines().find_map(|line| line.strip_prefix("style: "));
    Ok(style.with_context(|| page.clone())?.to_owned())
}

/// The page names the CDN, and the bucket has what it will ask for, with the right headers.
fn as_they_should_be(storage: &Storage, style: &str) -> Result<()> {
    let key = style
        .strip_prefix("https://assets.example.com/")
        .context(style.to_owned())?;
    ensure!(key.starts_with("web/static/style."), "{key}");
    let year = "public, max-age=31536000, immutable";
    // Too small to be packed.
    ensure!(object(storage, key)? == ["text/css; charset=utf-8", "-", year]);
    let mut kinds = BTreeMap::new();
    for (key, _) in storage.objects("polls-static")? {
        let name = key.rsplit('/').next().unwrap_or_default();
        let kind = name.rsplit('.').next().unwrap_or_default().to_owned();
        // One of each, from among the many.
        if !kinds.contains_key(&kind) && key.contains("/many/") {
            kinds.insert(kind, object(storage, &key)?);
        }
    }
    let expected = [
        ("css", ["text/css; charset=utf-8", "gzip", year]),
        ("js", ["text/javascript; charset=utf-8", "gzip", year]),
        ("png", ["image/png", "-", year]),
    ];
    let expected = expected.map(|(kind, of)| (kind.to_owned(), of.map(ToOwned::to_owned)));
    ensure!(kinds == BTreeMap::from(expected), "{kinds:?}");
    Ok(())
}

/// Before any host is told anything.
fn who_may_not(site: &Site, storage: &Storage) -> Result<()> {
    let before = print(site.web())?;
    push_as(site, &[])?
        .expect(6)?
        .says("error: there are no credentials for `s3://polls-static/web`")?
        .says("nothing was changed on any host")?;
    push_as(site, &LOGIN[..1])?
        .expect(6)?
        .says("`AWS_SECRET_ACCESS_KEY` is not")?;
    let wrong = [LOGIN[0], ("AWS_SECRET_ACCESS_KEY", "hunter3")];
    push_as(site, &wrong)?
        .expect(4)?
        .says("error: `s3://polls-static/web` cannot be listed: the storage says `SignatureDoesNotMatch` (403)")?
        .says("hint: the credentials are not the storage's")?
        .says_not("hunter3")?;
    push(site)?
        .expect(6)?
        .says("the storage says `NoSuchBucket` (404)")?
        .says("hint: create it")?;
    check(
        site,
        6,
        "error    storage     `s3://polls-static/web` cannot be listed: the storage says `NoSuchBucket` (404)",
    )?;
    storage.create("skewed")?;
    let skewed = storage.at_another_time("+20m")?;
    let at = |site: &Site, from: &str, to: &str| site.edit("deploy.yaml", from, to);
    let there = format!("http://{}", skewed.address);
    at(site, &storage.endpoint(), &there)?;
    at(site, "bucket: polls-static", "bucket: skewed")?;
    push(site)?
        .expect(4)?
        .says("nothing was changed on any host")?
        .says("hint: the clock of this machine is 2")?
        .says("behind the storage's")?;
    drop(skewed);
    push(site)?
        .expect(4)?
        .says("cannot be listed: no answer from http://")?;
    at(site, &there, &storage.endpoint())?;
    at(site, "bucket: skewed", "bucket: polls-static")?;
    same(&before, &print(site.web())?)
}

/// Busy for a moment, at the client's question and at a host's.
fn what_passes(site: &Site, storage: &Storage) -> Result<()> {
    for method in ["GET", "PUT"] {
        storage.state().busy = Some((method, 2));
        site.change()?;
        push(site)?.expect(0)?.says("| upload 1 file, ")?;
        ensure!(storage.state().busy == Some((method, 0)));
    }
    storage.puts();
    Ok(())
}

/// Each error is clear, and nothing is switched.
fn what_does_not(site: &Site, storage: &Storage) -> Result<()> {
    let web = site.web();
    let live = page(site)?;
    site.change()?;
    let before = print(web)?;
    let fails = |code: i32, says: &[&str]| -> Result<()> {
        let mut run = push(site)?.expect(code)?;
        for text in says {
            run = run.says(text)?;
        }
        ensure!(page(site)? == live);
        same(&before, &print(web)?)
    };
    storage.state().busy = Some(("GET", usize::MAX));
    fails(
        4,
        &[
            "the storage says `SlowDown` (503)",
            "hint: the storage is busy",
        ],
    )?;
    storage.state().busy = Some(("PUT", usize::MAX));
    fails(
        7,
        &[
            "the storage was too busy for too long: it answered `SlowDown` (503) for `style.",
            "what is there already stays",
        ],
    )?;
    storage.state().busy = None;

    // This machine reaches it, and the host does not.
    let near = storage.near_endpoint()?;
    site.edit("deploy.yaml", &storage.endpoint(), &near)?;
    fails(
        7,
        &[
            "deploy@web1 cannot reach the storage at `127.0.0.1:",
            "Connection refused",
            "hint: hosts put the files there themselves",
        ],
    )?;
    ensure!(storage.puts() == 0);
    by_a_proxy(site)?;
    ensure!(storage.puts() == 1);
    site.edit("deploy.yaml", &near, &storage.endpoint())?;
    site.change()?;
    push(site)?.expect(0)?.says("| upload 1 file, ")?;
    storage.puts();
    Ok(())
}

/// The host's own environment names it.
fn by_a_proxy(site: &Site) -> Result<()> {
    let [a, b, c, _] = site.web().ip().octets();
    let proxy = Tunnel::start(Ipv4Addr::new(a, b, c, 1))?;
    let set = |text: &str| site.web().sh(&format!("echo '{text}' >/etc/environment"));
    set(&format!("http_proxy={}\nno_proxy=127.0.0.1", proxy.url()))?;
    push(site)?.expect(7)?.says("Connection refused")?;
    set(&format!("http_proxy={}", proxy.url()))?;
    push(site)?.expect(0)?.says("| upload 1 file, ")?;
    ensure!(proxy.made() == 1, "{}", proxy.made());
    set("")?;
    Ok(())
}

/// What was sent before somebody stopped it is not sent again.
fn cut(site: &Site, storage: &Storage) -> Result<()> {
    let top = site.app.path().join("static/many");
    for number in 0..300 {
        fs::write(
            top.join(format!("new{number}.txt")),
            format!("new {number}"),
        )?;
    }
    site.commit()?;
    let live = page(site)?;
    let before = print(site.web())?;
    storage.state().silent_from = Some(100);
    let running = {
        let mut command = site.command(&PUSH);
        command.envs(LOGIN);
        crate::run::Running::start(command)?
    };
    while storage.state().puts.len() < 100 {
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal("INT")?;
    running.end()?.expect(130)?;
    wait_until_free(site.web())?;
    tidy(site.web())?;
    same(&before, &print(site.web())?)?;
    ensure!(page(site)? == live);
    let sent = storage.puts();
    ensure!((100..300).contains(&sent), "{sent}");

    storage.state().silent_from = None;
    let rest = 300 - sent;
    push(site)?
        .expect(0)?
        .says(&format!("| upload {rest} files, "))?;
    ensure!(storage.puts() == rest);
    Ok(())
}

/// Neither the credentials nor an address that they signed are anywhere on the host, nor in what a build here prints.
fn no_secrets(site: &Site) -> Result<()> {
    let build = "source: static \n  build:\n    on: client\n    run: mkdir static/made && env && true >static/made/none\n    output: static/made\n ";
    site.edit("deploy.yaml", "source: static ", build)?;
    site.commit()?;
    let mut command = site.command(&[&PUSH[..], &["-v"]].concat());
    command.envs(LOGIN);
    let run = crate::run::Running::start(command)?.end()?.expect(0)?;
    run.says("AWS_SECRET_ACCESS_KEY=***")?.says_not(SECRET)?;
    let found = site.web().sh(&format!(
        "grep -rlF -e '{SECRET}' -e '{KEY}' -e X-Amz-Signature /srv/hello /home /root /tmp /var/log 2>/dev/null; :"
    ))?;
    ensure!(found.is_empty(), "{found}");
    Ok(())
}

/// A rollback needs none, and neither does what was live before.
fn without_it(site: &Site, storage: Storage) -> Result<()> {
    drop(storage);
    let live = page(site)?;
    site.deployer(&["rollback", "production"])?.expect(0)?;
    let back = page(site)?;
    ensure!(back.starts_with("https://assets.example.com/web/static/style."));
    site.deployer(&["rollback", "production", "--steps", "2"])?
        .expect(0)?;
    ensure!(page(site)? != live);
    // nginx has them too.
    let path = back
        .strip_prefix("https://assets.example.com/web")
        .unwrap_or_default();
    ensure!(get((site.web().ip(), 80).into(), NAME, path)?.status == 200);
    tidy(site.web())
}
