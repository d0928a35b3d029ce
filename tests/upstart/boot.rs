//! What starts with the host, with commands in place of Upstart and of init's scripts: nothing here is root's.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use deployer::config::Config;
use deployer::files::host_files;
use deployer::plan::Name;
use deployer::template::Templates;

/// `initctl status NAME` says what the file `NAME` has, an error by its own name; the rest is noted.
const INITCTL: &str = r#"#!/bin/sh
cd "${0%/*}" || exit
case $1 in
  status)
    [ -e "$2" ] || echo "initctl: Unknown job: $2" >"$2"
    if grep -q ^initctl: "$2"; then cat "$2" >&2 && exit 1; fi
    cat "$2" ;;
  *) echo "$*" >>told ;;
esac
"#;

/// Each second is over at once; a file called `soon` says what `postgresql` is after the third.
const SLEEP: &str = r#"#!/bin/sh
cd "${0%/*}" || exit
echo second >>told
[ "$(grep -c second told)" -ne 3 ] || [ ! -e soon ] || mv soon postgresql
"#;

/// A script for init, whose service runs where there is a file `running`.
const SERVICE: &str = "#!/bin/sh\ncd \"${0%/*}\" && [ -e running ]\n";

struct Host(tempfile::TempDir);

impl Host {
    /// One slot of the app is live.
    fn new() -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        let nothing = "#!/bin/sh\n";
        for (name, text) in [
            ("initctl", INITCTL),
            ("sleep", SLEEP),
            ("service", SERVICE),
            ("install", nothing),
            ("sudo", nothing),
        ] {
            host.has(name, text);
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(host.0.path().join(name), mode).unwrap();
        }
        for directory in ["init.d", "polls/slots"] {
            fs::create_dir_all(host.0.path().join(directory)).unwrap();
        }
        symlink("../releases/1", host.0.path().join("polls/slots/a")).unwrap();
        host
    }

    fn has(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    /// What it is told, and what is printed.
    fn boots(&self, shell: &str, after: &str) -> (String, String) {
        let here = self.0.path().display();
        let source = format!(
            "app: polls\nrepo: https://github.com/acme/polls.git\n\
             gunicorn: {{app: 'polls:app'}}\nnginx: {{server_name: polls.example.com}}\n\
             service: {{manager: upstart, after: {after}}}\nenvironments: {{production: {{hosts: web1}}}}\n"
        );
        let config = Config::parse(&source, "deploy.yaml", "production")
            .unwrap_or_else(|errors| panic!("{errors}"));
        let files = host_files(&config, "deploy", &Templates::new(None).unwrap()).unwrap();
        let script = files.into_iter().find(|file| file.name == Name::BootScript);
        let script = script.unwrap().content;
        let script = [("/etc/init.d", "init.d"), ("/srv/polls", "polls")]
            .iter()
            .fold(script, |text, (from, to)| {
                text.replace(from, &format!("{here}/{to}"))
            });
        self.has("boot.sh", &script);
        let output = Command::new(shell)
            .arg(self.0.path().join("boot.sh"))
            .env("PATH", format!("{here}:/usr/bin:/bin"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        let told = fs::read_to_string(self.0.path().join("told")).unwrap();
        (told, String::from_utf8(output.stdout).unwrap())
    }
}

const STARTED: &str = "start polls-a\n";

fn under_each_shell(after: &str, prepare: fn(&Host), told: &str, said: &str) {
    for shell in ["dash", "bash"] {
        let host = Host::new();
        prepare(&host);
        let found = host.boots(shell, after);
        assert_eq!(found, (told.to_owned(), said.to_owned()), "{shell}");
    }
}

#[test]
fn what_is_live_starts_with_the_host() {
    under_each_shell("[]", |_| {}, STARTED, "");
}

/// B7: in `start on`, both events would have to come again for each start.
#[test]
fn what_it_needs_starts_first() {
    let runs = |host: &Host| host.has("postgresql", "postgresql start/running, process 7\n");
    under_each_shell("[postgresql]", runs, STARTED, "");
    let soon = |host: &Host| {
        host.has("postgresql", "postgresql stop/waiting\n");
        host.has("soon", "postgresql start/running, process 7\n");
    };
    let told = "second\n".repeat(3) + STARTED;
    under_each_shell(
        "[postgresql, redis]",
        soon,
        &told,
        "there is no redis here\n",
    );
}

/// Nobody can tell meanwhile what there is.
#[test]
fn an_upstart_that_gives_no_answer_is_asked_again() {
    let soon = |host: &Host| {
        host.has("postgresql", "initctl: Unable to connect to system bus\n");
        host.has("soon", "postgresql start/running, process 7\n");
    };
    let told = "second\n".repeat(3) + STARTED;
    under_each_shell("[postgresql]", soon, &told, "");
}

#[test]
fn a_job_of_instances_is_not_waited_for() {
    let many = |host: &Host| host.has("redis", "initctl: Unknown parameter: N\n");
    let said = "redis has instances, and nobody says which to wait for\n";
    under_each_shell("[redis]", many, STARTED, said);
}

/// The order is kept as long as there is one, and a site that has to do without says so by itself.
#[test]
fn what_never_starts_keeps_nobody_away() {
    let never = |host: &Host| {
        host.has("postgresql", "postgresql start/pre-start, process 7\n");
        host.has("redis", "redis stop/waiting\n");
    };
    let told = "second\n".repeat(90) + STARTED;
    let said = "postgresql does not run yet\nredis does not run yet\n";
    under_each_shell("[postgresql, redis]", never, &told, said);
}

/// On Ubuntu 14.04 many a service is a script still, and Upstart knows no job of it.
#[test]
fn a_script_for_init_is_a_service_too() {
    let runs = |host: &Host| {
        host.has("init.d/postgresql", "");
        host.has("running", "");
    };
    under_each_shell("[postgresql]", runs, STARTED, "");
    let never = |host: &Host| host.has("init.d/postgresql", "");
    let told = "second\n".repeat(90) + STARTED;
    under_each_shell(
        "[postgresql]",
        never,
        &told,
        "postgresql does not run yet\n",
    );
}
