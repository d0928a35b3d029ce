//! The root file system and the wheels that machines share, built once per recipe.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::process::{run, run_script};

const RECIPE: &str = include_str!("recipe.sh");
const MORE: &str = include_str!("more.sh");
const WHEELS: &str = include_str!("wheels.sh");
const WHEEL_LIST: &str = include_str!("wheels.txt");

/// What every machine of a suite is made from; read-only for all of them.
#[derive(Debug, Clone)]
pub struct Image {
    pub root: PathBuf,
    pub wheels: PathBuf,
    /// The one key that root of every machine accepts; its `.pub` lies beside it.
    pub key: PathBuf,
}

impl Image {
    /// The same with more Debian packages, in an image of their own.
    pub fn with(suite: &str, packages: &[&str]) -> Result<Self> {
        let usual = Self::get(suite)?;
        if packages.is_empty() {
            return Ok(usual);
        }
        let names = packages.join(" ");
        let key = key(&[RECIPE, suite, MORE, &names]);
        let root = cache_dir()?.join(key).join("root");
        let base = usual
            .root
            .to_str()
            .context("the cache's path is not UTF-8")?;
        build_once(&root, &format!("root file system with {names}"), |to| {
            run_script("more.sh", MORE, &[&[base, to], packages].concat(), b"")
        })?;
        Ok(Self { root, ..usual })
    }

    /// The image of a Debian suite such as `trixie`; builds it first (about half a minute)
    /// unless the cache has it.
    pub fn get(suite: &str) -> Result<Self> {
        let cache = cache_dir()?;
        let root = cache.join(key(&[RECIPE, suite])).join("root");
        let wheels = cache.join(key(&[WHEELS, WHEEL_LIST, suite])).join("wheels");
        build_once(&root, "root file system", |to| {
            run_script("recipe.sh", RECIPE, &[suite, to], b"")
        })?;
        build_once(&wheels, "wheels", |to| {
            run_script("wheels.sh", WHEELS, &[suite, to], WHEEL_LIST.as_bytes())
        })?;
        let keys = cache.join("keys");
        build_once(&keys, "test key", |to| {
            fs::create_dir(to)?;
            let file = format!("{to}/id_ed25519");
            let options = ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", &file];
            run("ssh-keygen", &options)
        })?;
        Ok(Self {
            root,
            wheels,
            key: keys.join("id_ed25519"),
        })
    }
}

/// A program of a crate, built once and kept; without what makes it fast, which takes longer than the tests.
pub fn program(name: &str, version: &str, features: &[&str]) -> Result<PathBuf> {
    let directory = cache_dir()?.join(format!("{name}-{version}"));
    build_once(&directory, name, |to| {
        let cargo = Path::new(env!("CARGO"));
        let install = Command::new(cargo)
            .args(["install", "--quiet", "--locked", "--debug", "--root", to])
            .args([
                "--version",
                version,
                "--features",
                &features.join(","),
                name,
            ])
            .env("RUSTC", cargo.with_file_name("rustc"))
            .env_remove("CARGO_TARGET_DIR")
            .stdin(Stdio::null())
            .status()?;
        ensure!(install.success(), "`cargo install {name}` failed");
        Ok(String::new())
    })?;
    Ok(directory.join("bin").join(name))
}

/// Where images and the records of running labs are kept: never inside the checkout.
pub fn cache_dir() -> Result<PathBuf> {
    if let Some(dir) = env::var_os("DEPLOYER_CACHE").filter(|dir| !dir.is_empty()) {
        return Ok(dir.into());
    }
    let base = match env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(&env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("deployer-machines"))
}

/// An exclusive lock that ends with the returned file, or with this process.
pub fn lock(path: &Path) -> Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let file = File::create(path).with_context(|| format!("cannot open {}", path.display()))?;
    file.lock()?;
    Ok(file)
}

fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    let mut name = format!("{:x}", hash.finalize());
    name.truncate(16);
    name
}

/// Makes `target` by `build`, which gets another path: a name without `.building` is complete.
fn build_once<B>(target: &Path, what: &str, build: B) -> Result<()>
where
    B: FnOnce(&str) -> Result<String>,
{
    if target.exists() {
        return Ok(());
    }
    let _lock = lock(&target.with_extension("lock"))?;
    if target.exists() {
        return Ok(());
    }
    let building = target.with_extension("building");
    let building = building.to_str().context("the cache's path is not UTF-8")?;
    run("rm", &["-rf", "--one-file-system", building])?;
    let _ = writeln!(io::stderr(), "machines: building {}", target.display());
    build(building).with_context(|| format!("cannot build the {what} for test machines"))?;
    fs::rename(building, target)?;
    Ok(())
}
