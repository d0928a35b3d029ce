//! What a host takes for the time of day, in all that a login starts there.

use anyhow::Result;

use crate::machines::Machine;

/// `+10y`; also what it says of when its files were written.
pub(crate) fn wrong(host: &Machine, by: &str) -> Result<()> {
    set(host, &format!("FAKETIME={by}"))
}

/// `+30d`, with files that were written that long ago.
pub(crate) fn later(host: &Machine, by: &str) -> Result<()> {
    set(host, &format!("FAKETIME={by} NO_FAKE_STAT=1"))
}

pub(crate) fn right(host: &Machine) -> Result<()> {
    host.sh("rm /etc/ssh/sshd_config.d/clock.conf && systemctl restart ssh")?;
    Ok(())
}

fn set(host: &Machine, variables: &str) -> Result<()> {
    host.sh(&format!(
        "lib=$(ls /usr/lib/*/faketime/libfaketime.so.1) &&
         echo \"SetEnv LD_PRELOAD=$lib {variables} DONT_FAKE_MONOTONIC=1\" > /etc/ssh/sshd_config.d/clock.conf &&
         systemctl restart ssh"
    ))?;
    Ok(())
}
