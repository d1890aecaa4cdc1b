//! What went wrong while a test got its servers ready. A test shows the text and fails; nothing is skipped.

use std::error::Error;
use std::fmt::Write as _;

/// A server, a tool or a file that a test needs cannot be had, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(String);

impl SetupError {
    /// An error in words: what failed, with which object, and the remedy where one is known.
    pub fn new(text: impl Into<String>) -> Self {
        SetupError(text.into())
    }

    /// What was being done when another error came up, with the whole chain of its causes.
    pub fn because(doing: impl Into<String>, cause: &dyn Error) -> Self {
        let mut text = doing.into();
        let mut next = Some(cause);
        while let Some(error) = next {
            let _ = write!(text, ": {error}");
            next = error.source();
        }
        SetupError(text)
    }
}
