//! The three kinds of login: root, a sudoer, and one with the printed drop-in alone.

use anyhow::{Result, ensure};

use crate::machines::Machine;
use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

const UNIT: (&str, &str, &str) = (
    "deploy.yaml",
    "static:",
    "service:\n  open_files: 20000\nstatic:",
);
const SITE: (&str, &str, &str) = (
    "deploy.yaml",
    "server_name: hello.example.com",
    "server_name: [hello.example.com, www.example.com]",
);

#[test]
fn root_gives_the_tree_to_a_user_of_its_own() -> Result<()> {
    let site = Site::live_after(|site| site.edit("deploy.yaml", "deploy@web1", "root@web1"))?;
    let web = site.web();
    owned_by(web, "hello-deploy")?;
    unit_and_site_change_with_a_push(&site)?;
    owned_by(web, "hello-deploy")?;
    // Older hosts have none.
    web.sh("mv \"$(command -v runuser)\" /root/")?;
    site.set_up(&[])?.says_not("setup:")?;
    site.deployer(&["check", "production"])?.expect(0)?;
    site.deployer(&["rollback", "production"])?.expect(0)?;
    site.deployer(&["push", "production"])?.expect(0)?;
    owned_by(web, "hello-deploy")?;
    ensure!(
        web.sh("pgrep -fc 'deployer[.].* broker' || :")? == "0",
        "root's part still runs"
    );
    tidy(web)
}

#[test]
fn a_sudoer_changes_units_and_the_site_with_a_push() -> Result<()> {
    let site = Site::live_by_sudo()?;
    owned_by(site.web(), "ubuntu")?;
    unit_and_site_change_with_a_push(&site)?;
    owned_by(site.web(), "ubuntu")?;
    tidy(site.web())
}

#[test]
fn with_the_drop_in_alone_units_and_site_wait_for_setup() -> Result<()> {
    let site = Site::live()?;
    let web = site.web();
    owned_by(web, "deploy")?;
    for (file, from, to) in [UNIT, SITE] {
        let before = print(web)?;
        site.edit(file, from, to)?;
        site.change()?;
        let refused = site.deployer(&["push", "production"])?.expect(6)?;
        refused
            .says("hint: run `deployer setup production --login root`")?
            .says("nothing was changed")?;
        // The virtualenv and the environment are the next push's, which needs the same.
        same(&before, &print(web)?)?;
        tidy(web)?;
        site.set_up(&["--login", "root"])?;
        site.deployer(&["push", "production"])?.expect(0)?;
        coherent(web)?;
        tidy(web)?;
    }
    ensure!(open_files(web)? == "20000");
    site.change()?;
    site.deployer(&["push", "production"])?
        .expect(0)?
        .says("takeover: reload")?;
    Ok(())
}

fn unit_and_site_change_with_a_push(site: &Site) -> Result<()> {
    let web = site.web();
    for (file, from, to) in [UNIT, SITE] {
        site.edit(file, from, to)?;
        site.change()?;
        site.deployer(&["push", "production"])?.expect(0)?;
        coherent(web)?;
        tidy(web)?;
    }
    let limits = web.sh("grep -h ^LimitNOFILE /etc/systemd/system/hello-[ab].service /etc/systemd/system/hello-trial.service")?;
    ensure!(
        limits.lines().all(|line| line == "LimitNOFILE=20000"),
        "{limits}"
    );
    ensure!(open_files(web)? == "20000");
    ensure!(
        web.sh("curl -sS -H 'Host: www.example.com' http://127.0.0.1/")?
            .starts_with("Howdy")
    );
    Ok(())
}

/// Nothing in the tree belongs to root, and the rest to the login and the app.
fn owned_by(host: &Machine, login: &str) -> Result<()> {
    let owners =
        host.sh("cd /srv/hello && find . -path ./shared -prune -o -printf '%u\n' | sort -u")?;
    ensure!(owners == login, "{owners}");
    ensure!(host.sh("find /srv/hello/shared -printf '%u\n' | sort -u")? == "hello");
    Ok(())
}

/// What the live processes have, which is not always what their unit says.
fn open_files(host: &Machine) -> Result<String> {
    host.sh("slot=$(basename $(dirname $(readlink /srv/hello/web.sock)))
         pid=$(systemctl show -p MainPID --value hello-$slot)
         sed -n 's/^Max open files  *\\([0-9]*\\) .*/\\1/p' /proc/$pid/limits")
}
