//! Everything that can die, at every step: the run's own log says when it is there.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::faults::{next_push_works, slow_site, use_takeover};
use crate::moment::{Log, kill_follower, kill_worker};
use crate::random::{Random, number, soak, thorough};
use crate::site::Site;
use crate::state::{coherent, tidy, wait_until_free};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    ClientKilled,
    ClientFrozen,
    LinkCut,
    /// What shows the client the run's log on the host, and hears its verbs.
    FollowerKilled,
    WorkerKilled,
    HostKilled,
}

const FAULTS: [Fault; 6] = [
    Fault::ClientKilled,
    Fault::ClientFrozen,
    Fault::LinkCut,
    Fault::FollowerKilled,
    Fault::WorkerKilled,
    Fault::HostKilled,
];

/// One cell of the matrix.
#[derive(Debug, Clone)]
struct Cell {
    fault: Fault,
    takeover: &'static str,
    command: &'static str,
    step: String,
    /// The host hears `go` no earlier than in the trial's last moment: before that, losing the client means abort.
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Between,
    After,
}

/// `DEPLOYER_TEST_KILLS` says how many of all; `make soak` makes each.
#[test]
fn i11_a_kill_at_any_step_leaves_a_whole_site() -> Result<()> {
    let mut random = Random::seeded()?;
    let site = slow_site()?;
    let mut cells = Vec::new();
    for takeover in ["reload", "replace"] {
        for command in ["push", "rollback"] {
            let steps = steps_of(&site, takeover, command)?;
            ensure!(steps.len() > 5, "{steps:?}");
            let trial = steps.iter().position(|step| step == "trial");
            let switch = steps
                .iter()
                .position(|step| ["start", "switch"].contains(&step.as_str()));
            for (index, step) in steps.into_iter().enumerate() {
                let half = match () {
                    () if Some(index) <= trial => Side::Before,
                    () if Some(index) < switch => Side::Between,
                    () => Side::After,
                };
                cells.extend(FAULTS.map(|fault| Cell {
                    fault,
                    takeover,
                    command,
                    step: step.clone(),
                    side: half,
                }));
            }
        }
    }
    // The first cell may be a rollback too, and needs a release to go back to.
    next_push_works(&site)?;
    let all = cells.len();
    if let Some(count) = number("DEPLOYER_TEST_KILLS") {
        cells = random.pick(cells, usize::try_from(count)?);
    } else if !soak() {
        // One at each step of a push, the kinds in rotation; where that is not CI, at half of the steps.
        let takeover = ["reload", "replace"][random.below(2)];
        let turn = random.below(FAULTS.len());
        cells.retain(|cell| cell.command == "push" && cell.takeover == takeover);
        let mut steps: Vec<_> = cells.chunks(FAULTS.len()).collect();
        if !thorough() {
            let half = steps.len() / 2;
            steps = random.pick(steps, half);
        }
        cells = steps
            .into_iter()
            .zip(turn..)
            .map(|(kinds, turn)| kinds[turn % FAULTS.len()].clone())
            .collect();
    }
    let (mut in_step, made) = (0, cells.len());
    for cell in cells {
        let what = format!(
            "{:?} at `{}` of a {} by {}",
            cell.fault, cell.step, cell.command, cell.takeover
        );
        let (hit, outcome) =
            strike(&site, &cell).with_context(|| format!("seed {}: {what}", random.seed()))?;
        in_step += usize::from(hit == format!("step {}", cell.step));
        println!("{what}: hit `{hit}`, {outcome}");
    }
    println!("{made} of {all} kills, {in_step} of them within the very step");
    Ok(())
}

/// An undisturbed run names its steps.
fn steps_of(site: &Site, takeover: &str, command: &str) -> Result<Vec<String>> {
    use_takeover(site, takeover)?;
    site.change()?;
    let log = Log::of_next(site.web());
    site.deployer(&[command, "production"])?.expect(0)?;
    let mut seen = BTreeSet::new();
    let mut steps = log.steps();
    steps.retain(|step| seen.insert(step.clone()));
    Ok(steps)
}

/// What the run's log said last when it was struck, and how it went on.
fn strike(site: &Site, cell: &Cell) -> Result<(String, &'static str)> {
    let web = site.web();
    use_takeover(site, cell.takeover)?;
    let old = coherent(web)?;
    site.change()?;
    let log = Log::of_next(web);
    let run = site.start(&[cell.command, "production"])?;
    log.wait_for(&format!("step {}", cell.step))?;
    let hit;
    match cell.fault {
        Fault::ClientKilled => {
            run.kill()?;
            hit = log.last();
        }
        Fault::ClientFrozen => {
            run.freeze()?;
            hit = log.last();
            match cell.side {
                // It would be waited for; the old release serves as long as that takes.
                Side::Before | Side::Between => std::thread::sleep(Duration::from_secs(2)),
                Side::After => wait_until_free(web).map(drop)?,
            }
            site.page()?;
            run.kill()?;
        }
        Fault::LinkCut => {
            site.links[0].cut();
            hit = log.last();
            run.end()?;
        }
        Fault::FollowerKilled => {
            kill_follower(&log.id()?)?;
            hit = log.last();
            run.end()?;
        }
        Fault::WorkerKilled => {
            kill_worker(&log.id()?)?;
            hit = log.last();
            let run = run.end()?;
            ensure!(run.code != 0 || log.last().starts_with("end live"), "{run}");
        }
        Fault::HostKilled => {
            web.kill9()?;
            hit = log.last();
            drop(run);
            web.boot()?;
        }
    }
    wait_until_free(web)?;
    let settled = web.exec("test -e /srv/hello/.deployer/journal")?.code != 0;
    ensure!(
        settled || cell.fault == Fault::WorkerKilled,
        "the journal is not settled"
    );
    // A worker that was killed alone is looked after by the next run: until then, all that holds is that a release serves.
    let now = if settled {
        coherent(web)?
    } else {
        site.page()?
    };
    if matches!(
        cell.fault,
        Fault::ClientKilled | Fault::ClientFrozen | Fault::LinkCut | Fault::FollowerKilled
    ) {
        match cell.side {
            Side::Before => ensure!(now == old, "a client lost before `go` changed the site"),
            Side::After => ensure!(now != old, "a client lost after `go` changed the outcome"),
            Side::Between => {}
        }
        tidy(web)?;
    }
    next_push_works(site)?;
    Ok((hit, if now == old { "old" } else { "new" }))
}
