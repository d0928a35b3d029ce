use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use deployer::config::Config;
use deployer::plan::Place;

use crate::cases;

/// What `systemd-analyze verify` says about our own units; its exit status misses unknown keys.
fn verify(config: &Config, change: impl Fn(String) -> String) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    for slot in ["a", "b", "trial"] {
        let bin = dir.path().join(format!("root/slots/{slot}/venv/bin"));
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("gunicorn"), "").unwrap();
        fs::set_permissions(bin.join("gunicorn"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut units = Vec::new();
    for file in cases::moved(cases::rendered(config), config, dir.path()) {
        let Place::System(path) = &file.place else {
            continue;
        };
        if !path.ends_with(".service") {
            continue;
        }
        let name = Path::new(path).file_name().unwrap();
        fs::write(dir.path().join(name), change(file.content)).unwrap();
        units.push(dir.path().join(name));
    }
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(&units)
        .output()
        .unwrap();
    let ours = format!("{}-", config.app);
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines()
        .filter(|line| line.contains(&ours))
        .map(str::to_owned)
        .collect()
}

#[test]
fn systemd_has_nothing_to_say() {
    for config in [cases::small(), cases::full(), cases::bare(), cases::own()] {
        assert_eq!(verify(&config, |unit| unit), Vec::<String>::new());
    }
}

#[test]
fn a_wrong_key_would_be_seen() {
    let said = verify(&cases::small(), |unit| {
        unit.replace("KillMode=", "KillMood=")
    });
    assert!(
        said.iter().any(|line| line.contains("KillMood")),
        "{said:?}"
    );
}

/// A trial that could write there could pass for the live generation.
#[test]
fn a_slot_writes_only_in_its_own_directory() {
    let files = cases::rendered(&cases::small());
    for slot in ["a", "b", "trial"] {
        let unit = cases::content(&files, &format!("/etc/systemd/system/polls-{slot}.service"));
        let line = format!("ReadWritePaths=/srv/polls/shared /run/polls/{slot}\n");
        assert!(unit.contains(&line), "{unit}");
    }
}

#[test]
fn sudo_accepts_the_grants() {
    for config in [
        cases::small(),
        cases::full(),
        cases::supervised(),
        cases::upstart(),
    ] {
        let files = cases::rendered(&config);
        let sudoers = cases::content(&files, &format!("/etc/sudoers.d/deployer-{}", config.app));
        assert!(!sudoers.contains('*'), "{sudoers}");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("drop-in");
        fs::write(&file, sudoers).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        let output = Command::new("visudo")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .args(["-c", "-s", "-f"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}
