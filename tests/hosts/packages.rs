//! Virtualenvs from every file that can name packages; locks are in `examples`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::machines::{Image, Machine, Options};
use crate::site::Site;
use crate::state::{coherent, print, same, tidy};

const PUSH: [&str; 2] = ["push", "production"];

#[test]
fn packages_come_from_where_they_are_written() -> Result<()> {
    // Debian 12 and its Python's packages, to be had by Debian 13.
    let older = Image::get("bookworm")?;
    let options = Options {
        binds: vec![(older.wheels.clone(), "/opt/wheels-3.11".into())],
        ..Options::default()
    };
    let site = Site::of("flask", &[options])?;
    let web = site.web();
    site.set_up(&["--login", "root"])?;
    write(&site, "requirements.txt", "flask\nclick==8.1.8\n")?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("packages: requirements.txt")?
        .says("gunicorn: gunicorn==27.0.1 (missing)")?
        .says("warning: 1 requirement is not pinned (flask)")?;
    ensure!(coherent(web)?.click == "8.1.8");
    let first = key(web)?;

    let plan = site.deployer(&["plan", "production", "--refresh-packages"])?;
    let said = "packages: requirements.txt, into a new virtualenv";
    ensure!(plan.stdout.contains(said), "{plan}");

    // The same inputs anew: another virtualenv, the old one untouched, used until the inputs change.
    site.deployer(&[&PUSH[..], &["--refresh-packages"]].concat())?
        .expect(0)?
        .says("refresh: ")?
        .says("virtualenv built")?
        .says("takeover: replace (packages)")?;
    let refreshed = key(web)?;
    ensure!(
        refreshed.starts_with(&format!("{first}-")),
        "{first} {refreshed}"
    );
    site.change()?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("virtualenv reused")?
        .says_not("not pinned")?
        .says("takeover: reload")?;
    ensure!(key(web)? == refreshed);
    two_files_with_hashes(&site)?;

    // A project's own table, with what another says of extras.
    fs::remove_file(site.app.path().join("requirements.txt"))?;
    let project = "[project]\nname = \"hello\"\nversion = \"1\"\ndependencies = [\"flask==3.1.3\"]\n\
        [project.optional-dependencies]\nweb = [\"click==8.1.8\"]\n";
    write(&site, "pyproject.toml", project)?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("packages: pyproject.toml")?
        .says_not("not pinned")?;
    ensure!(coherent(web)?.click == "8.5.1");
    let web_extra = "python: {project: {extras: [web]}}\nstatic:";
    site.edit("deploy.yaml", "static:", web_extra)?;
    site.deployer(&PUSH)?.expect(0)?.says("virtualenv built")?;
    ensure!(coherent(web)?.click == "8.1.8");
    ensure!(!installed(web)?.contains("hello"));

    // A program that works them out, and the app as a package.
    fs::remove_file(site.app.path().join("pyproject.toml"))?;
    let setup = "import setuptools\nneeds = open('needs.txt').read().split()\n\
        setuptools.setup(name='hello', version='7', py_modules=['hello'], install_requires=needs[:1], \
        extras_require={'web': needs[1:]})\n";
    write(&site, "needs.txt", "flask==3.1.3 click==8.1.8\n")?;
    write(&site, "setup.py", setup)?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("packages: setup.py")?;
    ensure!(coherent(web)?.click == "8.1.8");
    ensure!(!installed(web)?.contains("hello"));
    write(&site, "needs.txt", "flask==3.1.3 click==8.5.1\n")?;
    site.edit("deploy.yaml", "[web]}", "[web]}, install: true")?;
    site.deployer(&PUSH)?.expect(0)?.says("virtualenv built")?;
    ensure!(coherent(web)?.click == "8.5.1");
    ensure!(installed(web)?.contains("hello"));
    let tree = "cd /srv/hello/current && ls -d build *.egg-info .deployer/runs 2>/dev/null; :";
    ensure!(web.sh(tree)?.is_empty());
    tidy(web)?;

    // What a host lacks, by name.
    site.edit("deploy.yaml", "python: {", "python: {version: '3.2', ")?;
    site.deployer(&PUSH)?.expect(6)?.says("has no python 3.2")?;
    site.edit("deploy.yaml", "version: '3.2', ", "")?;
    web.sh("mv /usr/lib/python3.13/ensurepip /root/")?;
    write(&site, "needs.txt", "flask==3.1.3 click==8.1.8\n")?;
    site.deployer(&PUSH)?
        .expect(6)?
        .says("add `python3-venv` to `setup.packages`")?;
    web.sh("mv /root/ensurepip /usr/lib/python3.13/")?;
    python_by_uv(&site, &older)?;
    write(&site, "setup.py", "raise SystemExit('no such thing')\n")?;
    site.deployer(&PUSH)?
        .expect(7)?
        .says("the project cannot be built")?
        .says("no such thing")?;
    write(&site, "uv.lock", "version = 1\n")?;
    site.edit("deploy.yaml", "python: {", "python: {installer: pip, ")?;
    site.deployer(&PUSH)?
        .expect(7)?
        .says("only uv reads `uv.lock`")?;
    coherent(web)?;
    tidy(web)
}

