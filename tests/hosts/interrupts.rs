//! Faults at any moment: the clock of a seeded generator decides, and a failure names the seed.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::faults::{next_push_works, slow_site, use_takeover};
use crate::random::{Random, number};
use crate::site::Site;
use crate::state::{coherent, wait_until_free};

/// `DEPLOYER_TEST_SEED` repeats a run; `DEPLOYER_TEST_INTERRUPTS` makes it longer.
#[test]
fn random_interrupts_never_leave_a_broken_site() -> Result<()> {
    let count = number("DEPLOYER_TEST_INTERRUPTS").unwrap_or(10);
    let mut random = Random::seeded()?;
    let seed = random.seed();
    let site = slow_site()?;
    let mut outcomes = BTreeMap::<String, u32>::new();
    for round in 0..count {
        let fault = [Fault::Client, Fault::Link, Fault::Worker, Fault::Power][random.below(4)];
        let takeover = ["reload", "replace"][random.below(2)];
        let delay = Duration::from_millis(random.below(4000) as u64);
        let what = format!("seed {seed} round {round}: {fault:?} after {delay:?} of a {takeover}");
        let outcome = interrupt(&site, fault, takeover, delay).with_context(|| what.clone())?;
        println!("{what}: {outcome}");
        *outcomes.entry(format!("{fault:?} {outcome}")).or_default() += 1;
    }
    println!("{count} interrupts: {outcomes:?}");
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Client,
    Link,
    Worker,
    Power,
}

fn interrupt(site: &Site, fault: Fault, takeover: &str, delay: Duration) -> Result<&'static str> {
    let web = site.web();
    use_takeover(site, takeover)?;
    let old = coherent(web)?;
    site.change()?;
    let push = site.start(&["push", "production"])?;
    sleep(delay);
    match fault {
        Fault::Client => push.kill()?,
        Fault::Link => {
            site.links[0].cut();
            push.end()?;
        }
        Fault::Worker => {
            web.exec("pkill -9 -f '[/]script worker'")?;
            push.end()?;
        }
        Fault::Power => {
            web.kill9()?;
            web.boot()?;
        }
    }
    wait_until_free(web)?;
    // Nobody but the next push looks after a worker that was killed alone: all that holds is that a release serves.
    let settled = web.exec("test -e /srv/hello/.deployer/journal")?.code != 0;
    ensure!(
        settled || matches!(fault, Fault::Worker),
        "the journal is not settled"
    );
    let now = if settled {
        coherent(web)?
    } else {
        site.page()?
    };
    next_push_works(site)?;
    Ok(match (now == old, settled) {
        (true, true) => "old",
        (false, true) => "new",
        (true, false) => "old, unfinished",
        (false, false) => "new, unfinished",
    })
}
