//! A value of `env` is where the app reads it, and nowhere else.

use anyhow::{Result, ensure};

use crate::site::Site;
use crate::state::coherent;

const SENTINEL: &str = "s3ntinel-4f1d";

/// Every command line and environment that any process but the app's and the deploying user's own can see.
const WATCH: &str = "while :; do ps -eo args >> /tmp/seen; done";

#[test]
fn i22_a_secret_reaches_the_app_and_nothing_else() -> Result<()> {
    let site = Site::live()?;
    let web = site.web();
    web.sh(&format!(
        "setsid sh -c '{WATCH}' > /dev/null 2>&1 & echo $! > /tmp/watcher"
    ))?;
    site.edit("deploy.yaml", "good day", SENTINEL)?;
    let mut said = String::new();
    for arguments in [
        &["push", "production", "-v"][..],
        &["plan", "production"],
        &[
            "render",
            "production",
            "--revision",
            "0123456789012345678901234567890123456789",
        ],
        &["rollback", "production", "-v"],
        &["releases", "production"],
        &["status", "production"],
        &["push", "production", "-v"],
    ] {
        let run = site.deployer(arguments)?.expect(0)?;
        said += &run.to_string();
    }
    ensure!(coherent(web)?.greeting == SENTINEL);
    ensure!(!said.contains(SENTINEL), "{said}");
    web.sh("kill $(cat /tmp/watcher); journalctl --sync")?;
    ensure!(
        web.sh("wc -l < /tmp/seen")?.parse::<u32>()? > 1000,
        "nobody watched"
    );
    ensure!(
        web.sh("grep -c 'script worker' /tmp/seen")? != "0",
        "the worker was not seen"
    );

    let has = |command: &str| -> Result<String> {
        web.sh(&format!("{command} | grep -F {SENTINEL} || :"))
    };
    ensure!(has("cat /tmp/seen")?.is_empty());
    ensure!(has("journalctl --no-pager -o verbose -a")?.is_empty());
    ensure!(has("systemctl show hello-a hello-b hello-trial nginx")?.is_empty());
    let files = web.sh(&format!(
        "grep -rlF {SENTINEL} /srv /etc /var /run/hello /tmp /root /home 2>/dev/null || :"
    ))?;
    for file in files.lines() {
        ensure!(
            file.starts_with("/srv/hello/env/") || file.ends_with("/env"),
            "the secret is in {file}"
        );
    }
    ensure!(
        files
            .lines()
            .any(|file| file.starts_with("/srv/hello/env/")),
        "{files}"
    );
    Ok(())
}

#[test]
fn i23_modes_of_the_tree_hold_for_every_file() -> Result<()> {
    // A login with another umask makes the same files.
    let site = Site::bare()?;
    let web = site.web();
    site.set_up(&["--login", "root"])?;
    web.sh("echo umask 0002 | tee -a ~deploy/.bashrc ~deploy/.profile > ~deploy/.bash_profile")?;
    site.deployer(&["push", "production"])?.expect(0)?;
    site.edit("deploy.yaml", "good day", "good night")?;
    site.deployer(&["push", "production"])?.expect(0)?;

    let find = |arguments: &str| web.sh(&format!("cd /srv/hello && find {arguments}"));
    let none = |arguments: &str| -> Result<()> {
        let found = find(arguments)?;
        ensure!(found.is_empty(), "find {arguments}: {found}");
        Ok(())
    };
    none(". -path ./shared -prune -o ! -type l -perm /022 -print")?;
    none(". -type f -perm /6000")?;
    none("env -type f ! -perm 0640 -o -type f ! -group hello")?;
    none(".deployer -maxdepth 0 ! -perm 0700")?;
    none(".deployer/runs -type d ! -perm 0700")?;
    none(".deployer/runs -regex '.*/[^/]*/\\(log\\|env\\|script\\|nonce\\)' -perm /077")?;
    none(". -path ./shared -prune -o -name '.git' -print")?;
    let by_app = web.sh(
        "cd /srv/hello && runuser -u hello -- find . -writable ! -type l -print 2>/dev/null; :",
    )?;
    ensure!(
        by_app.lines().all(|path| path.starts_with("./shared")),
        "the app may write {by_app}"
    );
    let by_nobody = web.sh("cd /srv/hello && runuser -u nobody -- sh -c 'cat .deployer/setup env/* releases/*/hello.py' 2>/dev/null; :")?;
    ensure!(by_nobody.is_empty(), "{by_nobody}");
    let by_nginx = web.sh("runuser -u www-data -- cat /srv/hello/static/live/static/style.css")?;
    ensure!(by_nginx.starts_with("body"), "{by_nginx}");
    Ok(())
}
