//! Texts packed by brotli, and hosts that lack what this needs.

use std::fs;

use anyhow::{Result, ensure};

use crate::https::curl;
use crate::machines::{Machine, Options};
use crate::nginx::PACKAGES;
use crate::site::{HELLO, NAME, Site};

const PUSH: [&str; 2] = ["push", "production"];

/// How the style sheet comes to who takes all forms.
fn encoding(host: &Machine) -> Result<String> {
    let url = format!("http://{NAME}/static/style.css");
    let page = curl(host, &format!("http://{NAME}/"), &[])?.text;
    let style = page.lines().find_map(|line| line.strip_prefix("style: "));
    let url = style.map_or(url, |style| format!("http://{NAME}{style}"));
    let said = curl(
        host,
        &url,
        &[
            "-H",
            "Accept-Encoding: gzip, br",
            "-o",
            "/dev/null",
            "-D",
            "-",
        ],
    )?;
    let line = said
        .text
        .lines()
        .find_map(|line| line.strip_prefix("Content-Encoding: "));
    Ok(line.unwrap_or("none").trim().to_owned())
}

#[test]
fn what_brotli_needs_is_found_out_on_the_host() -> Result<()> {
    let packed = Options {
        packages: PACKAGES.to_vec(),
        ..Options::with_uv()
    };
    let site = Site::of(HELLO, &[packed, Options::with_uv()])?;
    site.edit(
        "deploy.yaml",
        "source: static ",
        "precompress: [gzip, brotli]\n  source: static ",
    )?;
    fs::write(
        site.app.path().join("static/style.css"),
        "a { top: 1px }\n".repeat(200),
    )?;
    site.go_live()?;
    let web = site.web();
    ensure!(encoding(web)? == "br", "{}", encoding(web)?);

    // Somebody took away what setup installed.
    let live = web.sh("readlink /srv/hello/current")?;
    let refused = |take: &str, give: &str, says: &str| -> Result<()> {
        web.sh(take)?;
        site.change()?;
        site.deployer(&PUSH)?
            .expect(6)?
            .says(says)?
            .says("`deployer setup production`")?;
        ensure!(web.sh("readlink /srv/hello/current")? == live);
        web.sh(give).map(drop)
    };
    let modules = "/etc/nginx/modules-enabled";
    refused(
        &format!("mkdir /root/away && mv {modules}/*brotli* /root/away/"),
        &format!("mv /root/away/* {modules}/"),
        "nginx on deploy@web1 has no module for brotli",
    )?;
    refused(
        "mv /usr/bin/brotli /root/away/",
        "mv /root/away/brotli /usr/bin/",
        "deploy@web1 has no program `brotli`",
    )?;
    site.deployer(&PUSH)?.expect(0)?;
    ensure!(encoding(web)? == "br");

    // And where apt has no such package, which is so for Debian 11: these machines know none at all.
    site.edit("deploy.yaml", "deploy@web1", "deploy@web2")?;
    site.deployer(&["setup", "production", "--login", "root"])?
        .expect(7)?
        .says("apt on deploy@web2 knows no package brotli, libnginx-mod-http-brotli-static")?
        .says("take `brotli` out of `static.precompress`")?;
    Ok(())
}
