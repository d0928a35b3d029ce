//! A disk without room, without inodes, or that the kernel has stopped writing to.

use anyhow::{Context, Result, ensure};

use super::{PUSH, next_push_works, use_takeover};
use crate::moment::Log;
use crate::random::Random;
use crate::run::Run;
use crate::site::{Page, Site};
use crate::state::{coherent, print, same, tidy, wait_until_free};

const ROOT: &str = "/srv/hello";

/// Live, with a small disk of its own below the app's root.
fn small_site() -> Result<Site> {
    let site = Site::live_after(|site| {
        site.edit(
            "deploy.yaml",
            "app: hello:app",
            "app: hello:app\n  reload: replace",
        )
    })?;
    site.web().kill9()?;
    site.web().own_disk(ROOT, 260)?;
    site.web().boot()?;
    next_push_works(&site)?;
    Ok(site)
}

#[test]
fn i12_i18_a_disk_that_fails_leaves_a_whole_release() -> Result<()> {
    let mut random = Random::seeded()?;
    let site = small_site()?;
    let seed = random.seed();
    no_room_to_begin(&site).context("no room to begin")?;
    no_inodes(&site).context("no inodes")?;
    for takeover in ["replace", "reload"] {
        use_takeover(&site, takeover)?;
        let log = Log::of_next(site.web());
        next_push_works(&site)?;
        let mut steps = log.steps();
        steps.retain(|step| step != "check");
        let few = if takeover == "replace" { 2 } else { 1 };
        for step in random.sample(steps, few) {
            let outcome = full_at(&site, &step, takeover)
                .with_context(|| format!("seed {seed}: full at `{step}` of a {takeover}"))?;
            println!("full at `{step}` of a {takeover}: {outcome}");
        }
    }
    let moments = ["step export", "step trial", "step switch", "step drain"];
    for moment in random.sample(moments.to_vec(), 1) {
        let outcome = read_only_at(&site, moment)
            .with_context(|| format!("seed {seed}: read-only at `{moment}`"))?;
        println!("read-only at `{moment}`: {outcome}");
    }
    Ok(())
}

/// The check names both numbers, and nothing was changed.
fn no_room_to_begin(site: &Site) -> Result<()> {
    let before = print(site.web())?;
    site.change()?;
    for rest in [30, 1, 0] {
        match rest {
            0 => site.web().fill(ROOT)?,
            _ => site.web().fill_but(ROOT, rest)?,
        }
        let run = site.deployer(&PUSH)?;
        site.web().free(ROOT)?;
        run.expect(6)?
            .says("has not enough disk space")?
            .says("nothing was changed")?;
        without_root(&before, &print(site.web())?)?;
        coherent(site.web())?;
    }
    next_push_works(site)
}

/// The files that take the room were in the root's directory, and changed its time only.
fn without_root(before: &[String], after: &[String]) -> Result<()> {
    let only = |lines: &[String]| -> Vec<String> {
        let lines = lines.iter().filter(|line| !line.starts_with(". "));
        lines.cloned().collect()
    };
    same(&only(before), &only(after))
}

fn no_inodes(site: &Site) -> Result<()> {
    site.change()?;
    let take = "mkdir /srv/hello/.many && cd /srv/hello/.many && free=$(df --output=iavail . | tail -n 1) && seq $((free - 1000)) | xargs touch";
    site.web().sh(take)?;
    let run = site.deployer(&PUSH)?;
    site.web().sh("rm -rf /srv/hello/.many")?;
    run.expect(6)?
        .says("has not enough inodes (needs 2000, has ")?
        .says("nothing was changed")?;
    next_push_works(site)
}

