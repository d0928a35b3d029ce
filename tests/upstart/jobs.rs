//! Every job that is rendered, against what was measured.

use deployer::config::Config;
use deployer::files::host_files;
use deployer::plan::{File, Name, Place};
use deployer::template::Templates;

use crate::checker::{Job, read};

const FILE: &str = r#"
app: polls
repo: https://github.com/acme/polls.git
gunicorn: {app: 'polls.wsgi:application', bind: 8000, graceful_timeout: 45}
nginx: {server_name: polls.example.com}
service: {manager: upstart}
workers:
  celery: {command: celery -A polls worker, instances: 2, stop_timeout: 10m}
  mail-out: {command: [./send, "it's $HOME; 100 % # \\"], stop_signal: USR1, respawn: {count: 3, interval: 90s}}
schedules:
  nightly: {run: "./sweep 100 %", cron: "30 4 * * mon-fri"}
  often: {run: ./look, on_calendar: ["*:0/10", "daily"]}
environments: {production: {hosts: web1}}
"#;

fn files(source: &str) -> Vec<File> {
    let config = Config::parse(source, "deploy.yaml", "production")
        .unwrap_or_else(|errors| panic!("{errors}"));
    host_files(&config, "deploy", &Templates::new(None).unwrap()).unwrap()
}

/// The jobs by what stands in for `x` in `polls-x.conf`.
fn jobs(source: &str) -> Vec<(String, Job)> {
    let mut jobs = Vec::new();
    for file in files(source) {
        let Place::System(path) = &file.place else {
            continue;
        };
        let Some(name) = path.strip_prefix("/etc/init/polls-") else {
            continue;
        };
        let name = name
            .strip_suffix(".conf")
            .expect("what the checker of Upstart takes");
        jobs.push((
            name.to_owned(),
            read(&file.content).unwrap_or_else(|error| panic!("{name}: {error}")),
        ));
    }
    jobs
}

fn job(name: &str) -> Job {
    let found = jobs(FILE).into_iter().find(|(found, _)| found == name);
    found.unwrap_or_else(|| panic!("no job {name}")).1
}

#[test]
fn each_is_good() {
    let names: Vec<_> = jobs(FILE).into_iter().map(|(name, _)| name).collect();
    let wanted = [
        "a",
        "b",
        "trial",
        "recover",
        "worker-celery",
        "worker-mail-out",
        "workers",
        "listen",
    ];
    // A `/` would be a directory, and part of the name of a log.
    assert_eq!(names, wanted);
}

/// B4: without setgid the job keeps root's groups; no HOME and no LANG but ours.
#[test]
fn a_generation_runs_as_the_app_and_nobody_else() {
    for slot in ["a", "b", "trial"] {
        let job = job(slot);
        assert_eq!(
            (&*job.stanzas["setuid"], &*job.stanzas["setgid"]),
            (&["polls".to_owned()][..], &["polls".to_owned()][..])
        );
        assert_eq!(job.env["HOME"], "/srv/polls/shared");
        assert_eq!(job.env["LANG"], "C.UTF-8");
        assert_eq!(job.stanzas["umask"], ["0027"]);
        // Not a release's: `chdir` follows a link once, and a reload would fail when that release is gone.
        assert_eq!(job.stanzas["chdir"], ["/srv/polls"]);
        // B1: both, or the file is none.
        assert_eq!(job.stanzas["limit nofile"], ["nofile", "16384", "16384"]);
        assert_eq!(job.stanzas["console"], ["log"]);
    }
    // Its output is a terminal's, which nobody but root can open by a name.
    for file in files(FILE) {
        assert!(!file.content.contains("/dev/std"), "{}", file.content);
    }
}

/// B4: `setuid` is for what comes before a process too, and these have to make directories and start jobs.
#[test]
fn what_starts_the_others_is_roots() {
    for name in ["recover", "workers"] {
        assert!(!job(name).stanzas.contains_key("setuid"), "{name}");
    }
    // B1: init-checkconf takes what follows it for shell, so it comes last.
    let workers = job("workers");
    assert_eq!(
        workers.stanzas["pre-start"],
        ["exec", "/bin/sh", "/etc/deployer/polls/boot.sh", "workers"]
    );
    assert!(workers.exec.is_none() && workers.script.is_none());
    let text = files(FILE);
    let text = text
        .iter()
        .find(|file| matches!(&file.place, Place::System(path) if path.ends_with("-workers.conf")));
    let last = text.unwrap().content.lines().last().unwrap();
    assert!(last.starts_with("pre-start exec "), "{last}");
}

