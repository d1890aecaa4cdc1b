//! Cluster events into messages. It translates and nothing else: what an event is about is read again by whoever
//! handles the message.
//!
//! Three sources say the same: a watch, the audit log of the control plane, and the tick. Here is the audit log:
//! single events, and the records a log subscription delivers them in.

pub mod audit;
pub mod log;

use joiner_ports::Message;

/// A text that is not what it should be; it is kept for a second look, not dropped.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// It is not JSON, or lacks fields that every such text has.
    #[error("{what} cannot be read")]
    Unreadable {
        /// What it should have been.
        what: &'static str,
        /// Where it is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It is JSON of another kind.
    #[error("{found:?} is not {wanted}")]
    OfAnotherKind {
        /// What it should have been.
        wanted: &'static str,
        /// What it says it is.
        found: String,
    },
}

/// What an event comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translated {
    /// Messages to send.
    Messages(Vec<Message>),
    /// Nothing anyone has to look at; counted by verb and resource.
    Unneeded {
        /// What was done.
        verb: String,
        /// To what, with the subresource behind a slash.
        resource: String,
    },
}
