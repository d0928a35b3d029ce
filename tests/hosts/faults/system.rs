//! The host around the app: nginx, sudo, sshd, its clock, an orderly reboot.

use anyhow::{Context, Result, ensure};

use super::{PUSH, next_push_works, use_takeover};
use crate::clock;
use crate::machines::get;
use crate::moment::Log;
use crate::random::{Random, soak};
use crate::site::{NAME, Site};
use crate::state::{coherent, print, same, tidy, wait_until_free};

#[test]
fn i19_i21_a_host_that_changes_under_a_run() -> Result<()> {
    let mut random = Random::seeded()?;
    let site = Site::live_after(|site| {
        site.edit(
            "deploy.yaml",
            "app: hello:app",
            "app: hello:app\n  reload: auto",
        )
    })?;
    let app = &site;
    one_session_per_connection(app).context("MaxSessions=1")?;
    another_umask(app).context("umask 077")?;
    a_trial_that_will_not_stop(app).context("a trial that ignores TERM")?;
    let moments = ["export", "trial", "seal", "switch", "drain"];
    for moment in random.sample(moments.to_vec(), 1) {
        sshd_restarted_at(app, moment).with_context(|| format!("sshd restarted at `{moment}`"))?;
    }
    for takeover in ["reload", "replace"] {
        use_takeover(app, takeover)?;
        for moment in random.sample(vec!["trial", "switch", "proof"], 1) {
            without_sudo_at(app, moment).with_context(|| {
                format!(
                    "seed {}: without sudo at `{moment}` of a {takeover}",
                    random.seed()
                )
            })?;
        }
    }
    for moment in random.sample(vec!["virtualenv", "trial", "start", "proof", "drain"], 1) {
        rebooted_at(app, moment)
            .with_context(|| format!("seed {}: rebooted at `{moment}`", random.seed()))?;
    }
    Ok(())
}

fn one_session_per_connection(site: &Site) -> Result<()> {
    let file = "/etc/ssh/sshd_config.d/sessions.conf";
    site.web().sh(&format!(
        "echo MaxSessions 1 > {file} && systemctl restart ssh"
    ))?;
    next_push_works(site)?;
    site.deployer(&["rollback", "production"])?.expect(0)?;
    site.deployer(&["status", "production"])?.expect(0)?;
    site.web()
        .sh(&format!("rm {file} && systemctl restart ssh"))?;
    Ok(())
}

fn another_umask(site: &Site) -> Result<()> {
    let web = site.web();
    web.sh("for file in .bashrc .profile .bash_profile; do cp ~deploy/$file ~deploy/$file.kept 2>/dev/null; echo umask 077 > ~deploy/$file; done")?;
    site.edit("requirements.txt", "click==8.5.1", "click==8.1.8")?;
    next_push_works(site)?;
    let style = get((web.ip(), 80).into(), NAME, "/static/style.css")?;
    ensure!(style.status == 200, "{style:?}");
    web.sh("for file in .bashrc .profile .bash_profile; do rm ~deploy/$file; mv ~deploy/$file.kept ~deploy/$file 2>/dev/null; done; :")?;
    Ok(())
}

