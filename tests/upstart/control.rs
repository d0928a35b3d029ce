//! The shell that asks Upstart and tells it what to do, against every answer that was measured on 1.12 and 1.13: an
//! `initctl` gives these answers and notes what it was told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const ANSWERS: &str = r#"#!/bin/sh
# `status` says what a file has; whatever else, what its own file has, and then the state may be another.
cd "${0%/*}" || exit
case $1 in
  version) cat version ;;
  status)
    cat noise >&2 2>/dev/null
    # What begins with its own name is an error.
    if grep -q ^initctl: state; then cat state >&2 && exit 1; fi
    cat state ;;
  *)
    echo "$*" >>told
    [ ! -e after ] || mv after state
    cat "$1.says" >&2 2>/dev/null
    exec sh -c "$(cat "$1.ends" 2>/dev/null)" ;;
esac
"#;

/// A directory with an `initctl` in it, whose state is this.
struct Upstart(tempfile::TempDir);

impl Upstart {
    fn with(state: &str) -> Self {
        let upstart = Self(tempfile::tempdir().unwrap());
        upstart.program("initctl", ANSWERS);
        upstart.has("state", state);
        upstart
    }

    fn program(&self, name: &str, text: &str) {
        self.has(name, text);
        let path = self.0.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn has(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    /// What this verb ends with, and what the state is from then on.
    fn answers(self, verb: &str, status: u8, after: &str) -> Self {
        self.has(&format!("{verb}.ends"), &format!("exit {status}"));
        self.has("after", after);
        self
    }

    /// Exit status and standard output of a line of shell.
    fn run(&self, shell: &str, line: &str) -> (i32, String) {
        let here = self.0.path().display();
        let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/script/manager");
        // sudo is another test's.
        let text = format!(
            "APP=polls ROOT=/srv/polls PATH={here}:$PATH
             sudo() {{ while :; do case $1 in -*) shift ;; *) break ;; esac; done; \"$@\"; }}
             refuse() {{ echo \"refused $*\"; exit 6; }}
             word() {{ printf %s \"$1\"; }}
             . {0}/upstart.sh && . {0}/upstart_setup.sh
             INITCTL={here}/initctl
             {line}",
            library.display()
        );
        let said = Command::new(shell).args(["-c", &text]).output().unwrap();
        assert!(said.stderr.is_empty(), "{shell} {line}: {said:?}");
        let text = String::from_utf8(said.stdout).unwrap();
        (said.status.code().unwrap(), text.trim_end().to_owned())
    }

    fn told(&self) -> String {
        fs::read_to_string(self.0.path().join("told")).unwrap_or_default()
    }
}

const SHELLS: [&str; 2] = ["dash", "bash"];

/// B2: the first line alone counts, and of a job that runs only `start/running`.
#[test]
fn each_state_is_understood() {
    for (slot, said, word) in [
        ("a", "polls-a start/running, process 1118", "active"),
        ("a", "polls-a stop/waiting", "inactive"),
        ("a", "polls-a stop/killed, process 3910", "deactivating"),
        ("a", "polls-a start/spawned, process 12", "activating"),
        (
            "a",
            "polls-a start/post-start, process 3471\n\tpost-start process 3472",
            "activating",
        ),
        (
            "a",
            "polls-a stop/post-start, process 3471\n\tpost-start process 3472",
            "deactivating",
        ),
        // Without a process of its own.
        ("workers", "polls-workers start/running", "active"),
        (
            "worker-celery@1",
            "polls-worker-celery (1) start/running, process 4244",
            "active",
        ),
        (
            "worker-celery@1",
            "polls-worker-celery (1) stop/killed, process 4244",
            "deactivating",
        ),
        ("a", NO_JOB, "inactive"),
        ("worker-celery@1", NO_INSTANCE, "inactive"),
        // Nobody can tell, least of all that it does not run.
        ("a", NO_BUS, "unknown"),
        ("worker-celery@1", "", "unknown"),
        // Another job whose name only begins the same.
        ("a", "polls-ab start/running, process 1", "unknown"),
    ] {
        for shell in SHELLS {
            let upstart = Upstart::with(&format!("{said}\n"));
            let found = upstart.run(shell, &format!("unit_state {slot}; echo $activity"));
            assert_eq!(found, (0, word.to_owned()), "{shell}: {said}");
        }
    }
}

/// What stands ahead of it is anybody's: standard error is in the same pipe, and its lines come first.
#[test]
fn an_answer_is_found_behind_noise() {
    for (slot, said, word) in [
        ("a", RUNS, "active"),
        (
            "worker-celery@1",
            "polls-worker-celery (1) start/running, process 4244\n",
            "active",
        ),
        (
            "a",
            "polls-a stop/post-start, process 3471\n\tpost-start process 3472\n",
            "deactivating",
        ),
        ("a", NO_JOB, "inactive"),
        ("worker-celery@1", NO_INSTANCE, "inactive"),
        ("a", NO_BUS, "unknown"),
        ("a", "", "unknown"),
    ] {
        for shell in SHELLS {
            let upstart = Upstart::with(said);
            upstart.has("noise", NOISE);
            let found = upstart.run(shell, &format!("unit_state {slot}; echo $activity"));
            assert_eq!(found, (0, word.to_owned()), "{shell}: {said}");
        }
    }
}

const NOISE: &str = "ERROR: ld.so: object 'libeatmydata.so' from LD_PRELOAD cannot be preloaded: ignored.\n\
                     ERROR: ld.so: object 'polls-a' from LD_PRELOAD cannot be preloaded: ignored.\n";
const RUNS: &str = "polls-a start/running, process 1118\n";
const STOPPED: &str = "polls-a stop/waiting\n";
const NO_JOB: &str = "initctl: Unknown job: polls-a\n";
const NO_INSTANCE: &str = "initctl: Unknown instance: \n";
const NO_BUS: &str = "initctl: Unable to connect to system bus: Failed to connect to socket\n";

/// B2, B3: what is so already is no failure, whatever the exit status; what is not so is one.
#[test]
fn the_state_counts_and_not_the_status() {
    let quiet = |line: &str| format!("{line} 2>/dev/null");
    for (upstart, line, ends, told) in [
        (Upstart::with(RUNS), "unit start a", 0, ""),
        (Upstart::with(STOPPED), "unit stop a", 0, ""),
        (Upstart::with(NO_JOB), "unit stop a", 0, ""),
        // No answer at all is no reason to believe that it has stopped.
        (
            Upstart::with(NO_BUS).answers("stop", 1, NO_BUS),
            "unit stop a",
            1,
            "stop polls-a\n",
        ),
        (
            Upstart::with(STOPPED).answers("start", 0, RUNS),
            "unit start a",
            0,
            "start polls-a\n",
        ),
        // What is stopping still is waited for by `start` itself.
        (
            Upstart::with("polls-a stop/killed, process 3910\n").answers("start", 0, RUNS),
            "unit start a",
            0,
            "start polls-a\n",
        ),
        // "Job is already running": somebody else was faster.
        (
            Upstart::with(STOPPED).answers("start", 1, RUNS),
            "unit start a",
            0,
            "start polls-a\n",
        ),
        // "Job failed to start", and without sudo "Rejected send message".
        (
            Upstart::with(STOPPED).answers("start", 1, STOPPED),
            "unit start a",
            1,
            "start polls-a\n",
        ),
        // `Method "Get" ... doesn't exist`: its file is gone or broken, and it has stopped.
        (
            Upstart::with(RUNS).answers("stop", 1, NO_JOB),
            "unit stop a",
            0,
            "stop polls-a\n",
        ),
        (
            Upstart::with(RUNS).answers("stop", 1, RUNS),
            "unit stop a",
            1,
            "stop polls-a\n",
        ),
        (Upstart::with(RUNS), "unit reload a", 0, "reload polls-a\n"),
        // "Unknown instance": nothing runs that could reload.
        (
            Upstart::with(STOPPED).answers("reload", 1, STOPPED),
            "unit reload a",
            1,
            "reload polls-a\n",
        ),
        // B8: an instance is named with its number, or Upstart knows none.
        (
            Upstart::with(NO_INSTANCE).answers("start", 0, ""),
            "unit start worker-celery@12",
            0,
            "start polls-worker-celery NUMBER=12\n",
        ),
        (
            Upstart::with("polls-worker-celery (12) start/running, process 9\n").answers(
                "stop",
                0,
                NO_INSTANCE,
            ),
            "unit stop worker-celery@12",
            0,
            "stop polls-worker-celery NUMBER=12\n",
        ),
        (
            Upstart::with(""),
            "load_definitions",
            0,
            "reload-configuration\n",
        ),
    ] {
        assert_eq!(upstart.run("dash", &quiet(line)).0, ends, "{line}: {told}");
        assert_eq!(upstart.told(), told, "{line}");
    }
}

/// "Job has already been stopped": somebody else's `stop` is under way, and is not over before its process is.
#[test]
fn what_is_stopping_already_is_waited_for() {
    for (after, ends) in [(STOPPED, 0), (RUNS, 1), (NO_BUS, 1)] {
        for shell in SHELLS {
            let upstart = Upstart::with("polls-a stop/killed, process 3910\n");
            upstart.has("stop.ends", "exit 1");
            upstart.has("later", after);
            let here = upstart.0.path().display();
            let line = format!("sleep() {{ mv {here}/later {here}/state; }}; unit stop a");
            assert_eq!(
                upstart.run(shell, &line),
                (ends, String::new()),
                "{shell}: {after}"
            );
        }
    }
}

/// B3: a broken file in the place of a good one takes the job away, so each is checked under a name that ends in `.conf`.
#[test]
fn a_broken_definition_is_found_before_it_is_installed() {
    let upstart = Upstart::with("");
    upstart.program(
        "init-checkconf",
        "#!/bin/sh\ncase $1 in *.conf) ! grep -q broken \"$1\" ;; *) exit 1 ;; esac\n",
    );
    let check = format!("check_definitions {}", upstart.0.path().display());
    upstart.has("polls-a.conf", "exec /bin/true\n");
    upstart.has("polls-worker-x.conf", "exec /bin/true\n");
    upstart.has("polls-notes.txt", "broken\n");
    for shell in SHELLS {
        assert_eq!(upstart.run(shell, &check).0, 0);
    }
    upstart.has("polls-worker-x.conf", "broken\n");
    for shell in SHELLS {
        assert_eq!(upstart.run(shell, &check).0, 1);
    }
}

/// B3: a file that is renamed over another is seen at once; a link, or what one leads to, is not.
#[test]
fn a_definition_is_a_regular_file_that_was_renamed() {
    let system = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/script/system.sh");
    for shell in SHELLS {
        let upstart = Upstart::with("");
        let here = upstart.0.path();
        fs::create_dir_all(here.join("store/unit_a")).unwrap();
        upstart.has("store/unit_a/0123", "new\n");
        upstart.has("elsewhere", "old\n");
        let job = here.join("polls-a.conf");
        let install = format!(
            ". {} && sync_file() {{ :; }} && STORE={here}/store && SYSTEM_TABLE='unit_a 0123 0644 {here}/polls-a.conf' && install_stored unit_a 0123",
            system.display(),
            here = here.display()
        );
        let links: [fn(PathBuf, &Path) -> std::io::Result<()>; 2] = [
            |from, to| fs::hard_link(from, to),
            |from, to| std::os::unix::fs::symlink(from, to),
        ];
        for link in links {
            let _ = fs::remove_file(&job);
            link(here.join("elsewhere"), &job).unwrap();
            assert_eq!(upstart.run(shell, &install), (0, String::new()));
            assert!(fs::symlink_metadata(&job).unwrap().is_file());
            assert_eq!(fs::read_to_string(&job).unwrap(), "new\n");
            let elsewhere = fs::read_to_string(here.join("elsewhere")).unwrap();
            assert_eq!(elsewhere, "old\n", "it was written in place");
        }
    }
}

/// B4: a terminal stands between a job and its log, so lines end as they do there.
#[test]
fn the_lines_of_a_log_are_plain() {
    let upstart = Upstart::with("");
    upstart.program(
        "tail",
        "#!/bin/sh\nprintf 'one\\r\\ntwo\\r\\n'; echo \"$3\"\n",
    );
    // The drop-in has Debian's own.
    let line = "sudo() { shift 2; tail \"$@\"; }; unit_lines worker-celery@2";
    let (_, said) = upstart.run("dash", line);
    assert_eq!(said, "one\ntwo\n/var/log/upstart/polls-worker-celery-2.log");
}

/// A service has a job or, as many on Ubuntu 14.04, a script for init; only Upstart itself can say that there is no job.
#[test]
fn a_service_that_nobody_knows_is_named() {
    for (state, noise, said) in [
        ("postgresql-9 stop/waiting\n", "", ""),
        ("initctl: Unknown job: postgresql-9\n", "", "postgresql-9"),
        (
            "initctl: Unknown job: postgresql-9\n",
            NOISE,
            "postgresql-9",
        ),
        // B8: a job of instances wants to be told which.
        ("initctl: Unknown parameter: N\n", "", ""),
        (NO_INSTANCE, "", ""),
        (NO_BUS, "", ""),
        (NO_BUS, NOISE, ""),
    ] {
        let upstart = Upstart::with(state);
        upstart.has("noise", noise);
        for shell in SHELLS {
            let found = upstart.run(shell, "unknown_services postgresql-9");
            assert_eq!(found, (0, said.to_owned()), "{shell}: {state}");
        }
    }
}

#[test]
fn an_upstart_that_is_too_old_is_refused() {
    for (version, ends) in [
        ("init (upstart 1.12.1)\n", 0),
        ("init (upstart 1.13.2)\n", 0),
        ("init (upstart 2.0)\n", 0),
        ("init (upstart 1.5)\n", 6),
        ("init (upstart 1.11)\n", 6),
        ("init (upstart 0.6.5)\n", 6),
        ("", 6),
    ] {
        let upstart = Upstart::with("");
        upstart.has("version", version);
        upstart.program("init-checkconf", "#!/bin/sh\n");
        for shell in SHELLS {
            let (found, said) = upstart.run(shell, "check_manager");
            assert_eq!(found, ends, "{shell} {version}: {said}");
        }
    }
}
