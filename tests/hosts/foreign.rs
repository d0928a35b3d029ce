//! What is not deployer's stays as it is, and what was taken away is noticed.

use anyhow::{Context as _, Result, ensure};

use crate::site::Site;
use crate::state::{coherent, tidy};

const SETUP: [&str; 4] = ["setup", "production", "--login", "root"];

#[test]
fn what_is_foreign_is_left_alone_and_what_is_gone_is_missed() -> Result<()> {
    let site = Site::bare()?;
    let web = site.web();

    // The host is run by what it is run by.
    let other = "service: {manager: upstart}\nnginx:\n";
    site.edit("deploy.yaml", "nginx:\n", other)?;
    site.deployer(&SETUP)?
        .expect(6)?
        .says("is run by systemd, not by upstart")?
        .says("write `service: {manager: systemd}`")?;
    let run = site
        .deployer(&["check", "production", "--login", "root"])?
        .expect(6)?;
    ensure!(run.stdout.contains("not by upstart"), "{run}");
    site.edit("deploy.yaml", other, "nginx:\n")?;
    let made = web.sh("ls -d /srv/hello /etc/deployer /etc/init 2>/dev/null; :")?;
    ensure!(made.is_empty(), "{made}");

    // An account of that name is somebody's: nothing is made beside it.
    web.sh("useradd hello")?;
    site.deployer(&SETUP)?
        .expect(6)?
        .says("an account `hello`")?;
    web.sh("! id deploy 2>/dev/null && userdel hello")?;
    web.sh("install -d /srv/hello && touch /srv/hello/theirs")?;
    site.deployer(&SETUP)?.expect(6)?.says("`/srv/hello`")?;
    web.sh("rm -r /srv/hello")?;

    // A unit of that name too; and no site but ours is a good start.
    let unit = "/etc/systemd/system/hello-a.service";
    web.write_file(unit, b"[Service]\nExecStart=/bin/true\n", 0o644)?;
    site.deployer(&SETUP)?.expect(6)?.says(unit)?;
    ensure!(web.read_file(unit)?.contains("/bin/true"));
    web.sh(&format!("rm {unit} /etc/nginx/sites-enabled/default"))?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&["push", "production"])?.expect(0)?;
    coherent(web)?;

    // The same revision again heals what was taken away, or says who can.
    web.sh("rm /srv/hello/env/*")?;
    site.deployer(&["push", "production"])?.expect(0)?;
    web.sh("rm /srv/hello/current")?;
    site.deployer(&["push", "production"])?
        .expect(0)?
        .says("already live")?;
    coherent(web)?;
    web.sh("rm /etc/nginx/sites-enabled/hello.conf")?;
    site.deployer(&["push", "production"])?
        .expect(6)?
        .says("deployer setup production")?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&["push", "production"])?.expect(0)?;

    another_manager(&site).context("another manager")?;
    another_service(&site).context("another service")?;

    // An answer at the site's port proves nothing when it is not the site's.
    web.sh("systemd-run -q python3 -m http.server 8080 --bind :: --directory /srv")?;
    site.edit("deploy.yaml", "nginx:\n", "nginx:\n  listen: 8080\n")?;
    site.set_up(&["--login", "root"])?;
    site.change()?;
    site.deployer(&["push", "production"])?
        .expect(10)?
        .says("something else has it")?;
    web.sh("pkill -f '[h]ttp.server' && systemctl restart nginx")?;
    site.deployer(&["push", "production"])?.expect(0)?;
    tidy(web)
}

/// What setup set up stays what runs the app: a second one would start it a second time.
fn another_manager(site: &Site) -> Result<()> {
    let before = coherent(site.web())?;
    site.edit(
        "deploy.yaml",
        "nginx:\n",
        "service: {manager: supervisor}\nnginx:\n",
    )?;
    let differs =
        "was set up for systemd of the host, and the file asks for supervisor of the host";
    for command in ["setup", "push", "plan", "rollback", "status"] {
        let mut arguments = vec![command, "production"];
        if command == "setup" {
            arguments.extend(["--login", "root"]);
        }
        site.deployer(&arguments)?.expect(6)?.says(differs)?;
    }
    let run = site.deployer(&["check", "production"])?.expect(6)?;
    ensure!(run.stdout.contains(differs), "{run}");
    ensure!(coherent(site.web())? == before);
    site.edit("deploy.yaml", "service: {manager: supervisor}\n", "")
}

/// Nothing waits for what is not there, and nobody would notice.
fn another_service(site: &Site) -> Result<()> {
    let after = "service: {after: [nginx, redis, network-online.target]}\nnginx:\n";
    site.edit("deploy.yaml", "nginx:\n", after)?;
    let says = "the host has no `redis.service`, which `service.after` names";
    let run = site.set_up(&["--login", "root"])?.says(says)?;
    ensure!(run.stderr.matches("the host has no").count() == 1, "{run}");
    let run = site.deployer(&["check", "production"])?.expect(0)?;
    ensure!(run.stdout.contains(says), "{run}");
    site.deployer(&["push", "production"])?.expect(0)?;
    let units = site.web().sh("systemctl show -P After hello-a.service")?;
    ensure!(
        units.contains("nginx.service") && units.contains("network-online.target"),
        "{units}"
    );
    site.edit("deploy.yaml", after, "nginx:\n")
}
