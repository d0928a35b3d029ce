use std::path::PathBuf;

use super::ssh::Ssh;
use crate::config::Reach;

/// What the user's ssh configuration makes of a host, found without any connection (`ssh -G`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Who logs in.
    pub user: String,
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
        Ok(Some(Resolved {
            user: values("user").next().unwrap_or_default().to_owned(),
            identities: values("identityfile").map(PathBuf::from).collect(),
        }))
    }
}
