use std::path::PathBuf;

use super::ssh::Ssh;
use crate::config::Reach;

/// What the user's ssh configuration makes of a host, found without any connection (`ssh -G`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Who logs in.
    pub user: String,
    /// Name or address that is connected to.
    pub address: String,
    /// What `known_hosts` calls the host, such as `[git.example.com]:2222`.
    pub known_as: String,
    /// Files that may know its key, whether they exist or not.
    pub known_hosts: Vec<PathBuf>,
    /// Private keys that ssh would offer, whether they exist or not.
    pub identities: Vec<PathBuf>,
}

impl Ssh {
    /// `None` for this machine itself.
    pub fn resolve(&self, reach: &Reach) -> std::io::Result<Option<Resolved>> {
        let Reach::Ssh {
            user,
            address,
            port,
        } = reach
        else {
            return Ok(None);
        };
        let mut ssh = self.command().into_std();
        ssh.arg("-G");
        if let Some(user) = user {
            ssh.args(["-l", user.as_str()]);
        }
        if let Some(port) = port {
            ssh.args(["-p", &port.to_string()]);
        }
        let output = ssh.args(["--", address.as_str()]).output()?;
        if !output.status.success() {
            return Err(std::io::Error::other(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let values = |key: &'static str| {
            text.lines()
                .filter_map(move |line| line.strip_prefix(key)?.strip_prefix(' '))
        };
        let value = |key| values(key).next().unwrap_or_default();
        let name = values("hostkeyalias").chain(values("hostname")).next();
        let name = name.unwrap_or_default();
        let files = ["userknownhostsfile", "globalknownhostsfile"];
        let files = files.into_iter().flat_map(|key| value(key).split(' '));
        Ok(Some(Resolved {
            user: value("user").to_owned(),
            address: value("hostname").to_owned(),
            known_as: match value("port") {
                "22" => name.to_owned(),
                port => format!("[{name}]:{port}"),
            },
            known_hosts: files.map(PathBuf::from).collect(),
            identities: values("identityfile").map(PathBuf::from).collect(),
        }))
    }
}