/// B2: what ends has a limit of times and of time, and is stopped no sooner than its requests are.
#[test]
fn a_generation_is_started_again_within_limits() {
    for slot in ["a", "b"] {
        let job = job(slot);
        assert_eq!(job.stanzas["respawn limit"], ["limit", "5", "60"]);
        assert_eq!(job.stanzas["normal exit"], ["exit", "0"]);
        assert_eq!(job.stanzas["kill timeout"], ["timeout", "55"]);
        assert_eq!(
            job.exec.unwrap(),
            format!("/srv/polls/slots/{slot}/venv/bin/gunicorn -c /srv/polls/slots/{slot}.py")
        );
    }
    assert!(!job("trial").stanzas.contains_key("respawn"));
    let unlimited = FILE.replace("manager: upstart", "manager: upstart, respawn: unlimited");
    assert_eq!(
        jobs(&unlimited)[0].1.stanzas["respawn limit"],
        ["limit", "unlimited"]
    );
}

/// B6: a release has its own gunicorn and its own packages, and several apps of one user share no control socket.
#[test]
fn a_generation_has_its_releases_gunicorn() {
    let files = files(FILE);
    let own = files.iter().find(|file| file.name == Name::GunicornConf);
    assert!(
        own.unwrap()
            .content
            .contains("\ncontrol_socket_disable = True\n")
    );
    for slot in ["a", "b"] {
        let command = job(slot).exec.unwrap();
        // A slot is a link to the release that was live when the generation started.
        assert!(command.starts_with(&format!("/srv/polls/slots/{slot}/venv/bin/gunicorn ")));
    }
}

/// Another server too: what starts it lies in the release that its slot leads to.
#[test]
fn a_server_of_ones_own_starts_in_its_slot() {
    let gunicorn = "gunicorn: {app: 'polls.wsgi:application', bind: 8000, graceful_timeout: 45}";
    let own = "server: {command: 'uvicorn polls:app --uds $DEPLOYER_SOCKET', stop_timeout: 45}";
    let source = FILE.replace(gunicorn, own);
    for (name, job) in jobs(&source) {
        if ["a", "b", "trial"].contains(&name.as_str()) {
            assert_eq!(job.stanzas["chdir"], [format!("/srv/polls/slots/{name}")]);
            assert!(
                job.exec
                    .unwrap()
                    .ends_with(&format!("/bin/sh .deployer/server {name}"))
            );
        }
    }
}

/// B8: told apart by a number that whoever starts it gives; asked to leave as the pool of Celery heeds it.
#[test]
fn a_worker_is_an_instance_of_its_job() {
    let celery = job("worker-celery");
    assert_eq!(celery.stanzas["instance"], ["$NUMBER"]);
    // What Upstart says to whoever gives none.
    assert_eq!(celery.stanzas["usage"], ["NUMBER=<number>"]);
    assert_eq!(
        celery.exec.unwrap(),
        "/bin/sh .deployer/worker-celery $NUMBER"
    );
    assert_eq!(celery.stanzas["chdir"], ["/srv/polls/current"]);
    assert_eq!(celery.stanzas["kill signal"], ["signal", "INT"]);
    assert_eq!(celery.stanzas["kill timeout"], ["timeout", "600"]);
    assert_eq!(celery.stanzas["respawn limit"], ["limit", "unlimited"]);
    let mail = job("worker-mail-out");
    assert_eq!(mail.stanzas["kill signal"], ["signal", "USR1"]);
    assert_eq!(mail.stanzas["respawn limit"], ["limit", "3", "90"]);
    for worker in [&celery.stanzas, &mail.stanzas] {
        assert_eq!(worker["setuid"], ["polls"]);
        assert_eq!(worker["setgid"], ["polls"]);
    }
    // The environment is a file that the launcher reads: nothing of the app's stands in a job that anybody can read.
    assert_eq!(celery.env.len(), 4);
}

