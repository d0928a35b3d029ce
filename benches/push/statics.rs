//! What publishing static files costs the host: the script's program alone, on a release as a push exports it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

const PROGRAM: &str = concat!(
    include_str!("../../templates/script/references.py"),
    "\n",
    include_str!("../../templates/script/manifests.py"),
    "\n",
    include_str!("../../templates/script/static.py")
);

const UPLOAD: &str = include_str!("../../templates/script/upload.py");

/// A style sheet, a script, two pictures, and again, 50 KB each; every style sheet names a picture.
const FILES: &str = r#"
import os, sys
for i in range(int(sys.argv[1])):
    name = "static/d%d/x%d.%s" % (i % 50, i, ("css", "js", "png", "svg")[i % 4])
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "w") as file:
        if name.endswith("css"):
            file.write("a{background:url(../d%d/x%d.png)}" % ((i + 2) % 50, i + 2))
        file.write(os.urandom(25000).hex())
"#;

/// Runs its arguments; prints seconds, seconds of processor time and kilobytes.
const MEASURED: &str = r#"
import resource, subprocess, sys, time
began = time.monotonic()
subprocess.check_call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%.2f %.2f %d" % (time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss))
"#;

/// Prints a line for each: the first push, pushes that change nothing, and what the client of a storage is told.
pub(crate) fn measure() -> Result<()> {
    println!("\nStatic files of 50 KB: seconds, of processors, and MB at most.");
    for count in [2_000, 10_000] {
        let dir = tempfile::tempdir()?;
        let at = dir.path();
        for name in ["src", "host/.deployer", "host/static", "host/releases"] {
            fs::create_dir_all(at.join(name))?;
        }
        sh(
            at,
            "cd src && git init -q . && python3 -c \"$0\" \"$1\" && git add -A && git -c user.name=a -c user.email=a@b commit -qm x",
            &[FILES, &count.to_string()],
        )?;
        for (release, what) in [
            ("r1", "all of them new"),
            ("r2", "none changed"),
            ("r3", "none changed"),
        ] {
            let part = format!("host/releases/.{release}.part");
            let export = "mkdir -p \"$0/.deployer\" && git -C src archive HEAD | tar -x -C \"$0\" && : >mark &&
                git -C src ls-tree -r -z HEAD: -- static >blobs";
            sh(at, export, &[&part])?;
            let measured = "python3 -c \"$0\" python3 -I -S -c \"$1\" \"$PWD/host\" \"$2\" \"$PWD/$3\" static /static/ /static/ filename no gzip '' \"$PWD/blobs\" \"$PWD/mark\" \"$PWD/stored\"";
            let said = sh(at, measured, &[MEASURED, PROGRAM, release, &part])?;
            row(count, what, &said)?;
        }
        for what in ["offered, new", "offered again"] {
            let offer =
                "python3 -c \"$0\" python3 -I -S -c \"$1\" offer \"$PWD\" \"$PWD/uploaded\"";
            row(count, what, &sh(at, offer, &[MEASURED, UPLOAD])?)?;
        }
    }
    Ok(())
}

fn row(count: u32, what: &str, said: &str) -> Result<()> {
    let mut words = said.split_whitespace();
    let mut word = || words.next().context("a figure");
    let (wall, busy, memory) = (word()?, word()?, word()?.parse::<u64>()? / 1000);
    println!("  {count:>6} files, {what:<15} {wall:>7} {busy:>7} {memory:>5}");
    Ok(())
}

fn sh(at: &Path, line: &str, arguments: &[&str]) -> Result<String> {
    let ran = Command::new("sh")
        .arg("-c")
        .arg(line)
        .args(arguments)
        .current_dir(at)
        .output()?;
    ensure!(
        ran.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    Ok(String::from_utf8(ran.stdout)?)
}
