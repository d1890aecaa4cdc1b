//! Where answers and complaints go.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde_json::Value;

/// A value as indented text.
pub fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// What a command answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub text: String,
    /// How the process ends, for scripts; 0 unless the answer is bad news.
    pub exit_code: u8,
}

impl Answer {
    /// An answer that is no bad news.
    pub fn of(text: String) -> Self {
        Answer { text, exit_code: 0 }
    }
}

/// Prints an answer. A reader that has gone away is no fault.
pub fn print(answer: &Answer) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(answer.text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::from(answer.exit_code),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(answer.exit_code),
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
