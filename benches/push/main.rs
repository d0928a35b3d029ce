//! `make bench`: what a push costs beside a script by hand that does the least of the same job.
//! Measures and says; asserts nothing.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what this prints is its only product"
)]

#[path = "../../tests/machines/mod.rs"]
mod machines;

mod site;
mod statics;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result};

use site::{Site, Way, timed};
use table::{Budget, Series, Steps};

/// What a push does beyond the script: it boots the release before anything depends on it, and
/// proves every worker afterwards. The script's own wait for an answer stays in the script's time.
const GATES: [&str; 2] = ["trial", "proof"];
const FAR: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<()> {
    let rounds = match env::var("DEPLOYER_ROUNDS") {
        Ok(rounds) => rounds.parse().context("DEPLOYER_ROUNDS is no number")?,
        Err(_) => 15,
    };
    statics::measure()?;
    let built = built()?;
    let site = Site::new(built.join("deployer"))?;

    println!("Times in ms over {rounds} rounds: median, least, most.");
    let near = at(&site, Duration::ZERO, rounds)?;
    let far = at(&site, FAR, rounds)?;
    let memory = peak_memory(&site, &site.way(Duration::ZERO)?)?;
    let bytes = fs::metadata(&site.deployer)?.len();
    let (own, bare) = start_up(&built)?;

    table::budgets(&[
        Budget::of(
            "push without its gates, no delay",
            near.rest.median(),
            near.by_hand.median() * 5 / 4,
        ),
        Budget::of(
            "push without its gates, 100 ms away",
            far.rest.median(),
            far.by_hand.median() + FAR * 2,
        ),
        Budget::of(
            "push of what is live, no delay",
            near.unchanged.median(),
            near.nothing.median() + Duration::from_millis(250),
        ),
        Budget::of("deployer --version", own.median(), bare.median() * 3 / 2),
        Budget::megabytes("peak memory of a push", memory, 30),
        Budget::megabytes("the program on disk", bytes, 15),
    ]);
    Ok(())
}

/// One series per command, from one place.
#[derive(Default)]
struct Measured {
    nothing: Series,
    asked: Series,
    by_hand: Series,
    waited: Series,
    push: Series,
    gates: Series,
    rest: Series,
    unchanged: Series,
    rollback: Series,
    steps: Steps,
}

fn at(site: &Site, round_trip: Duration, rounds: usize) -> Result<Measured> {
    let way = site.way(round_trip)?;
    let mut all = Measured::default();
    // Taken in turn, so that whatever else the machine does meets all alike.
    for _ in 0..rounds {
        all.nothing.add(way.nothing()?.took);
        all.asked.add(site.ask_repository(&way)?.took);

        site.change()?;
        let by_hand = way.by_hand()?;
        all.by_hand.add(by_hand.took);
        let waited = by_hand
            .said
            .split_once("waited ")
            .context("the script did not wait")?
            .1;
        all.waited.add(Duration::from_millis(
            waited.lines().next().unwrap_or_default().parse()?,
        ));

        site.change()?;
        let push = site.deployer(&way, &["push", "production"])?;
        let steps = site.steps()?;
        let gates = steps
            .iter()
            .filter(|(name, _)| GATES.contains(&name.as_str()));
        let gates = gates.map(|(_, took)| *took).sum();
        all.push.add(push.took);
        all.gates.add(gates);
        all.rest.add(push.took.saturating_sub(gates));
        all.steps.add(steps);

        all.unchanged
            .add(site.deployer(&way, &["push", "production"])?.took);
        all.rollback
            .add(site.deployer(&way, &["rollback", "production"])?.took);
    }
    table::times(
        &format!("round trip {} ms", round_trip.as_millis()),
        &[
            ("ssh web1 true", &all.nothing),
            ("git ls-remote", &all.asked),
            ("script by hand, new code", &all.by_hand),
            ("  of it waiting for the answer", &all.waited),
            ("push, new code", &all.push),
            ("  of it gates: trial, proof", &all.gates),
            ("  the rest", &all.rest),
            ("push of what is live", &all.unchanged),
            ("rollback", &all.rollback),
        ],
    );
    all.steps.print();
    Ok(all)
}

/// The most memory the client ever had; its ssh and git are not counted.
fn peak_memory(site: &Site, way: &Way) -> Result<u64> {
    let mut peak = 0;
    for _ in 0..3 {
        site.change()?;
        let mut command = site.command(way, &["push", "production"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let status = format!("/proc/{}/status", child.id());
        while child.try_wait()?.is_none() {
            // The kernel keeps the high-water mark: reading it late is enough, and it goes with the process.
            let text = fs::read_to_string(&status).unwrap_or_default();
            let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse().ok());
            peak = peak.max(kilobytes.unwrap_or(0) * 1024);
            thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(peak)
}

fn start_up(built: &Path) -> Result<(Series, Series)> {
    let (mut own, mut bare) = (Series::default(), Series::default());
    for _ in 0..200 {
        own.add(timed(Command::new(built.join("deployer")).arg("--version"))?.took);
        bare.add(timed(Command::new(built.join("examples/bare")).arg("--version"))?.took);
    }
    Ok((own, bare))
}

fn built() -> Result<PathBuf> {
    let me = env::current_exe()?;
    let built = me.parent().and_then(Path::parent);
    Ok(built.context("no directory of built programs")?.to_owned())
}
