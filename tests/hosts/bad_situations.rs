//! What goes wrong around a deploy: each with its exit code, what it says to do, and a site that serves as before.
//!
//! `docs/reference/situations.md` has a line for each name here; a test compares them.

use std::fs;

use anyhow::{Result, ensure};

use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

type Change = fn(&Site) -> Result<()>;

struct Situation {
    name: &'static str,
    make: Change,
    command: &'static [&'static str],
    code: i32,
    says: &'static [&'static str],
    undo: Change,
}

const PUSH: &[&str] = &["push", "production"];
const SETUP: &[&str] = &["setup", "production", "--login", "root"];
/// A commit that no repository has.
const NOWHERE: &str = "0123456789abcdef0123456789abcdef01234567";

const SITUATIONS: &[Situation] = &[
    Situation {
        name: "unknown environment",
        make: nothing,
        command: &["push", "prodution"],
        code: 3,
        says: &[
            "unknown environment `prodution`",
            "did you mean `production`?",
        ],
        undo: nothing,
    },
    Situation {
        name: "host down",
        make: |site| {
            site.web()
                .sh("systemctl stop ssh.socket ssh.service")
                .map(drop)
        },
        command: PUSH,
        code: 4,
        says: &[
            "cannot connect to deploy@web1",
            "nothing was changed",
            "hint: ",
        ],
        undo: |site| site.web().sh("systemctl start ssh.service").map(drop),
    },
    Situation {
        name: "login key not accepted",
        make: |site| {
            site.web()
                .sh("mv ~deploy/.ssh/authorized_keys ~deploy/.ssh/away")
                .map(drop)
        },
        command: PUSH,
        code: 4,
        says: &[
            "accepted none of your keys",
            "deployer setup production --login USER",
        ],
        undo: |site| {
            site.web()
                .sh("mv ~deploy/.ssh/away ~deploy/.ssh/authorized_keys")
                .map(drop)
        },
    },
    Situation {
        name: "host key unknown",
        make: |site| {
            known_hosts(site, |line| {
                (!line.starts_with("web1 ")).then(|| line.to_owned())
            })
        },
        command: PUSH,
        code: 4,
        says: &["host key of deploy@web1 is not known", "SHA256:"],
        undo: known_again,
    },
    Situation {
        name: "host key changed",
        make: |site| {
            let other = site.git.machine().host_key()?;
            known_hosts(site, |line| {
                Some(if line.starts_with("web1 ") {
                    format!("web1 {other}")
                } else {
                    line.to_owned()
                })
            })
        },
        command: PUSH,
        code: 4,
        says: &["has CHANGED", "ssh-keygen -R"],
        undo: known_again,
    },
    Situation {
        name: "repository down",
        make: |site| {
            site.git
                .machine()
                .sh("systemctl stop ssh.socket ssh.service")
                .map(drop)
        },
        command: PUSH,
        code: 4,
        says: &["git1/srv/git/hello.git", "neither from here", "hint: "],
        undo: |site| {
            site.git
                .machine()
                .sh("systemctl start ssh.service")
                .map(drop)
        },
    },
    Situation {
        name: "repository not reached from the host",
        make: |site| {
            site.change()?;
            git_server_at(site, "192.0.2.1")
        },
        command: PUSH,
        code: 7,
        says: &[
            "cannot reach the git server `git1`",
            "nothing was changed",
            "hint: try it there: `ssh-keyscan git1`",
        ],
        undo: |site| site.web().sh("umount /etc/hosts").map(drop),
    },
    Situation {
        name: "changed host key of the git server",
        make: |site| {
            site.change()?;
            // The web host's own sshd.
            git_server_at(site, "127.0.0.9")
        },
        command: PUSH,
        code: 7,
        says: &[
            "shows deploy@web1 another host key than the one that setup pinned",
            "Host key verification failed",
            "nothing was changed",
            "hint: compare that with what its owner publishes; if it is theirs, correct your `known_hosts` and run `deployer setup production`",
        ],
        undo: |site| site.web().sh("umount /etc/hosts").map(drop),
    },
    Situation {
        name: "deploy key withdrawn",
        make: |site| {
            site.change()?;
            site.git
                .machine()
                .sh("sed -i.away '/deployer hello/d' /srv/git/.ssh/authorized_keys")
                .map(drop)
        },
        command: PUSH,
        code: 7,
        says: &[
            "Permission denied",
            "deployer setup production",
            "nothing was changed",
        ],
        undo: |site| {
            site.git
                .machine()
                .sh("cd /srv/git/.ssh && cat authorized_keys.away > authorized_keys")
                .map(drop)
        },
    },
    Situation {
        name: "branch missing",
        make: nothing,
        command: &["push", "production", "--branch", "relaese"],
        code: 2,
        says: &["no branch `relaese`", "hint: "],
        undo: nothing,
    },
    Situation {
        name: "commit not pushed",
        make: nothing,
        command: &["push", "production", "--revision", NOWHERE],
        code: 7,
        says: &[
            "did not find the revision",
            "push the commit to the repository first",
        ],
        undo: nothing,
    },
    Situation {
        name: "requirements not readable",
        make: |site| {
            committed(
                site,
                "requirements.txt",
                "gunicorn==27.0.1",
                "gunicorn==27.0.1 oops",
            )
        },
        command: PUSH,
        code: 7,
        says: &[
            "the packages cannot be installed",
            "gunicorn==27.0.1 oops",
            "nothing was changed",
            "hint: correct what the installer names, in the requirements or on the host; `deployer push production -v` shows all",
        ],
        undo: |site| {
            committed(
                site,
                "requirements.txt",
                "gunicorn==27.0.1 oops",
                "gunicorn==27.0.1",
            )
        },
    },
    Situation {
        name: "requirements file missing",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "static:",
                "python:\n  requirements: [absent.txt]\nstatic:",
            )
        },
        command: PUSH,
        code: 7,
        says: &["absent.txt", "nothing was changed", "python.requirements"],
        undo: |site| site.edit("deploy.yaml", "python:\n  requirements: [absent.txt]\n", ""),
    },
    Situation {
        name: "no such module",
        make: |site| site.edit("deploy.yaml", "app: hello:app", "app: absent:app"),
        command: PUSH,
        code: 7,
        says: &[
            "No module named 'absent'",
            "nothing was changed",
            "hint: correct the app, or what `deploy.yaml` starts, then run `deployer push production`",
        ],
        undo: |site| site.edit("deploy.yaml", "app: absent:app", "app: hello:app"),
    },
    Situation {
        name: "no such callable",
        make: |site| site.edit("deploy.yaml", "app: hello:app", "app: hello:absent"),
        command: PUSH,
        code: 7,
        says: &[
            "Failed to find attribute 'absent' in 'hello'",
            "nothing was changed",
            "hint: correct the app, or what `deploy.yaml` starts, then run `deployer push production`",
        ],
        undo: |site| site.edit("deploy.yaml", "app: hello:absent", "app: hello:app"),
    },
    Situation {
        name: "health page missing",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "static:",
                "health:\n  path: /absent\n  status: 200\nstatic:",
            )
        },
        command: PUSH,
        code: 7,
        says: &[
            "answers 404 at `/absent`",
            "nothing was changed",
            "hint: correct the page, or `health`, then run `deployer push production`",
        ],
        undo: |site| {
            site.edit(
                "deploy.yaml",
                "health:\n  path: /absent\n  status: 200\n",
                "",
            )
        },
    },
    Situation {
        name: "disk full",
        make: |site| {
            site.change()?;
            site.web().fill_disk("/srv/hello")
        },
        command: PUSH,
        code: 6,
        says: &[
            "not enough disk space (needs 64.0 MiB, has 0 B)",
            "nothing was changed",
            "hint: free some, or lower `keep_releases`",
        ],
        undo: |site| site.web().sh("umount -l /srv/hello").map(drop),
    },
    Situation {
        name: "secret missing",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "environments:",
                "secrets: [NO_SUCH_SECRET]\nenvironments:",
            )
        },
        command: PUSH,
        code: 6,
        says: &[
            "`NO_SUCH_SECRET` is not set",
            "no host was contacted",
            "hint: ",
        ],
        undo: |site| site.edit("deploy.yaml", "secrets: [NO_SUCH_SECRET]\n", ""),
    },
    Situation {
        name: "frozen environment",
        make: |site| {
            site.change()?;
            let freeze = ["lock", "production", "-m", "until Monday"];
            site.deployer(&freeze)?.expect(0).map(drop)
        },
        command: PUSH,
        code: 5,
        says: &[
            "frozen",
            "until Monday",
            "`deployer unlock production` lifts the freeze",
        ],
        undo: |site| {
            let thaw = ["unlock", "production"];
            site.deployer(&thaw)?.expect(0).map(drop)
        },
    },
    Situation {
        name: "disk that may only be read",
        make: |site| {
            site.web()
                .sh("mount --bind /srv/hello /srv/hello && mount -o remount,ro,bind /srv/hello")
                .map(drop)
        },
        command: PUSH,
        code: 6,
        says: &[
            "cannot write below the app's root",
            "Read-only file system",
            "nothing was changed",
        ],
        undo: |site| site.web().sh("umount -l /srv/hello").map(drop),
    },
    Situation {
        name: "no room for the script",
        make: |site| {
            site.web()
                .sh("mount -t tmpfs -o size=4k,nr_inodes=1 full /tmp && chmod 1777 /tmp")
                .map(drop)
        },
        command: PUSH,
        code: 6,
        says: &[
            "did not start",
            "No space left on device",
            "df -h /tmp",
            "nothing was changed",
        ],
        undo: |site| site.web().sh("umount -l /tmp").map(drop),
    },
    Situation {
        name: "disk almost full",
        make: |site| {
            site.web().fill_disk("/srv/hello")?;
            site.web()
                .sh("cd /srv/hello && rm .full-rest && truncate -s -4M .full")
                .map(drop)
        },
        command: PUSH,
        code: 6,
        says: &[
            "not enough disk space",
            "nothing was changed",
            "hint: free some, or lower `keep_releases`",
        ],
        undo: |site| site.web().sh("umount -l /srv/hello").map(drop),
    },
    Situation {
        name: "no inodes",
        make: |site| {
            site.web().sh("cd / && inodes=$(($(find /srv/hello | wc -l) + 1500))
                new=$(mktemp -d) && mount -t tmpfs -o size=1g,nr_inodes=$inodes few-inodes $new
                cp -a /srv/hello/. $new/ && mount --bind $new /srv/hello && umount $new && rmdir $new").map(drop)
        },
        command: PUSH,
        code: 6,
        says: &[
            "not enough inodes",
            "nothing was changed",
            "hint: remove files, or lower `keep_releases`",
        ],
        undo: |site| site.web().sh("umount -l /srv/hello").map(drop),
    },
    Situation {
        name: "memory for one generation only",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "app: hello:app",
                "reload: replace\n  app: hello:app",
            )?;
            site.web().sh("sed 's/^MemAvailable:.*/MemAvailable:   2048 kB/' /proc/meminfo > /root/meminfo && mount --bind /root/meminfo /proc/meminfo").map(drop)
        },
        command: PUSH,
        code: 6,
        says: &[
            "not enough memory for a second generation",
            "gunicorn.reload: restart",
            "nothing was changed",
        ],
        undo: |site| {
            site.web().sh("umount /proc/meminfo")?;
            site.edit(
                "deploy.yaml",
                "reload: replace\n  app: hello:app",
                "app: hello:app",
            )
        },
    },
    Situation {
        name: "sudo rights gone",
        make: |site| {
            site.web()
                .sh("mv /etc/sudoers.d/deployer-hello /root/")
                .map(drop)
        },
        command: PUSH,
        code: 6,
        says: &[
            "may not control the app's units with sudo",
            "deployer setup production --login root",
        ],
        undo: |site| {
            site.web()
                .sh("mv /root/deployer-hello /etc/sudoers.d/")
                .map(drop)
        },
    },
    Situation {
        name: "python missing",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "static:",
                "python:\n  version: '3.99'\nstatic:",
            )
        },
        command: PUSH,
        code: 6,
        says: &[
            "no python 3.99",
            "nothing was changed",
            "hint: install it there, or change `python.version`",
        ],
        undo: |site| site.edit("deploy.yaml", "python:\n  version: '3.99'\n", ""),
    },
    Situation {
        name: "socket directories taken",
        make: |site| {
            site.web()
                .sh("chown -R www-data /run/hello/trial")
                .map(drop)
        },
        command: PUSH,
        code: 7,
        says: &["nothing was changed", "hint: "],
        undo: |site| site.web().sh("chown -R hello /run/hello/trial").map(drop),
    },
    Situation {
        name: "root of another app",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "app: hello ",
                "app: other\nroot: /srv/hello\nuser: hello #",
            )
        },
        command: SETUP,
        code: 6,
        says: &[
            "belongs to the app `hello`",
            "choose another `user` or `root`",
        ],
        undo: |site| {
            site.edit(
                "deploy.yaml",
                "app: other\nroot: /srv/hello\nuser: hello #",
                "app: hello ",
            )
        },
    },
    Situation {
        name: "push to the root of another app",
        make: |site| {
            site.edit(
                "deploy.yaml",
                "app: hello ",
                "app: other\nroot: /srv/hello\nuser: hello #",
            )
        },
        command: PUSH,
        code: 6,
        says: &["nothing was changed", "hint: "],
        undo: |site| {
            site.edit(
                "deploy.yaml",
                "app: other\nroot: /srv/hello\nuser: hello #",
                "app: hello ",
            )
        },
    },
    Situation {
        name: "root of another login",
        make: |site| {
            site.sudoer("guest")?;
            site.edit("deploy.yaml", "deploy@web1", "guest@web1")
        },
        command: PUSH,
        code: 6,
        says: &["belongs to `deploy`", "log in as `deploy`"],
        undo: |site| site.edit("deploy.yaml", "guest@web1", "deploy@web1"),
    },
    Situation {
        name: "nginx stopped",
        make: |site| site.web().sh("systemctl stop nginx").map(drop),
        command: PUSH,
        code: 6,
        says: &["nginx does not run", "systemctl start nginx"],
        undo: |site| site.web().sh("systemctl start nginx").map(drop),
    },
];

