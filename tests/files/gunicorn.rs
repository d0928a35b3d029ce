use std::fs;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cache::run;
use crate::tree::{Tree, real};
use crate::{cache, cases, http};

const APP: &str = r"
import json, os
import part

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/json')])
    seen = {key: value for key, value in os.environ.items() if key.startswith(('T_', 'DEPLOYER_'))}
    seen['part'] = part.NAME
    return [json.dumps(seen).encode()]
";

/// Start, reload forward and back, lose the first release, kill a worker, stop.
fn lives(version: &str) {
    let tree = Tree::new(version);
    let odd = " a\"b \\ $HOME `id` it's\n-----BEGIN\r\n\tz \u{fc} \n";
    tree.add(
        "r1",
        APP,
        &[("T_ODD", odd), ("T_GONE", "1"), ("T_UNIT", "set")],
    );
    tree.add("r2", APP, &[("T_ODD", "two")]);
    tree.point("a", "r1");
    let running = tree.start("a");

    let reports = running.proven(&real(&tree.release("r1")), 2);
    let report = &reports[0];
    assert_eq!(report["cwd"], json!(real(&tree.release("r1"))));
    assert_eq!(report["prefix"], json!(tree.venv));
    assert_eq!(report["master"], json!(running.master.id()));
    assert!(report["import"].as_f64().unwrap() < 30.0, "{report}");
    assert_eq!(
        report["start"],
        json!(start_time(&report["pid"])),
        "{report}"
    );
    assert_eq!(
        running.answer(),
        json!({
            "part": "r1", "T_ODD": odd, "T_GONE": "1", "T_UNIT": "set", "DEPLOYER_RELEASE": "r1",
        })
    );

    tree.point("a", "r2");
    running.signal("-HUP");
    running.proven(&real(&tree.release("r2")), 2);
    let second = json!({"part": "r2", "T_ODD": "two", "T_UNIT": "kept", "DEPLOYER_RELEASE": "r2"});
    assert_eq!(running.answer(), second);

    tree.point("a", "r1");
    running.signal("-HUP");
    running.proven(&real(&tree.release("r1")), 2);
    assert_eq!(running.answer()["part"], "r1");

    tree.point("a", "r2");
    running.signal("-HUP");
    let old = running.proven(&real(&tree.release("r2")), 2);
    fs::remove_dir_all(tree.release("r1")).unwrap();
    running.signal("-HUP");
    // Of the same release as those before them.
    let before = http::until("other workers", || {
        let now = running.proven(&real(&tree.release("r2")), 2);
        let stays = |new: &Value| old.iter().any(|old| old["pid"] == new["pid"]);
        (!now.iter().any(stays)).then_some(now)
    });
    assert_eq!(running.answer(), second);

    let killed = before[0]["pid"].to_string();
    run(Command::new("kill").args(["-KILL", &killed]));
    http::until("the killed worker's report is gone", || {
        (!running.run.join("workers").join(&killed).exists()).then_some(())
    });
    running.proven(&real(&tree.release("r2")), 2);

    let workers = running.run.join("workers");
    drop(running);
    assert_eq!(fs::read_dir(workers).unwrap().count(), 0);
}

fn start_time(pid: &Value) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(19)
        .unwrap()
        .parse()
        .unwrap()
}

/// A trial has one worker, knows what it is, and shows why a release cannot boot.
fn tries(version: &str) {
    let tree = Tree::new(version);
    tree.add(".r1.part", APP, &[]);
    tree.point("trial", ".r1.part");
    let trial = tree.start("trial");
    trial.proven(&real(&tree.release(".r1.part")), 1);
    assert_eq!(
        trial.answer(),
        json!({
            "part": ".r1.part", "DEPLOYER_RELEASE": "r1", "DEPLOYER_TRIAL": "1", "T_UNIT": "kept",
        })
    );
    let run = trial.run.clone();
    drop(trial);

    tree.add("broken", "import nothing_of_this_name\n", &[]);
    tree.point("trial", "broken");
    let output = tree
        .command("trial")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("No module named 'nothing_of_this_name'"),
        "{said}"
    );
    assert_eq!(fs::read_dir(run.join("workers")).unwrap().count(), 0);

    tree.add("cut", APP, &[]);
    fs::write(
        tree.release("cut").join(".deployer/env"),
        "A=\"1\"\nB=\"half",
    )
    .unwrap();
    tree.point("trial", "cut");
    let output = tree
        .command("trial")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("no entry at line 2"),
        "{said}"
    );
    assert!(!said.contains("half"), "{said}");
}

/// A release that passed its trial and leaves by `sys.exit()` in service: the master stays, and says how often.
fn counts_what_leaves(version: &str) {
    let tree = Tree::new(version);
    tree.add("r1", APP, &[]);
    tree.add("r2", "raise SystemExit(1)\n", &[]);
    tree.point("a", "r1");
    let running = tree.start("a");
    running.proven(&real(&tree.release("r1")), 2);
    let entries = |failed: bool| {
        let entries = fs::read_dir(running.run.join("workers")).unwrap();
        let texts = entries.filter_map(|entry| {
            let path = entry.unwrap().path();
            let which = path.file_name()?.to_str()?.starts_with("failed.") == failed;
            which.then(|| fs::read_to_string(path).unwrap_or_default())
        });
        texts.collect::<Vec<_>>()
    };
    assert!(entries(true).is_empty());

    tree.point("a", "r2");
    running.signal("-HUP");
    let r2 = real(&tree.release("r2")).display().to_string();
    // The workers of before are gone too, and will not be taken for those of the way back. A file may be there before
    // its text.
    let seen = http::until("both workers have left", || {
        let failed = Some(entries(true)).filter(|failed| !failed.contains(&String::new()))?;
        (failed.len() >= 2 && entries(false).is_empty()).then_some(failed)
    });
    assert!(seen.iter().all(|release| *release == r2), "{seen:?}");

    tree.point("a", "r1");
    running.signal("-HUP");
    running.proven(&real(&tree.release("r1")), 2);
    let late = entries(true);
    assert!(late.is_empty(), "{late:?}");
}

