//! As little as a command line needs: what `deployer --version` is measured against.

use clap::Parser;

#[derive(Debug, Parser)]
#[command(version)]
struct Bare {
    environment: Option<String>,
}

fn main() {
    let _ = Bare::parse();
}
