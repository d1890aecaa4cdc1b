//! The `joiner` command line: reads arguments, prints the answer, says what went wrong.

use std::process::ExitCode;

use clap::Parser;
use joiner_cli::args::Arguments;
use joiner_cli::{output, run};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(answer) => output::print(&answer),
        Err(fault) => {
            output::complain(&fault.to_string());
            fault.exit_code()
        }
    }
}