/// With `preload`, the master imports the app: it needs path and environment as the workers do.
fn preloads(version: &str) {
    let mut tree = Tree::new(version);
    tree.conf = tree
        .conf
        .replace("preload_app = False", "preload_app = True");
    let app = format!("import os\nos.environ['T_SEEN'] = os.environ['T_SET']\n{APP}");
    tree.add("r1", &app, &[("T_SET", "by the file")]);
    tree.point("b", "r1");
    let running = tree.start("b");
    running.proven(&real(&tree.release("r1")), 2);
    let answer = running.answer();
    assert_eq!(answer["T_SEEN"], "by the file");
    assert_eq!(answer["part"], "r1");
}

/// Threads before gunicorn 24 drop connections that nobody has read yet: a reload would lose requests.
fn says_whether_it_drops(version: &str, hasty: bool) {
    for (class, drops) in [("sync", false), ("gthread", hasty)] {
        let tree = Tree::with(version, |config| {
            class.clone_into(&mut cases::gunicorn_of(config).worker_class);
        });
        tree.add("r1", APP, &[]);
        tree.point("a", "r1");
        let running = tree.start("a");
        let reports = running.proven(&real(&tree.release("r1")), 2);
        assert_eq!(reports[0]["hasty"], json!(drops), "{version} {class}");
    }
}

const ASGI: &str = r"
async def application(scope, receive, send):
    if scope['type'] == 'http':
        await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'connection', b'close')]})
        await send({'type': 'http.response.body', 'body': b'answered'})
";

fn with_uvicorn() -> Tree {
    let packages = [
        "gunicorn==27.0.1",
        "uvicorn==0.54.0",
        "uvicorn-worker==0.4.0",
    ];
    let venv = cache::venv("uvicorn-worker-0.4.0", &packages);
    let tree = Tree::of(venv, |config| {
        "uvicorn_worker.UvicornWorker".clone_into(&mut cases::gunicorn_of(config).worker_class);
    });
    tree.add("r1", ASGI, &[]);
    tree.point("a", "r1");
    tree
}

/// uvicorn's workers stay when their master is killed, and where no manager ends them the next master does.
#[test]
fn a_worker_that_was_left_behind_is_told_to_leave() {
    let tree = with_uvicorn();
    let mut first = tree.start("a");
    let left = LeftBehind(first.proven(&real(&tree.release("r1")), 2));
    first.master.kill().unwrap();
    first.master.wait().unwrap();
    // Else it would be signalled once more at its end, whoever has its number by then.
    std::mem::forget(first);
    sleep(Duration::from_secs(1));
    assert_eq!(left.living().count(), 2);

    let second = tree.start("a");
    http::until("those left behind have left", || {
        (left.living().count() == 0).then_some(())
    });
    second.proven(&real(&tree.release("r1")), 2);
}

/// The reports of workers that nobody else ends.
struct LeftBehind(Vec<Value>);

impl LeftBehind {
    fn living(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(|worker| {
            let stat = fs::read_to_string(format!("/proc/{}/stat", worker["pid"]));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        })
    }
}

impl Drop for LeftBehind {
    fn drop(&mut self) {
        for worker in self.living() {
            run(Command::new("kill").args(["-KILL", &worker["pid"].to_string()]));
        }
    }
}

/// They close what they have accepted and not read, if nobody gives them time.
#[test]
fn a_worker_of_uvicorn_reads_what_it_has_accepted() {
    let tree = with_uvicorn();
    let running = tree.start("a");
    let old = running.proven(&real(&tree.release("r1")), 2);
    let connect = |_| UnixStream::connect(running.run.join("gunicorn.sock")).unwrap();
    let mut silent: Vec<_> = (0..8).map(connect).collect();
    sleep(Duration::from_millis(300));
    running.signal("-HUP");
    // They look every 0.1 s whether they are to leave.
    sleep(Duration::from_millis(400));
    for stream in &mut silent {
        let answer = http::answer(stream, "GET / HTTP/1.1\r\nHost: polls.example.com\r\n\r\n");
        assert!(answer.contains("answered"), "{answer:?}");
    }
    http::until("the old workers have left", || {
        let reports = running.reports();
        let stays = |new: &Value| old.iter().any(|old| old["pid"] == new["pid"]);
        (!reports.iter().any(stays)).then_some(())
    });
}

#[test]
fn gunicorn_20() {
    lives("20.1.0");
    tries("20.1.0");
    counts_what_leaves("20.1.0");
    preloads("20.1.0");
    says_whether_it_drops("20.1.0", true);
}

#[test]
fn gunicorn_23() {
    lives("23.0.0");
    tries("23.0.0");
    counts_what_leaves("23.0.0");
    preloads("23.0.0");
    says_whether_it_drops("23.0.0", true);
}

#[test]
fn gunicorn_27() {
    lives("27.0.1");
    tries("27.0.1");
    counts_what_leaves("27.0.1");
    preloads("27.0.1");
    says_whether_it_drops("27.0.1", false);
}
