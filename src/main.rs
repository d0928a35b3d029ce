use std::process::ExitCode;

fn main() -> ExitCode {
    deployer::main().into()
}
