//! Faults at any moment: the clock of a seeded generator decides, and a failure names the seed.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::faults::{next_push_works, slow_site, use_takeover};
use crate::machines::Machine;
use crate::moment::{Log, kill_worker};
use crate::random::{Random, rounds};
use crate::run::Run;
use crate::site::{Page, Site};
use crate::state::{coherent, wait_until_free};

#[derive(Debug, Clone, Copy)]
enum Fault {
    Client,
    Link,
    Worker,
    Power,
}

const FAULTS: [Fault; 4] = [Fault::Client, Fault::Link, Fault::Worker, Fault::Power];

/// What is interrupted, how and when.
#[derive(Debug)]
struct Round {
    fault: Fault,
    command: &'static str,
    takeover: &'static str,
    /// From its beginning, or from the end of its gates: what comes after them is short, and matters most.
    from: Option<&'static str>,
    delay: Duration,
}

/// `DEPLOYER_TEST_SEED` repeats a run; `DEPLOYER_TEST_INTERRUPTS` says how many.
///
/// Most rounds begin on what the one before has left: the clean-up is interrupted as well. After some, and after the last,
/// a push is left alone: it needs no other command, and leaves nothing of all of them.
#[test]
fn random_interrupts_never_leave_a_broken_site() -> Result<()> {
    let count = rounds("DEPLOYER_TEST_INTERRUPTS", 25, 12);
    let mut random = Random::seeded()?;
    let seed = random.seed();
    let site = slow_site()?;
    next_push_works(&site)?;
    let (mut outcomes, mut pushes) = (BTreeMap::<String, u32>::new(), 0);
    for number in 1..=count {
        let round = Round {
            fault: FAULTS[random.below(4)],
            command: ["push", "push", "push", "rollback"][random.below(4)],
            takeover: ["reload", "replace"][random.below(2)],
            from: [None, Some("almost")][random.below(2)],
            delay: Duration::from_millis(random.below(3000) as u64),
        };
        let what = format!("seed {seed} round {number}: {round:?}");
        let outcome = interrupt(&site, &round).with_context(|| what.clone())?;
        println!("{what}: {outcome}");
        *outcomes
            .entry(format!("{:?} {outcome}", round.fault))
            .or_default() += 1;
        if number == count || random.below(4) == 0 {
            next_push_works(&site).with_context(|| format!("the push after {what}"))?;
            pushes += 1;
        }
    }
    println!("{count} interrupts, {pushes} pushes left alone: {outcomes:?}");
    Ok(())
}

fn interrupt(site: &Site, round: &Round) -> Result<&'static str> {
    let web = site.web();
    use_takeover(site, round.takeover)?;
    let (old, unfinished) = (site.page()?, !settled(web)?);
    if round.command == "push" {
        site.change()?;
    }
    let log = Log::of_next(web);
    let run = site.start(&[round.command, "production"])?;
    if let Some(Err(error)) = round.from.map(|event| log.wait_for(event)) {
        // Rollback after rollback, until none is left.
        let refused = |event: &String| event.starts_with("refused nothing-older");
        ensure!(log.events().iter().any(refused), error);
        run.end()?.expect(6)?;
        return Ok("nothing older");
    }
    sleep(round.delay);
    let mut said = None;
    match round.fault {
        Fault::Client => run.kill()?,
        Fault::Link => {
            site.links[0].cut();
            said = Some(run.end()?);
        }
        Fault::Worker => {
            // Before its first line there is none.
            if let Ok(id) = log.id() {
                kill_worker(&id)?;
            }
            said = Some(run.end()?);
        }
        Fault::Power => {
            web.kill9()?;
            web.boot()?;
        }
    }
    wait_until_free(web)?;
    // Nobody but the next run that gets so far looks after a worker that was killed alone, or the next boot: until then,
    // all that holds is that a release serves.
    let settled = settled(web)?;
    let looked_after = match round.fault {
        Fault::Client | Fault::Link => !unfinished,
        Fault::Worker => false,
        Fault::Power => true,
    };
    ensure!(settled || !looked_after, "the journal is not settled");
    let now = if settled {
        coherent(web)?
    } else {
        site.page()?
    };
    // Where the run itself had to put an older release back first, what it says is of that one.
    if let Some(run) = said.filter(|_| !unfinished) {
        truthful(&run, &old, &now)?;
    }
    Ok(match (now == old, settled) {
        (true, true) => "old",
        (false, true) => "new",
        (true, false) => "old, unfinished",
        (false, false) => "new, unfinished",
    })
}

/// Whether no activation is half done.
fn settled(web: &Machine) -> Result<bool> {
    Ok(web.exec("test -e /srv/hello/.deployer/journal")?.code != 0)
}

/// A client that lived says what is so, or that it does not know.
fn truthful(run: &Run, old: &Page, now: &Page) -> Result<()> {
    match run.code {
        0 => ensure!(now != old, "the old release serves\n{run}"),
        // 4: the link was cut before anything ran. 6: nothing was left to go back to.
        4 | 6 | 7 | 9 => ensure!(now == old, "the new release serves\n{run}"),
        13 => ensure!(
            now == old || !run.stderr.contains("the old release serves"),
            "the new release serves\n{run}"
        ),
        _ => anyhow::bail!("neither old nor new\n{run}"),
    }
    Ok(())
}
