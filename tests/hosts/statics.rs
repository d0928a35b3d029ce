//! Static files over several releases: whoever has a page finds all that it names.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::clock;
use crate::machines::{Machine, Reply, get};
use crate::site::{NAME, Site};

const PUSH: [&str; 2] = ["push", "production"];
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";

/// What one page names, directly and by its style sheet: URL and content.
type Files = BTreeMap<String, String>;

fn ask(host: &Machine, path: &str) -> Result<Reply> {
    let reply = get((host.ip(), 80).into(), NAME, path)?;
    ensure!(reply.status == 200, "{path}: {reply:?}");
    Ok(reply)
}

fn files_of_page(host: &Machine) -> Result<Files> {
    let page = ask(host, "/")?.body;
    let style = page.lines().find_map(|line| line.strip_prefix("style: "));
    let style = style.with_context(|| page.clone())?.to_owned();
    let sheet = ask(host, &style)?.body;
    let mut files = Files::new();
    for part in sheet.split("url(").skip(1) {
        let name = part.split(')').next().unwrap_or_default();
        let url = format!("/static/{name}");
        files.insert(url.clone(), ask(host, &url)?.body);
    }
    files.insert(style, sheet);
    Ok(files)
}

/// All that any page so far has named is there, as it was, and may be kept.
fn all_there(host: &Machine, pages: &[Files]) -> Result<()> {
    for (url, content) in pages.iter().flatten() {
        let reply = ask(host, url)?;
        ensure!(reply.body == *content, "{url}: {reply:?}");
        let kept = reply.header("cache-control") == Some(FOR_A_YEAR);
        ensure!(kept, "{url}: {reply:?}");
    }
    Ok(())
}

/// A style sheet with a font and a picture, all of them others in each of these.
fn edit(site: &Site, number: u32) -> Result<()> {
    let write =
        |name: &str, text: String| fs::write(site.app.path().join("static").join(name), text);
    let style =
        "@font-face { font-family: a; src: url(text.woff2) } body { background: url(back.png) }\n";
    write("style.css", format!("{style}/* {number} */\n"))?;
    write("text.woff2", format!("font {number}"))?;
    write("back.png", format!("picture {number}"))?;
    site.commit()?;
    Ok(())
}

#[test]
fn pages_of_every_kept_release_find_their_files() -> Result<()> {
    let site = Site::live_after(|site| edit(site, 0))?;
    let web = site.web();
    let mut pages = vec![files_of_page(web)?];
    for number in 1..=3 {
        edit(&site, number)?;
        site.deployer(&PUSH)?.expect(0)?;
        pages.push(files_of_page(web)?);
        let (old, new) = (&pages[pages.len() - 2], &pages[pages.len() - 1]);
        ensure!(
            new.len() == 3 && new.keys().all(|url| !old.contains_key(url)),
            "{old:?} {new:?}"
        );
        all_there(web, &pages)?;
    }
    site.deployer(&["rollback", "production"])?.expect(0)?;
    ensure!(files_of_page(web)? == pages[2]);
    all_there(web, &pages)?;

    // Nothing is made where nothing changed, and what is asked for again has not changed.
    edit(&site, 2)?;
    fs::write(site.app.path().join("note"), "")?;
    site.commit()?;
    let before = ask(web, "/static/style.css")?;
    site.deployer(&PUSH)?.expect(0)?.says("static unchanged")?;
    let after = ask(web, "/static/style.css")?;
    ensure!(before.header("etag").is_some() && before.header("etag") == after.header("etag"));
    ensure!(
        before.header("cache-control") == Some("no-cache"),
        "{before:?}"
    );
    ensure!(files_of_page(web)? == pages[2]);

    a_build_runs_where_its_inputs_changed(&site)?;
    a_missing_file_is_told(&site)?;
    from_a_time_without_a_store(&site)?;
    only_kept_releases_stay(&site)
}

