//! What goes wrong, and how the process ends for it.

use std::fmt;
use std::process::ExitCode;

use joiner_api::read::ReadErrors;

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The input cannot be taken; the text says what, where and the remedy.
    BadInput(String),
    /// A fault of this program.
    Unexpected(String),
}

impl Fault {
    /// Bad input: what is wrong, and what to do.
    pub fn bad_input(what: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Fault::BadInput(format!("{what}; {remedy}"))
    }

    /// This program was built without what the command needs.
    pub fn not_built(command: &str) -> Self {
        Fault::bad_input(format!("joiner {command} is not part of this build"), "build with --features aws")
    }

    /// A fault of this program.
    pub fn unexpected(what: impl Into<String>) -> Self {
        Fault::Unexpected(what.into())
    }

    /// 2 for bad input, 1 for anything unexpected.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Fault::BadInput(_) => ExitCode::from(2),
            Fault::Unexpected(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::BadInput(text) => write!(f, "error: {}", text.replace('\n', "\nerror: ")),
            Fault::Unexpected(text) => write!(f, "internal error: {text}; please report it with the input"),
        }
    }
}

impl From<ReadErrors> for Fault {
    fn from(errors: ReadErrors) -> Self {
        Fault::BadInput(errors.to_string())
    }
}