/// What is live, locked: one package in one file, and the others in another.
fn two_files_with_hashes(site: &Site) -> Result<()> {
    let web = site.web();
    let lock = web.sh(r#"while IFS== read -r name _ version; do
    wheel=$(find /opt/wheels -iname "$(echo "$name" | tr - _)-$version-*.whl")
    echo "$name==$version --hash=sha256:$(sha256sum <"$wheel" | cut -d' ' -f1)"
done </srv/hello/current/venv/.complete"#)?;
    let (one, others): (Vec<&str>, Vec<&str>) =
        lock.lines().partition(|line| line.starts_with("click=="));
    let locked =
        "python: {requirements: [base.txt, locks/more.txt], require_hashes: true}\nstatic:";
    site.edit("deploy.yaml", "static:", locked)?;
    fs::create_dir(site.app.path().join("locks"))?;
    fs::write(site.app.path().join("locks/more.txt"), one.join("\n"))?;
    write(site, "base.txt", &others.join("\n"))?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("virtualenv built")?
        .says_not("not pinned")?;
    ensure!(coherent(web)?.click == "8.1.8");
    let names: BTreeSet<String> = lock
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .collect();
    ensure!(installed(web)? == names, "{:?}", installed(web)?);

    let before = print(web)?;
    let wrong = one.join("\n").replace("sha256:", "sha256:0");
    write(site, "locks/more.txt", &wrong[..wrong.len() - 1])?;
    let refused = |says: &str| {
        site.deployer(&PUSH)?
            .expect(7)?
            .says("the packages cannot be installed on deploy@web1")?
            .says("nothing was changed")?
            .says(says)?
            .says("hint: correct what the installer names, in the requirements or on the host; `deployer push production -v` shows all")?;
        same(&before, &print(web)?)
    };
    refused("DO NOT MATCH THE HASHES")?;
    // One hash anywhere and the installer asks for all of them; without any it has to be told to.
    fs::write(
        site.app.path().join("base.txt"),
        "flask==3.1.3\ngunicorn==27.0.1\n",
    )?;
    write(site, "locks/more.txt", "click==8.1.8\n")?;
    refused("Hashes are required in --require-hashes mode")?;
    site.edit("deploy.yaml", locked, "static:")
}

/// One that the host lacks, from a place of downloads that its administrator named.
fn python_by_uv(site: &Site, older: &Image) -> Result<()> {
    let web = site.web();
    site.edit(
        "deploy.yaml",
        "python: {",
        "python: {version: '3.11', from: uv, ",
    )?;
    site.deployer(&PUSH)?
        .expect(6)?
        .says("uv cannot bring python 3.11 to deploy@web1")?
        .says("nothing was changed")?;
    let archive = web.root_path().join("opt/python.tar.gz");
    let packed = Command::new("tar")
        .arg("-C")
        .arg(older.root.join("usr"))
        .args(["--transform=s,^,python/,", "-czf"])
        .arg(archive)
        .args(["bin/python3.11", "lib/python3.11"])
        .status()?;
    ensure!(packed.success(), "no archive");
    web.sh(DOWNLOADS)?;
    site.deployer(&PUSH)?
        .expect(0)?
        .says("python: 3.11 (missing)")?
        .says("takeover: replace (packages)")?;
    let of_workers = "readlink /proc/$(pgrep -u hello -o gunicorn)/exe";
    let program = web.sh(of_workers)?;
    ensure!(
        program.starts_with("/srv/hello/venvs/.python-3.11-2")
            && program.ends_with("/bin/python3.11"),
        "{program}"
    );
    ensure!(
        web.sh("ls -A ~deploy/.local/bin ~deploy/.local/share/uv/python 2>/dev/null; :")?
            .is_empty()
    );
    site.change()?;
    site.deployer(&PUSH)?.expect(0)?.says_not("python: ")?;
    coherent(web)?;
    tidy(web)?;
    site.edit("deploy.yaml", "version: '3.11', from: uv, ", "")
}

/// What uv is told of Pythons to be had, on this host.
const DOWNLOADS: &str = r#"
cd /opt
cat >downloads.json <<END
{"cpython-3.11.2-linux-x86_64-gnu": {
    "name": "cpython", "arch": {"family": "$(uname -m)", "variant": null}, "os": "linux", "libc": "gnu",
    "major": 3, "minor": 11, "patch": 2, "prerelease": "", "variant": null, "build": null,
    "url": "file:///opt/python.tar.gz", "sha256": "$(sha256sum <python.tar.gz | cut -d' ' -f1)"}}
END
cat >/etc/uv/uv.toml <<END
no-index = true
find-links = ["/opt/wheels", "/opt/wheels-3.11"]
python-downloads = "manual"
python-downloads-json-url = "file:///opt/downloads.json"
END
"#;

/// Writes a file of the app and commits it.
fn write(site: &Site, file: &str, text: &str) -> Result<()> {
    fs::write(site.app.path().join(file), text)?;
    site.commit()?;
    Ok(())
}

/// Key of the live virtualenv.
fn key(host: &Machine) -> Result<String> {
    let link = host.sh("readlink /srv/hello/current/venv")?;
    let key = link.rsplit('/').next().context("no key")?;
    Ok(key.to_owned())
}

/// The names of what the live virtualenv holds.
fn installed(host: &Machine) -> Result<BTreeSet<String>> {
    let list = host.sh("cat /srv/hello/current/venv/.complete")?;
    let names = list.lines().map(|line| line.split(['=', ' ']).next());
    Ok(names.flatten().map(ToOwned::to_owned).collect())
}
