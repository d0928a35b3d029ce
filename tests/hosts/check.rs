//! `deployer check`, from a bare host to a site and what may be wrong with it.

use anyhow::{Result, ensure};

use crate::site::Site;
use crate::state::{print, same, tidy};

const CHECK: [&str; 2] = ["check", "production"];

#[test]
fn a_check_finds_what_a_push_would_meet() -> Result<()> {
    let site = Site::bare()?;
    let web = site.web();

    // Nobody can log in yet, and a bare host has next to nothing.
    let run = site.deployer(&CHECK)?;
    println!("{run}");
    run.expect(4)?;
    let run = site.deployer(&["check", "production", "--login", "root"])?;
    println!("{run}");
    let run = run.expect(6)?;
    ensure!(
        run.stdout
            .contains("run `deployer setup production --login root`"),
        "{run}"
    );

    site.set_up(&["--login", "root"])?;
    let run = site.deployer(&CHECK)?;
    println!("{run}");
    let run = run.expect(0)?.says("next: `deployer push production`")?;
    ensure!(run.stdout.contains("nothing is live yet"), "{run}");
    site.deployer(&["push", "production"])?.expect(0)?;
    let before = print(web)?;
    let run = site.deployer(&CHECK)?;
    println!("{run}");
    run.expect(0)?;
    same(&before, &print(web)?)?;
    tidy(web)?;

    // All at once: each is found, and nothing is touched.
    site.edit(
        "deploy.yaml",
        "server_name:",
        "max_body: 20M\n  server_name:",
    )?;
    site.git
        .machine()
        .sh("sed -i.away '/deployer hello/d' /srv/git/.ssh/authorized_keys")?;
    web.sh("mv /etc/sudoers.d/deployer-hello /root/ && systemctl stop nginx hello-a
        systemd-run -q --uid=nobody -p AmbientCapabilities=CAP_NET_BIND_SERVICE --unit=squatter python3 -m http.server 80")?;
    let before = print(web)?;
    let run = site.deployer(&CHECK)?;
    println!("{run}");
    let run = run.expect(6)?.says("production is not ready: 6 errors")?;
    for text in [
        "error    login       the login on deploy@web1 may not control",
        "error    repository  cannot read ssh://git@git1/srv/git/hello.git: git@git1: Permission denied",
        "error    units       not as the file renders them: /etc/nginx/sites-available/hello.conf",
        "error    nginx       nginx does not run",
        "error    port        port 80 is taken by a program of `nobody`",
        "error    live        ",
    ] {
        ensure!(run.stdout.contains(text), "does not say `{text}`\n{run}");
    }
    // Root sees which program it is, and what the owner of the tree hears from git.
    let run = site
        .deployer(&["check", "production", "--login", "root", "-q"])?
        .expect(6)?;
    for text in [
        "port 80 is taken by `python3`",
        "git@git1: Permission denied",
    ] {
        ensure!(run.stdout.contains(text), "does not say `{text}`\n{run}");
    }
    ensure!(!run.stdout.contains("  ok  "), "{run}");
    same(&before, &print(web)?)?;
    Ok(())
}
