//! Uploads copied between a host and this machine, as the app's user and over the links that tests can cut.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::https::curl;
use crate::site::{NAME, Site};

const MEDIA: &str = "/srv/hello/shared/media";

/// For a site that is live by https, whose certificate does not matter here.
pub(crate) fn copied(site: &Site) -> Result<()> {
    let web = site.web();
    let uploads =
        |arguments: &[&str]| site.deployer(&[&["uploads", "production"], arguments].concat());
    uploads(&["pull"])?
        .expect(2)?
        .says("no section `uploads`")?;
    site.edit(
        "deploy.yaml",
        "nginx:\n",
        "uploads: {path: media, url: /media/}\nnginx:\n",
    )?;
    site.commit()?;
    site.deployer(&["setup", "production", "--login", "root"])?
        .expect(0)?;
    site.deployer(&["push", "production"])?.expect(0)?;
    let limit = web.sh("sudo -u hello cat /srv/hello/current/.deployer/env")?;
    ensure!(limit.contains("UPLOADS_MAX_SIZE=\"10485760\""), "{limit}");

    // As the app writes them, in its own directory.
    web.sh(&format!(
        "cd {MEDIA} && sudo -u hello sh -c 'umask 027; mkdir -p a/b; echo cat > a/b/cat.txt; echo \"it'\\''s\" > \"-rf \\$x.txt\"'"
    ))?;
    let here = site.app.path().join("media");
    uploads(&["pull", "--dry-run"])?.expect(0)?;
    ensure!(!here.exists(), "a dry run copied");
    uploads(&["pull"])?.expect(0)?;
    ensure!(fs::read_to_string(here.join("a/b/cat.txt"))? == "cat\n");
    ensure!(fs::read_to_string(here.join("-rf $x.txt"))? == "it's\n");

    // Back with one more, which nginx then serves as it serves the app's own.
    fs::create_dir(here.join("new"))?;
    fs::write(here.join("new/dog.txt"), "dog\n")?;
    fs::remove_file(here.join("a/b/cat.txt"))?;
    let listed = uploads(&["push", "--dry-run", "--delete"])?.expect(0)?;
    ensure!(listed.stdout.contains("new/dog.txt"), "{listed}");
    ensure!(
        listed.stdout.contains("*deleting   a/b/cat.txt"),
        "{listed}"
    );
    uploads(&["push"])?.expect(0)?;
    let kinds = web.sh(&format!(
        "cd {MEDIA} && stat -c '%n %a %U %G' . new new/dog.txt a/b/cat.txt"
    ))?;
    let wanted = [
        ". 2750 hello www-data",
        "new 2750 hello www-data",
        "new/dog.txt 640 hello www-data",
        "a/b/cat.txt 640 hello www-data",
    ];
    ensure!(kinds.lines().eq(wanted), "{kinds}");
    let served = curl(web, &format!("https://{NAME}/media/new/dog.txt"), &["-k"])?;
    ensure!(served.text.ends_with("dog\n"), "{served:?}");

    // What is deleted is asked for, and nobody is there to be asked.
    uploads(&["push", "--delete"])?
        .expect(2)?
        .says("`-y` deletes")?;
    uploads(&["push", "--delete", "-y"])?.expect(0)?;
    ensure!(web.sh(&format!("find {MEDIA} -name cat.txt"))?.is_empty());
    resumed(site).context("a cut connection")
}

/// What came before the connection broke is not sent again.
fn resumed(site: &Site) -> Result<()> {
    let web = site.web();
    let large = site.app.path().join("media/large.bin");
    let bytes: Vec<u8> = (0..96_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(&large, &bytes)?;
    let push = site.start(&["uploads", "production", "push"])?;
    let until = Instant::now() + Duration::from_secs(60);
    let arrived = || -> Result<u64> {
        let found = web.sh(&format!(
            "find {MEDIA} -name '*large.bin*' -printf '%s\\n' | tail -n 1"
        ))?;
        Ok(found.trim().parse().unwrap_or(0))
    };
    while arrived()? < 4_000_000 {
        ensure!(Instant::now() < until, "nothing arrives");
        sleep(Duration::from_millis(20));
    }
    site.links[0].cut();
    push.end()?.expect(4)?.says("goes on where it stopped")?;
    // The host's rsync hears of the end after the client does.
    let partial = format!("{MEDIA}/.rsync-partial/large.bin");
    web.sh(&format!(
        "timeout 30 sh -c 'until [ -e {partial} ]; do sleep 0.1; done'"
    ))?;
    let kept: u64 = web.sh(&format!("stat -c %s {partial}"))?.trim().parse()?;
    ensure!(kept >= 1_000_000, "{kept} bytes were kept");
    let partial = format!("https://{NAME}/media/.rsync-partial/large.bin");
    let partial = curl(web, &partial, &["-k", "--http1.1"])?;
    ensure!(partial.text.starts_with("HTTP/1.1 404"), "{partial:?}");
    let again = site
        .deployer(&["uploads", "production", "push", "-v"])?
        .expect(0)?;
    println!("resumed after {kept} bytes\n{}", again.stderr);
    ensure!(web.sh(&format!("cat {MEDIA}/large.bin | wc -c"))?.trim() == bytes.len().to_string());
    fs::remove_file(large)?;
    Ok(())
}