/// B7: one event starts everything, and a job is stopped with the host; a program starts what is live.
#[test]
fn one_job_starts_with_the_host() {
    for (name, job) in jobs(FILE) {
        let starts = job.stanzas.get("start on");
        assert_eq!(starts.is_some(), name == "recover", "{name}");
        if name == "recover" {
            assert_eq!(starts.unwrap()[..], ["on", "runlevel", "[2345]"]);
            assert!(job.stanzas.contains_key("task"));
        } else if name.starts_with("worker-") {
            assert_eq!(
                job.stanzas["stop on"],
                [
                    "on",
                    "stopping",
                    "polls-workers",
                    "or",
                    "runlevel",
                    "[!2345]"
                ]
            );
        } else if name != "trial" {
            assert_eq!(job.stanzas["stop on"], ["on", "runlevel", "[!2345]"]);
        }
    }
}

/// B5: a `=` or any quote would put a shell in between; HUP goes to the main process, which has to be gunicorn's.
#[test]
fn no_shell_stands_between_a_job_and_its_program() {
    for (name, job) in jobs(FILE) {
        let Some(command) = job.exec else {
            assert_eq!(name, "workers", "a job without a process");
            continue;
        };
        // The one word that a shell has to read, which then becomes the program.
        let command = command.trim_end_matches(" $NUMBER");
        assert!(
            command.starts_with('/')
                && !command.contains(|letter| "~`!$^&*()=|\\{}[];\"'<>?".contains(letter)),
            "{name}: {command}"
        );
        // B3: a reload signal of one's own makes older Upstarts refuse the file; HUP is the default.
        assert!(!job.stanzas.contains_key("reload signal"));
    }
}

/// Exactly these, and what is asked for cannot be more.
#[test]
fn a_login_may_switch_its_jobs() {
    let files = files(FILE);
    let rules = files.iter().find(|file| file.mode == 0o440).unwrap();
    for line in rules.content.lines().filter(|line| line.contains("(root)")) {
        let command = line.split("NOPASSWD: ").nth(1).unwrap();
        // B3: a `restart` would start the old definition again.
        let verb = command
            .strip_prefix("/sbin/initctl ")
            .and_then(|rest| rest.split(' ').next());
        assert!(
            verb.is_some_and(|verb| ["start", "stop", "reload"].contains(&verb))
                || command.starts_with("/usr/bin/tail -n 20 /var/log/upstart/polls-"),
            "{line}"
        );
        // A bracket stands for one digit.
        let plain = ["[1-9]", "[0-9]"]
            .into_iter()
            .fold(command.to_owned(), |line, digit| line.replace(digit, ""));
        assert!(!plain.contains(['*', '[', '?']), "{line}");
    }
}

/// Without timers, cron: five times, the app's user, and a program whose words are none of the user's.
#[test]
fn a_schedule_is_crons() {
    let mut lines = Vec::new();
    for file in files(FILE) {
        let Place::System(path) = &file.place else {
            continue;
        };
        let Some(name) = path.strip_prefix("/etc/cron.d/") else {
            continue;
        };
        // cron skips files with a dot in their name.
        assert!(
            name.starts_with("deployer-polls-") && !name.contains('.'),
            "{name}"
        );
        assert!(file.content.ends_with('\n'));
        let own = file
            .content
            .lines()
            .filter(|line| line.starts_with(|start: char| start.is_ascii_digit() || start == '*'));
        lines.extend(own.map(str::to_owned));
    }
    let script = "/etc/deployer/polls/schedule";
    assert_eq!(
        lines,
        [
            format!("30 4 * * 1,2,3,4,5 polls /bin/sh {script}-nightly.sh"),
            format!("0,10,20,30,40,50 * * * * polls /bin/sh {script}-often.sh"),
            format!("0 0 * * * polls /bin/sh {script}-often.sh"),
        ]
    );
}

#[test]
fn what_it_cannot_say_is_refused() {
    for (asked, says) in [
        ("memory_max: 1g", "Upstart limits no memory"),
        ("hardening: basic", "Upstart has no sandbox"),
        ("after: [redis.service]", "a unit of systemd"),
        ("scope: user", "Upstart's jobs are root's"),
    ] {
        let source = FILE.replace("manager: upstart", &format!("manager: upstart, {asked}"));
        let errors = Config::parse(&source, "deploy.yaml", "production").expect_err(asked);
        assert!(
            errors.render(false).contains(says),
            "{}",
            errors.render(false)
        );
    }
}
