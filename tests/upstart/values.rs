//! Whatever a file asks of a job is what a reader of the job finds.

use std::collections::BTreeMap;

use deployer::config::Config;
use deployer::files::host_files;
use deployer::plan::Place;
use deployer::template::Templates;
use proptest::prelude::{Strategy, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner;

use crate::checker::{Job, read};

/// The jobs by what stands in for `x` in `APP-x.conf`.
fn jobs(app: &str, source: &str) -> BTreeMap<String, Job> {
    let config = Config::parse(source, "deploy.yaml", "production")
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let files = host_files(&config, "deploy", &Templates::new(None).unwrap()).unwrap();
    let own = files.into_iter().filter_map(|file| {
        let Place::System(path) = &file.place else {
            return None;
        };
        let name = path.strip_prefix(&format!("/etc/init/{app}-"))?;
        let job = read(&file.content).unwrap_or_else(|error| panic!("{error}\n{}", file.content));
        Some((name.strip_suffix(".conf").unwrap().to_owned(), job))
    });
    own.collect()
}

/// Without an end that a unit's name has.
fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?x"
}

fn root() -> impl Strategy<Value = String> {
    "/srv(/[A-Za-z0-9_.][A-Za-z0-9._-]{0,8}x){1,3}"
}

/// As a file has it, and as a job does; one that can be reached where so many seconds lie between two starts.
fn respawn(delay: u32) -> impl Strategy<Value = (String, Vec<String>)> {
    let limited = (1..=1000_u32, 1..=80_000_u32).prop_map(move |(count, more)| {
        let interval = delay * count + more;
        let words = ["limit".to_owned(), count.to_string(), interval.to_string()];
        (
            format!("{{count: {count}, interval: {interval}}}"),
            words.to_vec(),
        )
    });
    let unlimited = (
        "unlimited".to_owned(),
        vec!["limit".to_owned(), "unlimited".to_owned()],
    );
    prop_oneof![3 => limited, 1 => proptest::strategy::Just(unlimited)]
}

proptest! {
    #![proptest_config(test_runner::Config { cases: 100, failure_persistence: None, ..test_runner::Config::default() })]

    #[test]
    fn every_value_arrives_in_its_job(
        (app, user, root, worker) in (name(), name(), root(), name()),
        (umask, open_files) in ("0[0-7]{2}", 256..=1_048_576_u32),
        (of_app, of_worker) in (respawn(0), respawn(5)),
        (signal, patience, graceful) in (select(vec!["TERM", "INT", "QUIT", "USR1", "USR2"]), 1..=86_400_u32, 1..=3600_u32),
    ) {
        let source = format!(
            "app: {app}\nrepo: https://github.com/acme/polls.git\nroot: {root}\nuser: {user}\n\
             gunicorn: {{app: 'polls.wsgi:application', graceful_timeout: {graceful}}}\nnginx: false\n\
             service: {{manager: upstart, umask: '{umask}', open_files: {open_files}, respawn: {}}}\n\
             workers: {{{worker}: {{command: ./work, stop_signal: {signal}, stop_timeout: {patience}, respawn: {}}}}}\n\
             environments: {{production: {{hosts: deploy@web1}}}}\n",
            of_app.0, of_worker.0,
        );
        let jobs = jobs(&app, &source);
        let worker = format!("worker-{worker}");
        for (name, job) in &jobs {
            if matches!(name.as_str(), "recover" | "workers") {
                continue;
            }
            for (stanza, values) in [
                ("setuid", vec![user.clone()]),
                ("setgid", vec![user.clone()]),
                ("umask", vec![format!("0{umask}")]),
                ("limit nofile", vec!["nofile".to_owned(), open_files.to_string(), open_files.to_string()]),
            ] {
                assert_eq!(job.stanzas[stanza], values, "{name}");
            }
            assert_eq!(job.env["HOME"], format!("{root}/shared"));
            assert!(job.stanzas["description"][0].starts_with(&format!("{app} (")));
        }
        for slot in ["a", "b"] {
            assert_eq!(jobs[slot].stanzas["respawn limit"], of_app.1);
            assert_eq!(jobs[slot].stanzas["kill timeout"], ["timeout".to_owned(), (graceful + 10).to_string()]);
            assert_eq!(jobs[slot].stanzas["chdir"][0], root);
            let command = format!("{root}/slots/{slot}/venv/bin/gunicorn -c {root}/slots/{slot}.py");
            assert_eq!(jobs[slot].exec.as_ref().unwrap(), &command);
        }
        let worker = &jobs[&worker];
        assert_eq!(worker.stanzas["respawn limit"], of_worker.1);
        assert_eq!(worker.stanzas["kill signal"], ["signal", signal]);
        assert_eq!(worker.stanzas["kill timeout"], ["timeout".to_owned(), patience.to_string()]);
        assert_eq!(worker.stanzas["chdir"][0], format!("{root}/current"));
    }
}
