//! The test machines themselves: what every other test on real hosts relies on.

#[path = "machines/mod.rs"]
mod machines;

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use machines::{GitServer, Lab, Load, Machine, Options, Proxy, SshConfig};

#[test]
fn a_machine_survives_reboots_and_power_cuts() -> Result<()> {
    let web = Machine::up("web1")?;
    let up_since = || web.sh("stat -c %Y /proc/1");
    assert_eq!(
        web.sh("systemctl is-system-running; hostname")?,
        "running\nweb1"
    );
    assert_eq!(web.exec("echo no >&2; exit 7")?.code, 7);

    web.sh("useradd --create-home app")?;
    assert_eq!(web.exec_as("app", "id -un; pwd")?.ok()?, "app\n/home/app");
    web.sh("loginctl enable-linger app && systemctl start user@$(id -u app)")?;
    let user = "XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user is-system-running --wait";
    assert_eq!(web.exec_as("app", user)?.ok()?, "running");
    web.write_file("/srv/a/b", b"kept", 0o640)?;
    assert_eq!(web.sh("stat -c '%a %U' /srv/a/b")?, "640 root");

    let first = up_since()?;
    thread::sleep(Duration::from_secs(1));
    web.reboot()?;
    assert_ne!(up_since()?, first);
    web.kill9()?;
    assert!(!web.runs());
    assert!(web.exec("true").is_err());
    web.write_file("/srv/a/c", b"while off", 0o600)?;
    web.boot()?;
    assert_eq!(
        web.read_file("/srv/a/b")? + &web.read_file("/srv/a/c")?,
        "keptwhile off"
    );
    assert_eq!(fs::read_to_string(web.root_path().join("srv/a/b"))?, "kept");

    web.fill_disk("/srv/a")?;
    assert_eq!(web.read_file("/srv/a/b")?, "kept");
    assert!(
        web.exec("cp /bin/true /srv/a/new")?
            .stderr
            .contains("No space left")
    );
    web.free_disk("/srv/a")?;
    web.sh("cp /bin/true /srv/a/new")?;

    let dir = web.lab().dir().to_owned();
    assert!(links_of(&dir)?.len() >= 2);
    drop(web);
    assert!(!dir.exists() && links_of(&dir)?.is_empty());
    Ok(())
}

#[test]
fn machines_reach_each_other_by_name_only() -> Result<()> {
    let lab = Lab::new()?;
    let web = lab.up("web1")?;
    let git = GitServer::up(&lab, "git1")?;
    assert!(lab.up("web1").is_err(), "one name, one machine");

    let tree = TempDir::new()?;
    fs::write(tree.path().join("app.py"), "one")?;
    git.create("shop")?;
    let first = git.commit("shop", tree.path(), "one")?;
    fs::write(tree.path().join("app.py"), "two")?;
    let second = git.commit("shop", tree.path(), "two")?;

    web.sh("ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519")?;
    let clone = format!("git clone -q {} /srv/shop", git.scp_url("shop"));
    assert!(
        web.exec(&clone)?
            .stderr
            .contains("Host key verification failed")
    );
    web.trust(git.machine())?;
    assert!(web.exec(&clone)?.stderr.contains("Permission denied"));
    git.authorize(&web.read_file("/root/.ssh/id_ed25519.pub")?)?;
    web.sh(&clone)?;
    assert_eq!(
        web.sh("git -C /srv/shop log --format=%H")?,
        format!("{second}\n{first}")
    );
    web.sh(&format!(
        "git ls-remote --exit-code {} main",
        git.url("shop")
    ))?;

    let ssh = SshConfig::new(&[&web, git.machine()])?;
    assert_eq!(ssh.ssh("web1", "hostname")?.ok()?, "web1");
    assert!(
        ssh.ssh("git@git1", "sh")?
            .stderr
            .contains("unrecognized command")
    );
    let elsewhere = web.exec("curl -sS --max-time 3 http://192.0.2.1/")?;
    assert!(!elsewhere.success(), "there is no way out");
    Ok(())
}

#[test]
fn packages_install_without_a_network() -> Result<()> {
    let uv = Options {
        uv: true,
        ..Options::default()
    };
    let web = Lab::new()?.up_with("web1", &uv)?;
    web.sh("python3 -m venv /srv/venv && /srv/venv/bin/pip -q install flask gunicorn==23.0.0")?;
    assert!(
        web.sh("/srv/venv/bin/gunicorn --version")?
            .contains("23.0.0")
    );
    web.sh("cd /srv && uv -q venv u && uv -q pip install -p u flask gunicorn click==8.1.8")?;
    assert!(web.sh("/srv/u/bin/gunicorn --version")?.contains("27.0.1"));
    Ok(())
}

#[test]
fn load_counts_every_request() -> Result<()> {
    let web = Machine::up("web1")?;
    web.sh("echo one > /var/www/html/index.html")?;
    let load = Load::start((web.ip(), 80).into(), "example.test", "/index.html", 50);
    thread::sleep(Duration::from_secs(1));
    web.sh("cd /var/www/html && echo two > new && mv new index.html")?;
    thread::sleep(Duration::from_secs(1));
    web.sh("systemctl stop nginx; sleep 0.5; systemctl start nginx")?;
    let report = load.stop();
    assert!(report.ok > 90 && report.failed.len() > 15, "{report:?}");
    assert_eq!(report.bodies.keys().collect::<Vec<_>>(), ["one\n", "two\n"]);
    assert_eq!(report.bodies.values().sum::<u64>(), report.ok);
    assert!(
        report
            .failed
            .iter()
            .all(|(_, why)| why.contains("refused") || why.contains("reset"))
    );
    assert!(report.longest_stall < Duration::from_secs(1), "{report:?}");
    Ok(())
}

