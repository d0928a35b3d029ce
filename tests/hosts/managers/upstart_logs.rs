//! What logrotate makes of Upstart's logs, by the file that setup writes where the host has none.

use anyhow::{Result, ensure};

use crate::machines::Machine;

/// Upstart as it was measured: it writes on to a log that was renamed, and begins another when that is gone.
const WRITER: &str = "import os, time
def begin():
    return os.open('/var/log/upstart/hello-b.log', os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
log, number, until = begin(), 0, time.monotonic() + 5
while time.monotonic() < until:
    if os.fstat(log).st_nlink == 0:
        os.close(log)
        log = begin()
    number += 1
    os.write(log, b'line %d\\r\\n' % number)
    time.sleep(0.001)
print(number)
";

/// Rotated twice while a job prints: each line is in one of the logs.
pub(super) fn go_on(web: &Machine, logrotate: &[u8]) -> Result<()> {
    web.write_file("/etc/logrotate.d/upstart", logrotate, 0o644)?;
    web.write_file("/root/writer.py", WRITER.as_bytes(), 0o644)?;
    let said = web.sh(
        "mkdir -p /var/log/upstart
         python3 /root/writer.py >/root/written & writer=$!
         for again in 1 2; do sleep 1; logrotate -f /etc/logrotate.d/upstart; done
         wait $writer
         cat /root/written; cd /var/log/upstart && { zcat hello-b.log.2.gz hello-b.log.1.gz && cat hello-b.log; } |
           sed -n 's/^line \\([0-9]*\\)\\r$/\\1/p'",
    )?;
    let mut numbers = said.lines().map_while(|line| line.parse::<usize>().ok());
    let written = numbers.next().unwrap_or_default();
    let found: Vec<usize> = numbers.collect();
    println!(
        "{} of {written} lines after two rotations of a log of Upstart's",
        found.len()
    );
    ensure!(found.iter().copied().eq(1..=written), "{said}");
    Ok(())
}