/// Each run of the build leaves another stamp.
fn a_build_runs_where_its_inputs_changed(site: &Site) -> Result<()> {
    let stamp = || -> Result<String> { Ok(ask(site.web(), "/static/built/stamp.txt")?.body) };
    let build = "build:\n    run: mkdir -p static/built && cat colours - </proc/sys/kernel/random/uuid >static/built/stamp.txt\n    \
        inputs: [colours]\n    output: static/built\n  source: static ";
    site.edit("deploy.yaml", "source: static ", build)?;
    let colours = site.app.path().join("colours");
    fs::write(&colours, "red\n")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?.says("| build (")?;
    let red = stamp()?;
    ensure!(red.starts_with("red\n"), "{red}");
    fs::write(site.app.path().join("note"), "again")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?.says("build reused")?;
    ensure!(stamp()? == red);
    fs::write(&colours, "blue\n")?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    ensure!(stamp()?.starts_with("blue\n"));
    site.deployer(&["rollback", "production"])?.expect(0)?;
    ensure!(stamp()? == red);

    site.edit(
        "deploy.yaml",
        "run: mkdir -p static/built",
        "run: echo no colour; false",
    )?;
    site.commit()?;
    site.deployer(&PUSH)?
        .expect(7)?
        .says("error: `static.build` failed on deploy@web1")?
        .says("no colour")?;
    ensure!(stamp()? == red);
    let build = build.replace("mkdir -p static/built", "echo no colour; false");
    site.edit("deploy.yaml", &build, "source: static ")
}

fn a_missing_file_is_told(site: &Site) -> Result<()> {
    let path = site.app.path().join("static/style.css");
    let style = fs::read_to_string(&path)?;
    fs::write(&path, format!("{style}p {{ background: url(none.png) }}\n"))?;
    site.commit()?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("warning: style.css:3 refers to `none.png`, which is not among the static files")?;
    let live = site.web().sh("readlink /srv/hello/current")?;
    site.edit(
        "deploy.yaml",
        "source: static ",
        "strict: true\n  source: static ",
    )?;
    fs::write(&path, format!("{style}p {{ background: url(gone.png) }}\n"))?;
    site.commit()?;
    site.deployer(&PUSH)?
        .expect(7)?
        .says("style sheets refer to static files that are missing")?;
    ensure!(site.web().sh("readlink /srv/hello/current")? == live);
    fs::write(&path, style)?;
    site.commit()?;
    site.deployer(&PUSH)?.expect(0)?;
    Ok(())
}

/// The live release becomes what a version before made: a directory of its own, and an app that knows no manifest.
fn from_a_time_without_a_store(site: &Site) -> Result<()> {
    let web = site.web();
    web.sh(
        "cd /srv/hello && id=$(readlink static/live) && tree=$(readlink static/$id) &&
         cp -r static/$tree static/made && rm static/$id static/made/manifest.json && mv static/made static/$id &&
         rm -rf static/store static/trees releases/$id/.deployer/static.json .deployer/static &&
         sed -i \"s/^raw_env = .'STATIC.*/raw_env = []/\" releases/$id/.deployer/gunicorn.conf.py &&
         chown -R deploy: static/$id &&
         for slot in a b; do ! systemctl -q is-active hello-$slot || systemctl restart hello-$slot; done",
    )?;
    let plain = |what: &str| -> Result<()> {
        let page = ask(web, "/")?.body;
        ensure!(
            page.contains("style: /static/style.css\n"),
            "{what}: {page}"
        );
        ask(web, "/static/style.css")?;
        Ok(())
    };
    plain("before")?;
    edit(site, 5)?;
    site.deployer(&PUSH)?.expect(0)?;
    let new = files_of_page(web)?;
    all_there(web, std::slice::from_ref(&new))?;
    site.deployer(&["rollback", "production"])?.expect(0)?;
    plain("after the rollback")?;
    all_there(web, &[new])
}

/// Trees go with their releases; what was in the store stays for its days.
fn only_kept_releases_stay(site: &Site) -> Result<()> {
    let web = site.web();
    site.edit(
        "deploy.yaml",
        "app: hello ",
        "keep_releases: 1\napp: hello ",
    )?;
    edit(site, 6)?;
    site.deployer(&PUSH)?.expect(0)?;
    edit(site, 7)?;
    site.deployer(&PUSH)?.expect(0)?;
    let trees = "cd /srv/hello/static && ls | grep -c '^2' && ls trees | wc -l && ls -A | grep -c '^\\.'; :";
    let trees = web.sh(trees)?;
    ensure!(trees == "2\n2\n0", "{trees}");
    let stored = || web.sh("ls /srv/hello/static/store/static | grep -c style");
    ensure!(stored()? == "3", "{}", stored()?);

    clock::later(web, "+29d")?;
    edit(site, 8)?;
    site.deployer(&PUSH)?.expect(0)?;
    ensure!(stored()? == "4", "{}", stored()?);
    clock::later(web, "+31d")?;
    edit(site, 9)?;
    site.deployer(&PUSH)?.expect(0)?;
    clock::right(web)?;
    ensure!(stored()? == "2", "{}", stored()?);
    all_there(web, &[files_of_page(web)?])
}