#[test]
fn a_proxy_delays_freezes_and_cuts() -> Result<()> {
    let proxy = Proxy::start(echo()?, Duration::from_millis(100))?;
    let mut stream = TcpStream::connect(proxy.address())?;
    let mut answer = [0; 4];
    let asked = Instant::now();
    stream.write_all(b"ping")?;
    stream.read_exact(&mut answer)?;
    let took = asked.elapsed();
    assert!(
        took >= Duration::from_millis(100) && took < Duration::from_millis(160),
        "{took:?}"
    );

    let bulk = vec![7; 16 << 20];
    let mut back = vec![0; bulk.len()];
    let asked = Instant::now();
    thread::scope(|scope| {
        let mut sender = stream.try_clone()?;
        let bulk = &bulk;
        scope.spawn(move || sender.write_all(bulk));
        stream.read_exact(&mut back)
    })?;
    assert!(
        bulk == back && asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );

    proxy.freeze();
    stream.write_all(b"ping")?;
    stream.set_read_timeout(Some(Duration::from_millis(400)))?;
    let silent = stream.read(&mut answer).map_err(|error| error.kind());
    assert_eq!(silent, Err(ErrorKind::WouldBlock));
    proxy.thaw();
    stream.read_exact(&mut answer)?;

    proxy.cut();
    let reset = stream.read(&mut answer).map_err(|error| error.kind());
    assert_eq!(reset, Err(ErrorKind::ConnectionReset));
    let mut again = TcpStream::connect(proxy.address())?;
    again.write_all(b"ping")?;
    again.read_exact(&mut answer)?;
    Ok(())
}

#[test]
fn ssh_goes_through_a_proxy() -> Result<()> {
    let web = Machine::up("web1")?;
    let proxy = Proxy::start((web.ip(), 22).into(), Duration::from_millis(50))?;
    let ssh = SshConfig::through(&[(&web, proxy.address())])?;
    assert_eq!(ssh.ssh("web1", "hostname")?.ok()?, "web1");
    thread::scope(|scope| {
        let long = scope.spawn(|| ssh.ssh("web1", "sleep 30"));
        thread::sleep(Duration::from_secs(1));
        proxy.cut();
        let ended = long.join().expect("the thread does not panic")?;
        ensure!(ended.code == 255, "{ended:?}");
        Ok(())
    })
}

#[test]
fn nothing_outlives_a_killed_test() -> Result<()> {
    let (mut owner, dir) = owner()?;
    owner.kill()?;
    owner.wait()?;
    let end = Instant::now() + Duration::from_secs(20);
    while dir.exists() && Instant::now() < end {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(!dir.exists() && links_of(&dir)?.is_empty());

    let (mut owner, dir) = owner_without_keeper()?;
    owner.kill()?;
    owner.wait()?;
    thread::sleep(Duration::from_millis(200));
    assert!(dir.exists(), "nobody is left to remove it");
    let lab = Lab::new()?;
    assert!(!dir.exists() && links_of(&dir)?.is_empty());
    let mounts = fs::read_to_string("/proc/mounts")?;
    assert!(!mounts.contains(dir.to_str().context("not UTF-8")?));
    assert!(lab.dir().exists());
    Ok(())
}

/// The process that [`owner`] starts; it is no test of its own.
#[test]
#[ignore = "waits to be killed"]
fn owner_that_waits() -> Result<()> {
    let web = Machine::up("web1")?;
    let mut out = std::io::stdout();
    writeln!(out, "\nlab={}", web.lab().dir().display())?;
    out.flush()?;
    thread::sleep(Duration::from_secs(60));
    Ok(())
}

fn owner() -> Result<(Child, PathBuf)> {
    let mut child = Command::new(env::current_exe()?)
        .args(["--exact", "owner_that_waits", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().context("no pipe")?;
    for line in BufReader::new(stdout).lines() {
        if let Some(dir) = line?.strip_prefix("lab=") {
            return Ok((child, dir.into()));
        }
    }
    Err(anyhow::anyhow!("the owner ended before its machine was up"))
}

fn owner_without_keeper() -> Result<(Child, PathBuf)> {
    let (child, dir) = owner()?;
    let mut killed = false;
    for task in fs::read_dir(format!("/proc/{}/task", child.id()))? {
        for keeper in fs::read_to_string(task?.path().join("children"))?.split_whitespace() {
            killed |= Command::new("kill")
                .args(["-9", keeper])
                .status()?
                .success();
        }
    }
    ensure!(killed, "the owner had no keeper");
    Ok((child, dir))
}

/// The bridge of a lab and the links of its machines, by their names.
fn links_of(lab: &Path) -> Result<Vec<String>> {
    let id = lab.file_name().unwrap_or_default().to_string_lossy();
    let mut names = Vec::new();
    for link in fs::read_dir("/sys/class/net")? {
        names.push(link?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name.contains(&*id));
    Ok(names)
}

fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    Ok(address)
}
