//! What is previewed is what a host has and runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::site::Site;

#[test]
fn what_is_rendered_is_found_byte_for_byte() -> Result<()> {
    let site = Site::live()?;
    let web = site.web();
    let sha = site.change()?;
    let out = TempDir::new()?;
    let to = out.path().to_str().context("not UTF-8")?;
    let rendered = site
        .deployer(&["render", "production", "--revision", &sha, "--out", to])?
        .expect(0)?;
    let planned = site
        .deployer(&["plan", "production", "--revision", &sha])?
        .expect(0)?;
    let pushed = site
        .deployer(&["push", "production", "--revision", &sha])?
        .expect(0)?;
    ensure!(
        rendered.digest()? == planned.digest()? && planned.digest()? == pushed.digest()?,
        "{rendered}{planned}{pushed}"
    );

    let current = "/srv/hello/current";
    let manifest = web.read_file(&format!("{current}/.deployer/manifest.json"))?;
    ensure!(
        manifest.contains(&format!("\"script\":\"{}\"", pushed.digest()?)),
        "{manifest}"
    );
    let release = site.page()?.release;
    let ran = web
        .root_path()
        .join(format!("srv/hello/.deployer/runs/{release}/script"));
    let host = out.path().join("deploy@web1");
    ensure!(fs::read(ran)? == fs::read(host.join("deploy.sh"))?);

    let mut compared = Vec::new();
    for file in files(&host)? {
        let name = file
            .strip_prefix(&host)?
            .to_str()
            .context("not UTF-8")?
            .to_owned();
        let place = match name.split_once('/') {
            Some(("root", rest)) => format!("srv/hello/{rest}"),
            Some(("release", rest)) => format!("srv/hello/releases/{release}/{rest}"),
            Some(("etc", _)) => name.clone(),
            _ => continue,
        };
        ensure!(
            fs::read(web.root_path().join(&place))? == fs::read(&file)?,
            "{place} differs"
        );
        compared.push(name);
    }
    ensure!(compared.len() == 12, "{compared:?}");

    // Setup has a script of its own, which changes nothing now.
    let again = site.set_up(&["--login", "root"])?;
    again.says_not("setup:")?;

    crate::objects::agree(&site)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