#[test]
fn nothing_changes_when_things_are_bad() -> Result<()> {
    let site = Site::live()?;
    let only = std::env::var("SITUATION").unwrap_or_default();
    let mut failed = Vec::new();
    for situation in SITUATIONS.iter().filter(|one| one.name.contains(&only)) {
        if let Err(error) = meet(&site, situation) {
            failed.push(format!("{}: {error:#}", situation.name));
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n\n"));
    site.change()?;
    site.deployer(PUSH)?.expect(0)?;
    coherent(site.web())?;
    tidy(site.web())
}

fn meet(site: &Site, situation: &Situation) -> Result<()> {
    let web = site.web();
    let page = coherent(web)?;
    (situation.make)(site)?;
    let before = print(web)?;
    let run = site.deployer(situation.command)?;
    println!("=== {}\n{run}", situation.name);
    let after = print(web)?;
    (situation.undo)(site)?;
    let mut run = run.expect(situation.code)?;
    for words in situation.says {
        run = run.says(words)?;
    }
    same(&before, &after)?;
    ensure!(coherent(web)? == page, "another page\n{run}");
    tidy(web)
}

#[expect(clippy::unnecessary_wraps, reason = "one of a table's functions")]
fn nothing(_: &Site) -> Result<()> {
    Ok(())
}

fn committed(site: &Site, file: &str, from: &str, to: &str) -> Result<()> {
    site.edit(file, from, to)?;
    site.commit().map(drop)
}

/// Changes what this client knows of host keys, line by line.
fn known_hosts(site: &Site, line: impl Fn(&str) -> Option<String>) -> Result<()> {
    let path = site.ssh.known_hosts();
    let text = fs::read_to_string(&path)?;
    fs::write(path.with_extension("away"), &text)?;
    let lines: Vec<String> = text.lines().filter_map(line).collect();
    Ok(fs::write(path, lines.join("\n") + "\n")?)
}

fn known_again(site: &Site) -> Result<()> {
    let path = site.ssh.known_hosts();
    Ok(fs::rename(path.with_extension("away"), path)?)
}

/// The names above, for the page that explains them.
#[test]
fn every_situation_is_explained() -> Result<()> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/situations.md");
    let page = fs::read_to_string(page)?;
    for Situation { name, code, .. } in SITUATIONS {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        let said = row.is_some_and(|row| row.contains(&format!("| {code} |")));
        ensure!(
            said,
            "no line `| {name} | ... | {code} |` in docs/reference/situations.md"
        );
    }
    Ok(())
}

/// What the web host takes for the git server.
fn git_server_at(site: &Site, address: &str) -> Result<()> {
    let script = format!(
        "cp /etc/hosts /root/hosts && sed -i 's/.* git1$/{address} git1/' /root/hosts && mount --bind /root/hosts /etc/hosts"
    );
    site.web().sh(&script).map(drop)
}
