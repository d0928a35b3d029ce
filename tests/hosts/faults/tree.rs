//! Parts of the app's tree that somebody took away by hand.

use anyhow::{Context, Result, ensure};

use super::{PUSH, next_push_works};
use crate::random::Random;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

const ROLLBACK: [&str; 2] = ["rollback", "production"];

#[test]
fn i1_i13_what_was_removed_by_hand_is_made_good_or_refused() -> Result<()> {
    let site = Site::live()?;
    next_push_works(&site)?;
    let app = &site;
    let mut random = Random::seeded()?;
    let all = vec![
        ("the virtualenv", "rm -rf venvs/*"),
        ("the virtualenv's content", "rm -rf venvs/*/lib"),
        ("`current`", "rm current"),
        ("the target of `current`", "ln -sfn releases/gone current"),
        ("the slot's target", "ln -sfn ../releases/gone slots/?"),
        ("the slot's link", "rm slots/?"),
        ("web.sock", "rm web.sock"),
        (
            "the live release",
            "rm -rf \"releases/$(basename \"$(readlink current)\")\"",
        ),
        ("the mirror", "rm -rf repo.git"),
        ("the mirror's objects", "rm -rf repo.git/objects/*"),
        (
            "the content of the mirror's refs",
            "find repo.git/refs -type f -exec sh -c ': > \"$1\"' sh {} ';'",
        ),
        (
            "a way past locks in the mirror",
            "find repo.git/refs -type f -exec touch {}.lock ';' && touch repo.git/config.lock repo.git/packed-refs.lock",
        ),
        ("the environment", "rm -f env/*"),
        ("the static files", "rm -rf static/*"),
    ];
    for (what, damage) in random.sample(all, 5) {
        removed(app, what, damage).with_context(|| format!("without {what}"))?;
    }
    a_directory_as_current(app).context("a directory as `current`")?;
    a_directory_as_slot(app).context("a directory as slot")?;
    no_release_to_switch_to(app).context("no release to switch to")?;
    no_rollback_target(app)?;
    no_rollback_virtualenv(app)
}

/// The next push is all it takes.
fn removed(site: &Site, what: &str, damage: &str) -> Result<()> {
    site.web().sh(&format!("cd /srv/hello && {damage}"))?;
    site.change()?;
    let run = site.deployer(&PUSH)?;
    println!("without {what}: exit {}, {:?}", run.code, run.took);
    run.expect(0)?;
    coherent(site.web())?;
    tidy(site.web())?;
    // And a second time, from what the first has made.
    next_push_works(site)
}

fn a_directory_as_current(site: &Site) -> Result<()> {
    let web = site.web();
    let release = site.page()?;
    web.sh("cd /srv/hello && mv current .kept && mkdir current && touch current/file")?;
    let before = print(web)?;
    site.change()?;
    site.deployer(&PUSH)?
        .expect(6)?
        .says("`current` below the app's root on deploy@web1 is not a link")?
        .says("nothing was changed")?;
    same(&before, &print(web)?)?;
    ensure!(site.page()? == release);
    web.sh("cd /srv/hello && rm -r current && mv .kept current")?;
    next_push_works(site)
}

/// Of the slot that serves: a switch would fail, and so would the way back.
fn a_directory_as_slot(site: &Site) -> Result<()> {
    let web = site.web();
    let release = site.page()?;
    web.sh("cd /srv/hello/slots && slot=$(basename \"$(dirname \"$(readlink ../web.sock)\")\") && echo $slot > /tmp/slot && mv $slot .kept && mkdir $slot")?;
    let before = print(web)?;
    site.change()?;
    for arguments in [&PUSH, &ROLLBACK, &["restart", "production"]] {
        site.deployer(arguments)?
            .expect(6)?
            .says("below the app's root on deploy@web1 is not a link")?
            .says("nothing was changed")?;
        same(&before, &print(web)?)?;
    }
    ensure!(site.page()? == release);
    web.sh("cd /srv/hello/slots && slot=$(cat /tmp/slot) && rmdir $slot && mv .kept $slot")?;
    next_push_works(site)
}

/// Gone when everything was ready: nothing is switched to it.
fn no_release_to_switch_to(site: &Site) -> Result<()> {
    let hook = "hooks:\n  before_activate: {run: rm -rf \"$DEPLOYER_ROOT/releases/$DEPLOYER_RELEASE\", as: login}\nstatic:";
    site.edit("deploy.yaml", "static:", hook)?;
    let old = coherent(site.web())?;
    site.change()?;
    site.deployer(&PUSH)?.expect(9)?;
    ensure!(coherent(site.web())? == old);
    tidy(site.web())?;
    site.edit("deploy.yaml", hook, "static:")?;
    next_push_works(site)
}

/// Where a rollback would go is gone: the one before it serves as well, and without any nothing is changed.
fn no_rollback_target(site: &Site) -> Result<()> {
    let web = site.web();
    next_push_works(site)?;
    let live = coherent(web)?;
    web.sh("cd /srv/hello && rm -rf \"releases/$(cat current/.deployer/proven)\"")?;
    site.deployer(&ROLLBACK)?.expect(0)?;
    ensure!(coherent(web)? != live);
    tidy(web)?;
    let live = coherent(web)?;
    web.sh(
        "cd /srv/hello && for one in releases/*; do [ \"$one\" = \"$(readlink current)\" ] || rm -rf \"$one\"; done",
    )?;
    let before = print(web)?;
    site.deployer(&ROLLBACK)?
        .expect(6)?
        .says("keeps no older good release")?;
    same(&before, &print(web)?)?;
    ensure!(coherent(web)? == live);
    next_push_works(site)
}

fn no_rollback_virtualenv(site: &Site) -> Result<()> {
    let web = site.web();
    site.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    next_push_works(site)?;
    let live = coherent(web)?;
    web.sh(
        "cd /srv/hello && venv=$(readlink \"releases/$(cat current/.deployer/proven)/venv\") && rm -rf \"venvs/${venv##*/}\"",
    )?;
    let before = print(web)?;
    site.deployer(&ROLLBACK)?
        .expect(6)?
        .says("are gone from deploy@web1")?;
    same(&before, &print(web)?)?;
    ensure!(coherent(web)? == live);
    next_push_works(site)
}
