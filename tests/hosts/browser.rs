//! Pages in a real browser, over pushes and a rollback.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::machines::{Browser, Options, Page};
use crate::site::{NAME, Site};

const PUSH: [&str; 2] = ["push", "production"];

/// A page with a style sheet, a font, a picture and two scripts, one of which is loaded when somebody asks for it.
const PAGE: &str = r#"
@app.get("/page")
def page():
    return f"""<!doctype html>
<link rel=stylesheet href="{static_url('page.css')}" integrity="{STATIC['page.css']['integrity']}">
<script src="{static_url('page.js')}"></script>
<script>later = {json.dumps(static_url('later.js'))}</script>
<p>text</p>"""
"#;

fn edit(site: &Site, number: u32) -> Result<()> {
    let write =
        |name: &str, text: &[u8]| fs::write(site.app.path().join("static").join(name), text);
    let style = format!(
        "@font-face {{ font-family: own; src: url(own.ttf) }}\nbody {{ background: url(back.svg); font-family: own }}\np {{ top: {number}px; position: relative }}\n"
    );
    write("page.css", style.as_bytes())?;
    write("page.js", format!("release = {number}\n").as_bytes())?;
    write("later.js", format!("window.loaded = {number}\n").as_bytes())?;
    let picture =
        format!("<svg xmlns='http://www.w3.org/2000/svg' width='{number}9' height='9'/>\n");
    write("back.svg", picture.as_bytes())?;
    // Another file each time; the browser finds out that it is no font.
    write("own.ttf", format!("font {number}").as_bytes())?;
    site.commit()?;
    Ok(())
}

/// What it shows is of one release, and what it loads from now on as well.
fn is_whole(browser: &mut Browser, page: &Page, number: u32) -> Result<()> {
    let all = "[release, getComputedStyle(document.querySelector('p')).top,
        document.styleSheets[0].cssRules.length]";
    let shown = browser.eval(page, all);
    let shown = match shown {
        Ok(shown) => shown,
        Err(error) => {
            let text = browser.eval(page, "location.href + document.documentElement.outerHTML")?;
            return Err(error.context(text.to_string()));
        }
    };
    ensure!(
        shown == json!([number, format!("{number}px"), 3]),
        "{shown}"
    );
    let load = "new Promise(done => {
        let script = document.createElement('script');
        script.src = later;
        script.onload = () => done(window.loaded);
        script.onerror = () => done('missing');
        document.head.append(script) })";
    let loaded = browser.eval(page, load)?;
    ensure!(loaded == json!(number), "{loaded}");
    // Past every cache: the server has them still.
    let again = "Promise.all(performance.getEntriesByType('resource').map(entry =>
        fetch(entry.name, {cache: 'no-store'}).then(answer => answer.status)))";
    let again = browser.eval(page, again)?;
    let found = again
        .as_array()
        .is_some_and(|all| all.len() >= 5 && all.iter().all(|status| *status == 200));
    ensure!(found, "{again}");
    Ok(())
}

/// Requests for static files that nginx has seen, and those of them that failed.
fn log(site: &Site) -> Result<(usize, String)> {
    let log = site
        .web()
        .sh("grep -F ' /static/' /var/log/nginx/hello.access.log; :")?;
    let failed = log
        .lines()
        .filter(|line| !line.contains(" 200 ") && !line.contains(" 304 "));
    Ok((log.lines().count(), failed.collect::<Vec<_>>().join("\n")))
}

#[test]
#[ignore = "needs a browser, which `make soak` installs"]
fn a_browser_finds_every_file_and_asks_once() -> Result<()> {
    let site = Site::of("flask", &[Options::with_uv()])?;
    let path = site.app.path().join("hello.py");
    fs::write(&path, fs::read_to_string(&path)? + PAGE)?;
    edit(&site, 1)?;
    site.go_live()?;
    let url = format!("http://{NAME}/page");
    let mut browser = Browser::start(NAME, site.web().ip())?;
    let mut pages = vec![(1, browser.open(&url)?)];
    for number in 2..=4 {
        edit(&site, number)?;
        site.deployer(&PUSH)?.expect(0)?;
        pages.push((number, browser.open(&url)?));
        for (number, page) in &pages {
            is_whole(&mut browser, page, *number)?;
        }
    }
    site.deployer(&["rollback", "production"])?.expect(0)?;
    pages.push((3, browser.open(&url)?));
    for (number, page) in &pages {
        is_whole(&mut browser, page, *number)?;
    }

    let (before, failed) = log(&site)?;
    ensure!(before > 30 && failed.is_empty(), "{before} {failed}");
    let page = browser.open(&url)?;
    let shown = browser.eval(
        &page,
        "[release, performance.getEntriesByType('resource').length >= 4]",
    )?;
    ensure!(shown == json!([3, true]), "{shown}");
    ensure!(
        log(&site)?.0 == before,
        "a repeat visit asks for what it has"
    );
    println!(
        "{before} requests for static files over three pushes and a rollback, none failed; a repeat visit made none"
    );
    Ok(())
}
