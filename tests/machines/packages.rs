//! Packages for a machine that reaches no network, by way of the outer machine's.

use anyhow::Result;

use super::machine::Machine;
use super::process::run;

/// apt as the outer machine would run it, in the machine's own root.
const INSTALL: &str = r#"cp /etc/resolv.conf "$0/etc/resolv.conf"
chroot "$0" sh -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "$@" > /dev/null
rc=$?
: > "$0/etc/resolv.conf"
exit $rc"#;

impl Machine {
    /// Debian packages of its suite; nothing is started.
    pub fn install(&self, packages: &[&str]) -> Result<()> {
        let root = self.root_path().display().to_string();
        run("sh", &[&["-c", INSTALL, &root], packages].concat())?;
        Ok(())
    }
}
