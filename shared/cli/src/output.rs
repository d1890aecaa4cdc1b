//! Where answers and complaints go.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde_json::Value;

/// A value as indented text.
pub fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Prints an answer. A reader that has gone away is no fault.
pub fn print(answer: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(answer.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: cannot write the answer: {error}"));
            ExitCode::from(1)
        }
    }
}

/// Prints to standard error; when that is closed there is nobody left to tell.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