/// The room ends at that step.
fn full_at(site: &Site, step: &str, takeover: &str) -> Result<String> {
    let web = site.web();
    let old = coherent(web)?;
    if takeover == "replace" {
        other_packages(site)?;
    }
    site.change()?;
    let log = Log::of_next(web);
    let push = site.start(&PUSH)?;
    log.wait_for("done check")?;
    web.fill_but(ROOT, 24)?;
    log.wait_for(&format!("step {step}"))?;
    web.fill(ROOT)?;
    let hit = log.last();
    let run = push.end();
    let over = wait_until_free(web);
    let served = site.page();
    web.free(ROOT)?;
    let run = run?;
    over.and(served).with_context(|| run.to_string())?;
    let now = coherent(web).with_context(|| run.to_string())?;
    judge(&run, &old, &now)?;
    tidy(web).with_context(|| run.to_string())?;
    next_push_works(site)?;
    Ok(format!("hit `{hit}`, exit {}", run.code))
}

/// What it says is what there is.
fn judge(run: &Run, old: &Page, now: &Page) -> Result<()> {
    match run.code {
        0 => ensure!(now != old, "the old release serves\n{run}"),
        7 => {
            ensure!(now == old, "the new release serves\n{run}");
            ensure!(run.stderr.contains("nothing was changed"), "{run}");
        }
        9 => {
            ensure!(now == old, "the new release serves\n{run}");
            ensure!(run.stderr.contains("serves again"), "{run}");
        }
        // Not a line of its log could be written: it says that it does not know, or as much as it does.
        13 if run.stderr.contains("the old release serves") => ensure!(now == old, "{run}"),
        13 => ensure!(run.stderr.contains("the outcome is unknown"), "{run}"),
        _ => anyhow::bail!("neither old nor new\n{run}"),
    }
    Ok(())
}

/// Requirements that no kept release has: their virtualenv must be built.
fn other_packages(site: &Site) -> Result<()> {
    let path = site.app.path().join("requirements.txt");
    let text = std::fs::read_to_string(&path)?;
    Ok(std::fs::write(&path, format!("{text}# {}\n", text.len()))?)
}

/// After an error of the disk nothing more can be written, until the host is started anew.
fn read_only_at(site: &Site, moment: &str) -> Result<String> {
    let web = site.web();
    let old = coherent(web)?;
    site.change()?;
    let log = Log::of_next(web);
    let push = site.start(&PUSH)?;
    log.wait_for(moment)?;
    web.break_disk(ROOT)?;
    let run = push.end()?;
    let serves = site.page()?;
    ensure!(run.code != 0 || serves != old, "{run}");
    web.kill9()?;
    web.repair_disk(ROOT)?;
    web.boot()?;
    let now = coherent(web)?;
    ensure!(
        run.code != 0 || now == serves,
        "went back at the boot\n{run}"
    );
    next_push_works(site)?;
    let which = |page: &Page| if *page == old { "old" } else { "new" };
    Ok(format!(
        "exit {}, {} served, {} after the boot",
        run.code,
        which(&serves),
        which(&now)
    ))
}

/// The power goes at the very moment a release is said to be live: a copy of the disk, without what the kernel still
/// keeps in memory, has all of it.
#[test]
fn i12_what_current_names_is_on_the_disk() -> Result<()> {
    let site = small_site()?;
    let web = site.web();
    for takeover in ["replace", "reload"] {
        use_takeover(&site, takeover)?;
        if takeover == "replace" {
            other_packages(&site)?;
        }
        site.change()?;
        let log = Log::of_next(web);
        let push = site.start(&PUSH)?;
        log.wait_for("live")?;
        let copy = web.copy_disk(ROOT)?;
        push.end()?.expect(0)?;
        let new = coherent(web)?;
        let on_disk = std::fs::read_link(copy.path().join("current"))?;
        ensure!(
            on_disk.ends_with(&new.release),
            "`current` is {} on the disk",
            on_disk.display()
        );
        let differs = web.differs(ROOT, &copy, &format!("releases/{}", new.release))?;
        ensure!(differs.is_empty(), "on the disk otherwise: {differs}");
        let venvs = web.differs(ROOT, &copy, "venvs")?;
        ensure!(venvs.is_empty(), "on the disk otherwise: {venvs}");
        let environments = web.differs(ROOT, &copy, "env")?;
        ensure!(
            environments.is_empty(),
            "on the disk otherwise: {environments}"
        );
    }
    Ok(())
}
