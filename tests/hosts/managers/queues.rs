//! Celery and RQ under the other managers: whatever happens to the workers, each task is accounted for.

use anyhow::{Context as _, Result};

use super::{Case, PUSH};
use crate::machines::Options;
use crate::processes::queues::Queue;
use crate::site::Site;

const TASKS: usize = 1000;

/// The broker's unit is the host's: only its own systemd can be told to wait for it.
const AFTER: &str = "service:\n  after: [redis-server]";

#[test]
#[ignore = "a part of `make soak`"]
fn no_task_is_lost_under_supervisord_of_a_host() -> Result<()> {
    loses_no_task(
        Case::of_the_host("{manager: supervisor}"),
        "systemctl -q enable --now supervisor",
    )
}

#[test]
#[ignore = "a part of `make soak`"]
fn no_task_is_lost_under_supervisord_of_a_login() -> Result<()> {
    loses_no_task(Case::rootless("{manager: supervisor, scope: user}"), ":")
}

#[test]
#[ignore = "a part of `make soak`"]
fn no_task_is_lost_under_systemd_of_a_login() -> Result<()> {
    loses_no_task(
        Case::rootless("{scope: user}"),
        "loginctl enable-linger deploy",
    )
}

/// `before` is what the host's administrator does.
fn loses_no_task(case: Case, before: &str) -> Result<()> {
    let broker = Options {
        packages: vec!["redis-server"],
        ..Options::with_uv()
    };
    let site = Site::of("celery", &[broker])?;
    let web = site.web();
    case.logs_in(&site)?;
    web.sh(before)?;
    let celery = Queue {
        web,
        root: case.root,
        port: case.port,
        began: Some("began"),
    };
    let rq = Queue {
        began: None,
        ..celery
    };
    for (example, queue) in [("celery", celery), ("rq", rq)] {
        println!("{example} under {}", case.service);
        site.take(example)?;
        site.edit("deploy.yaml", AFTER, "#")?;
        if example == "celery" {
            site.edit(
                "tasks.py",
                "\"visibility_timeout\": 3600",
                "\"visibility_timeout\": 30",
            )?;
        }
        case.asks(&site)?;
        site.commit()?;
        site.set_up(case.login)?;
        site.deployer(&PUSH)?.expect(0)?;
        queue.survives(&site, TASKS).context(example)?;
    }
    Ok(())
}