/// It is killed in the end, and takes nothing with it.
fn a_trial_that_will_not_stop(site: &Site) -> Result<()> {
    let old = coherent(site.web())?;
    site.on_import(
        "import os, signal\nif os.environ.get('DEPLOYER_TRIAL'):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    )?;
    site.commit()?;
    let run = site.deployer(&PUSH)?.expect(0)?;
    println!("a trial that ignores TERM: {:?}", run.took);
    ensure!(coherent(site.web())? != old);
    tidy(site.web())?;
    site.on_import("")?;
    next_push_works(site)
}

fn sshd_restarted_at(site: &Site, moment: &str) -> Result<()> {
    let old = coherent(site.web())?;
    site.change()?;
    let log = Log::of_next(site.web());
    let push = site.start(&PUSH)?;
    log.wait_for(&format!("step {moment}"))?;
    site.web().sh("systemctl restart ssh")?;
    push.end()?.expect(0)?;
    ensure!(coherent(site.web())? != old);
    tidy(site.web())
}

/// Once it is back, the next push is all it takes.
fn without_sudo_at(site: &Site, moment: &str) -> Result<()> {
    let web = site.web();
    let old = coherent(web)?;
    site.change()?;
    let log = Log::of_next(web);
    let push = site.start(&PUSH)?;
    log.wait_for(&format!("step {moment}"))?;
    web.sh("mv /etc/sudoers.d/deployer-hello /root/")?;
    let hit = log.last();
    let run = push.end()?;
    let served = site.page();
    web.sh("mv /root/deployer-hello /etc/sudoers.d/")?;
    served.with_context(|| run.to_string())?;
    println!("without sudo at `{moment}`: hit `{hit}`, exit {}", run.code);
    match run.code {
        // What cannot be asked any more was done already.
        0 => ensure!(coherent(web)? != old, "{run}"),
        7 | 9 => ensure!(coherent(web)? == old, "{run}"),
        10 => {}
        _ => anyhow::bail!("{run}"),
    }
    next_push_works(site)
}

fn rebooted_at(site: &Site, moment: &str) -> Result<()> {
    let web = site.web();
    let old = coherent(web)?;
    site.change()?;
    let log = Log::of_next(web);
    let push = site.start(&PUSH)?;
    log.wait_for(&format!("step {moment}"))?;
    let hit = log.last();
    web.reboot()?;
    let run = push.end()?;
    wait_until_free(web)?;
    let now = coherent(web)?;
    let which = if now == old { "old" } else { "new" };
    println!(
        "rebooted at `{moment}`: hit `{hit}`, exit {}, {which}",
        run.code
    );
    ensure!(run.code != 0 || now != old, "{run}");
    next_push_works(site)
}

#[test]
fn i21_a_broken_file_of_another_site_stops_only_what_needs_nginx() -> Result<()> {
    let site = Site::live_by_sudo()?;
    let web = site.web();
    let broken = "/etc/nginx/sites-enabled/broken.conf";
    web.sh(&format!("echo 'server {{ nonsense' > {broken}"))?;
    next_push_works(&site)?;
    let old = coherent(web)?;
    site.edit("deploy.yaml", "nginx:", "nginx:\n  max_body: 20M")?;
    site.change()?;
    let before = print(web)?;
    site.deployer(&PUSH)?.expect(7)?.says("broken.conf")?;
    same(&before, &print(web)?)?;
    ensure!(coherent(web)? == old);
    tidy(web)?;
    // A file that breaks only after it was looked at: the site that stood there comes back.
    web.sh(&format!("rm {broken}"))?;
    let log = Log::of_next(web);
    let push = site.start(&PUSH)?;
    log.wait_for("step trial")?;
    web.sh(&format!("echo 'server {{ nonsense' > {broken}"))?;
    let run = push.end()?.expect(9)?;
    ensure!(coherent(web)? == old, "{run}");
    let grown = web.exec("grep -r 20M /etc/nginx/sites-available/hello.conf")?;
    ensure!(grown.code != 0, "the site stays changed\n{run}");
    tidy(web)?;
    web.sh(&format!("rm {broken}"))?;
    next_push_works(&site)?;
    web.sh("grep -q 20m -i /etc/nginx/sites-available/hello.conf")?;
    Ok(())
}

/// `sshd` gives the run's own programs a clock that is years off; those that sudo and systemd start keep the right one.
#[test]
fn i14_i27_a_clock_years_off_changes_no_order() -> Result<()> {
    let site = Site::live()?;
    let web = site.web();
    let first = coherent(web)?;
    let years: &[&str] = if soak() {
        &["+10y", "-10y", "+5y", "-15y"]
    } else {
        &["+10y", "-10y"]
    };
    for years in years {
        clock::wrong(web, years)?;
        let year = web.sh("date +%Y")?;
        let old = coherent(web)?;
        next_push_works(&site).with_context(|| format!("at {years}"))?;
        let new = coherent(web)?;
        let recorded = web.sh("tail -n 1 /srv/hello/.deployer/history.jsonl")?;
        ensure!(
            !recorded.contains(&format!("\"time\":\"{year}-")),
            "the clock was right: {recorded}"
        );
        site.deployer(&["rollback", "production"])?.expect(0)?;
        ensure!(
            coherent(web)? == old,
            "a rollback goes to what was live before"
        );
        site.deployer(&["rollback", "production", &new.release])?
            .expect(0)?;
        ensure!(coherent(web)? == new);
    }
    clock::right(web)?;
    for _ in 0..3 {
        next_push_works(&site)?;
    }
    // Five are kept, and it was the oldest that went.
    let kept = web.sh("ls /srv/hello/releases | wc -l")?;
    ensure!(kept == "5", "{kept} releases");
    ensure!(
        web.exec(&format!("test -e /srv/hello/releases/{}", first.release))?
            .code
            != 0,
        "the oldest release stays"
    );
    Ok(())
}
