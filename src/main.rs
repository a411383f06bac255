//! The `logq` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    logq::cli::main()
}
