//! A real sshd on a free port of the loopback, as the user who runs the tests, gone when the test is.

use deployer::config::{Host, HostAddress, Reach, UserName};
use deployer::run::Ssh;
use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) struct Sshd {
    dir: TempDir,
    daemon: Child,
    pub(crate) port: u16,
}

impl Sshd {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// With more lines for its configuration.
    pub(crate) fn start_with(more: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path();
        keygen(&path.join("host"));
        keygen(&path.join("user"));
        fs::copy(path.join("user.pub"), path.join("authorized_keys")).unwrap();
        // sshd refuses to start as root without its own empty directory.
        if user() == "root" {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let port = free_port();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {0}/host\nPidFile none\nStrictModes no\n\
             AuthorizedKeysFile {0}/authorized_keys\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nUsePAM no\n{more}",
            path.display()
        );
        fs::write(path.join("sshd_config"), config).unwrap();
        let daemon = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(path.join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(path.join("log")).unwrap())
            .spawn()
            .expect("openssh-server is installed");
        let sshd = Self { dir, daemon, port };
        sshd.trust("host.pub");
        sshd.configure("user");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(
                Instant::now() < until,
                "sshd: {}",
                fs::read_to_string(sshd.path("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        sshd
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes this public key the one that the client expects.
    pub(crate) fn trust(&self, public: &str) {
        let key = fs::read_to_string(self.path(public)).unwrap();
        fs::write(
            self.path("known_hosts"),
            format!("[127.0.0.1]:{} {key}", self.port),
        )
        .unwrap();
    }

    pub(crate) fn distrust(&self) {
        fs::write(self.path("known_hosts"), "").unwrap();
    }

    /// The client logs in with this key.
    pub(crate) fn configure(&self, key: &str) {
        let config = format!(
            "Host *\nIdentityFile {0}/{key}\nIdentitiesOnly yes\nIdentityAgent none\n\
             UserKnownHostsFile {0}/known_hosts\nGlobalKnownHostsFile /dev/null\n",
            self.dir.path().display()
        );
        fs::write(self.path("ssh_config"), config).unwrap();
    }

    pub(crate) fn ssh(&self) -> Ssh {
        Ssh {
            config: Some(self.path("ssh_config")),
            interactive: false,
            agent: false,
        }
    }

    pub(crate) fn host(&self) -> Host {
        host(self.port)
    }

    /// `SHA256:...` of the host's key.
    pub(crate) fn fingerprint(&self) -> String {
        let listed = Command::new("ssh-keygen")
            .arg("-lf")
            .arg(self.path("host.pub"))
            .output()
            .unwrap();
        String::from_utf8(listed.stdout)
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .to_owned()
    }

    /// The server's process of every open connection.
    pub(crate) fn connections(&self) -> Vec<String> {
        let listed = Command::new("pgrep")
            .args(["-P", &self.daemon.id().to_string()])
            .output()
            .unwrap();
        String::from_utf8(listed.stdout)
            .unwrap()
            .lines()
            .map(ToOwned::to_owned)
            .collect()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        for pid in self.connections() {
            let _ = Command::new("kill").arg(pid).status();
        }
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

pub(crate) fn host(port: u16) -> Host {
    let user = UserName::try_from(user().as_str()).unwrap();
    let address = HostAddress::try_from("127.0.0.1").unwrap();
    Host {
        name: "web1".to_owned(),
        env: BTreeMap::new(),
        reach: Reach::Ssh {
            user: Some(user),
            address,
            port: Some(port),
        },
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub(crate) fn keygen(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}

fn user() -> String {
    let name = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(name.stdout).unwrap().trim().to_owned()
}
