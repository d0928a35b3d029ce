//! Uploads where the app is the login itself: copied both ways without becoming anybody else.

use std::fs;

use anyhow::{Result, ensure};

use super::Case;
use crate::processes::workers::add;
use crate::site::Site;

pub(super) fn asked_for(site: &Site) -> Result<()> {
    add(site, "uploads: {path: media, url: /media/}\n")
}

pub(super) fn copied(site: &Site, case: &Case) -> Result<()> {
    let (web, media) = (site.web(), format!("{}/shared/media", case.root));
    web.exec_as(
        "deploy",
        &format!("umask 027 && mkdir -p {media}/a && echo cat > {media}/a/cat.txt"),
    )?
    .ok()?;
    let uploads = |way: &str| site.deployer(&["uploads", "production", way]);
    uploads("pull")?.expect(0)?;
    let here = site.app.path().join("media");
    ensure!(fs::read_to_string(here.join("a/cat.txt"))? == "cat\n");
    fs::create_dir(here.join("new"))?;
    fs::write(here.join("new/dog.txt"), "dog\n")?;
    uploads("push")?.expect(0)?;
    let kinds = web.sh(&format!(
        "cd {media} && cat new/dog.txt && stat -c '%n %a %U %G' new new/dog.txt"
    ))?;
    ensure!(
        kinds == "dog\nnew 2750 deploy deploy\nnew/dog.txt 640 deploy deploy",
        "{kinds}"
    );
    Ok(fs::remove_dir_all(here)?)
}
