//! Programs from `PyPI`, installed once and kept beside other caches of the user.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A virtualenv of this name with these packages.
pub(crate) fn venv(name: &str, packages: &[&str]) -> PathBuf {
    let dir = |name: &str| {
        std::env::var_os(name)
            .filter(|dir| !dir.is_empty())
            .map(PathBuf::from)
    };
    let cache = dir("DEPLOYER_CACHE")
        .or_else(|| dir("XDG_CACHE_HOME"))
        .unwrap_or_else(|| dir("HOME").unwrap().join(".cache"))
        .join("deployer-tests");
    fs::create_dir_all(&cache).unwrap();
    let venv = cache.join(name);
    let lock = fs::File::create(cache.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if !venv.join("complete").exists() {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv));
        run(Command::new(venv.join("bin/pip"))
            .args(["install", "-q"])
            .args(packages));
        fs::write(venv.join("complete"), "").unwrap();
    }
    venv
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
