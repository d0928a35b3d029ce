//! Files in git LFS: of the app, and of a submodule.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::machines::{Machine, pointer};
use crate::run::Run;
use crate::site::Site;
use crate::sources::{Monorepo, TOKEN, as_deploy};
use crate::state::{coherent, print, same, tidy};

const LOGO: &[u8] = b"a logo";
const FIRST_FILM: &[u8] = b"a film of many megabytes";
const SECOND_FILM: &[u8] = b"another film";
const LOST_FILM: &[u8] = b"a film that nobody stored";

/// The mirror has the code by https already; the host has no git-lfs, and trusts the server.
pub(crate) fn large_files(site: &Site, mono: &mut Monorepo<'_>) -> Result<()> {
    let web = site.web();
    site.git.serve_lfs("robot", TOKEN)?;
    let script = mono.tree.path().join("services/web/logo.sh");
    fs::write(&script, site.git.store("mono", LOGO)?)?;
    fs::set_permissions(&script, Permissions::from_mode(0o755))?;
    // Elsewhere in the repository, and so of no interest: nobody has it.
    fs::write(
        mono.tree.path().join("services/film.bin"),
        pointer(LOST_FILM),
    )?;
    film(mono, &site.git.store("mono", FIRST_FILM)?)?;
    mono.lib = large_library(site)?;
    let attributes = mono.tree.path().join(".gitattributes");
    fs::write(attributes, "*.bin filter=lfs diff=lfs merge=lfs -text\n")?;

    without_the_program(site, mono)?;
    web.install(&["git-lfs"])?;
    push(site)?.expect(0)?;
    coherent(web)?;
    tidy(web)?;
    holds(web, FIRST_FILM)?;
    web.sh(
        "cd /srv/hello/current &&
test \"$(cat logo.sh)\" = 'a logo' && test \"$(cat vendor/lib/large.bin)\" = \"the library's\" &&
test \"$(stat -c %a logo.sh)\" = 755 &&
test $(stat -c %Y static/film.bin) = $(stat -c %Y hello.py) &&
curl -sf -H 'Host: hello.example.com' http://127.0.0.1/static/film.bin | grep -q megabytes &&
for mirror in /srv/hello/repo.git /srv/hello/modules/*.git; do
    test -d $mirror && test ! -e $mirror/lfs && ! grep -qE 'lfs|credential|remote' $mirror/config || exit 1
done &&
! grep -rlF 5f1c92 /srv/hello /root /home",
    )?;
    ensure!(fetched(site)? == 3, "not one request for each");

    film(mono, &site.git.store("mono", SECOND_FILM)?)?;
    mono.commit()?;
    // Bits that fall over: the size stays.
    as_deploy(
        web,
        "cd /srv/hello/lfs/objects && for file in */*/*; do test $(stat -c %s $file) != 6 || printf 'A logo' > $file; done",
    )?;
    push(site)?.expect(0)?;
    holds(web, SECOND_FILM)?;
    web.sh("test \"$(cat /srv/hello/current/logo.sh)\" = 'a logo'")?;
    ensure!(fetched(site)? == 5, "more than what is new or damaged");

    without_the_server(site, mono)?;
    by_ssh(site, mono)
}

/// Refused by the name of the first, and known to `check` from then on.
fn without_the_program(site: &Site, mono: &Monorepo<'_>) -> Result<()> {
    let before = print(site.web())?;
    mono.commit()?;
    push(site)?
        .expect(7)?
        .says("`logo.sh` is in git LFS, and deploy@web1 has no `git-lfs`")?
        .says("setup: {packages: [git-lfs]}")?;
    same(&before, &print(site.web())?)?;
    let check = site.deployer(&["check", "production"])?;
    ensure!(
        check.stdout.contains("the host has no `git-lfs`"),
        "{check}"
    );
    Ok(())
}

/// What is there already needs nobody; what is not changes nothing.
fn without_the_server(site: &Site, mono: &Monorepo<'_>) -> Result<()> {
    let web = site.web();
    site.git.machine().sh("systemctl stop lfs")?;
    mono.change()?;
    push(site)?.expect(0)?;
    site.deployer(&["rollback", "production", "--steps", "2"])?
        .expect(0)?;
    holds(web, FIRST_FILM)?;
    push(site)?.expect(0)?;
    holds(web, SECOND_FILM)?;
    site.git.machine().sh(
        "systemctl start lfs && timeout 30 sh -c 'until curl -s http://127.0.0.1:5000/; do sleep 0.1; done'",
    )?;

    film(mono, &pointer(LOST_FILM))?;
    mono.commit()?;
    let before = print(web)?;
    push(site)?
        .expect(7)?
        .says("deploy@web1 could not fetch `static/film.bin` from git LFS at `https://")?
        .says("nothing was changed")?;
    same(&before, &print(web)?)?;
    tidy(web)
}

/// With the deploy key, from an empty store, which then keeps what the kept releases need.
fn by_ssh(site: &Site, mono: &Monorepo<'_>) -> Result<()> {
    let web = site.web();
    let config = mono.tree.path().join(".lfsconfig");
    for (server, code, why) in [
        (
            "http://git1/lab",
            7,
            "names a server of git LFS that a host may not fetch from",
        ),
        // Another origin than the repository's: the token stays here.
        (
            "https://git1/mono.git/info/lfs",
            7,
            "could not fetch `static/film.bin`",
        ),
    ] {
        fs::write(&config, format!("[lfs]\n\turl = {server}\n"))?;
        mono.commit()?;
        push(site)?.expect(code)?.says(why)?;
    }
    fs::remove_file(&config)?;

    let url = format!("https://{}", site.git.machine().ip());
    site.edit("deploy.yaml", &url, "ssh://git@git1/srv/git")?;
    let auth = "git: {auth: token, username: robot, token: {env: LAB_TOKEN}, ";
    site.edit("deploy.yaml", auth, "git: {")?;
    site.edit("deploy.yaml", "gunicorn:", "keep_releases: 2\ngunicorn:")?;
    as_deploy(web, "rm -rf /srv/hello/lfs")?;
    film(mono, &site.git.store("mono", SECOND_FILM)?)?;
    mono.commit()?;
    push(site)?.expect(0)?;
    holds(web, SECOND_FILM)?;
    coherent(web)?;
    tidy(web)?;
    // Nobody wants the logo any more once two releases are without it.
    fs::remove_file(mono.tree.path().join("services/web/logo.sh"))?;
    for _ in 0..2 {
        mono.change()?;
        push(site)?.expect(0)?;
    }
    web.sh("cd /srv/hello/lfs && test $(find . -type f | wc -l) = 2 && ! find . -type f -size 6c | grep .")?;
    Ok(())
}

/// The library with a large file more.
fn large_library(site: &Site) -> Result<String> {
    let tree = TempDir::new()?;
    let content = "the library's".as_bytes();
    fs::write(
        tree.path().join("large.bin"),
        site.git.store("lib", content)?,
    )?;
    site.git.commit("lib", tree.path(), "large")
}

fn film(mono: &Monorepo<'_>, text: &str) -> Result<()> {
    let path = mono.tree.path().join("services/web/static/film.bin");
    Ok(fs::write(path, text)?)
}

fn holds(web: &Machine, film: &[u8]) -> Result<()> {
    let found = web.read_file("/srv/hello/current/static/film.bin")?;
    ensure!(found.as_bytes() == film, "{found}");
    Ok(())
}

fn push(site: &Site) -> Result<Run> {
    site.start_with(&["push", "production"], &[("LAB_TOKEN", TOKEN)])?
        .end()
}

/// Files that the server has sent.
fn fetched(site: &Site) -> Result<usize> {
    let log = site.git.machine().read_file("/var/log/nginx/git.log")?;
    Ok(log
        .lines()
        .filter(|line| line.contains("/objects/storage/") && line.contains("\" 200 "))
        .count())
}
