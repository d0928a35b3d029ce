//! Packages for a machine that reaches no network, by way of the outer machine's.

use std::fs;

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

    /// The source of a Python package, where no wheel fits; pip finds it as it does the wheels.
    pub fn source(&self, requirement: &str) -> Result<()> {
        let to = self.root_path().join("opt/sources");
        fs::create_dir_all(&to)?;
        let to = to.display().to_string();
        let from = ["--no-deps", "--no-binary", ":all:", "--dest", &to];
        let download = ["-m", "pip", "download", "--quiet"];
        run("python3", &[&download, &from[..], &[requirement]].concat())?;
        self.sh("sed -i 's#^find-links = .*#& /opt/sources#' /etc/pip.conf")?;
        Ok(())
    }
}
