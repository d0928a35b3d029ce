//! `make demo`: an empty host becomes a web server and goes through four releases, with every
//! answer checked. What is shown as `$ deployer ...` is the built program and its own output.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what this prints is its only product"
)]

#[path = "mod.rs"]
mod machines;

mod demo_stage;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use console::style;

use demo_stage::{Page, Stage};

fn main() -> ExitCode {
    match play() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn play() -> Result<()> {
    let began = Instant::now();
    say(
        "Two Debian machines boot here, for this demo alone: web1, with nothing but\n\
         nginx, Python and sshd on it, and git1, a git server. The app's deploy.yaml:",
    );
    let stage = Stage::set()?;
    stage.show_file("deploy.yaml")?;

    say("The host gets ready: users, directories, units, a site, exact sudo rules.");
    stage.set_up()?;

    say("The first push.");
    stage.deployer(&["push", "production"])?;
    let first = stage.page(|page| page.says("Howdy") && page.click == "8.1.8")?;

    say(
        "From here on somebody asks for the page 50 times a second, while the code\n\
         changes: the new release takes over by a graceful reload.",
    );
    let load = stage.load();
    stage.change("hello.py", "Howdy", "Hello")?;
    stage.deployer(&["push", "production"])?;
    let second = stage.page(|page| page.says("Hello") && page.release != first.release)?;

    say("Another version of a package: a second generation boots beside the first.");
    stage.change("requirements.txt", "click==8.1.8", "click==8.5.1")?;
    stage.deployer(&["push", "production"])?;
    stage.page(|page| page.says("Hello") && page.click == "8.5.1")?;

    say("And back, twice: the older package, then the older code.");
    for old in [&second, &first] {
        stage.deployer(&["rollback", "production"])?;
        stage.page(|page| page == old)?;
    }

    say("What the host says of itself.");
    stage.deployer(&["status", "production"])?;
    stage.deployer(&["releases", "production"])?;

    let report = load.stop();
    let slowest = report.longest_stall.as_millis();
    say(&format!(
        "{} requests meanwhile, {} failed, the slowest took {slowest} ms.",
        report.ok + report.failed.len() as u64,
        report.failed.len()
    ));
    ensure!(
        report.failed.is_empty(),
        "requests failed: {:?}",
        report.failed
    );
    drop(stage);
    say(&closing(began.elapsed().as_secs()));
    Ok(())
}

fn say(text: &str) {
    println!("\n{}", style(text).bold());
}

fn closing(seconds: u64) -> String {
    format!(
        "Done in {seconds} s, and the machines are gone. For a server of your own, in the\n\
         app's directory: write ten lines like the above into deploy.yaml, and run\n\n  \
         deployer setup production --login root\n  \
         deployer push production"
    )
}

impl Page {
    fn says(&self, word: &str) -> bool {
        self.greeting.starts_with(word)
    }
}
