//! What a function writes down: one JSON object per line, with the cluster, the request and the message of what is
//! being handled.
//!
//! The level is that of our own crates. Libraries say warnings and errors only: at finer levels they show requests,
//! and what is in requests is nobody's business.

use std::error::Error;
use std::fmt;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogLevel;

/// Our crates begin so.
const OURS: &str = "joiner";

/// Starts to write logs to standard output. A second call changes nothing.
pub fn start(level: LogLevel) {
    let ours = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let filter = Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target(OURS, ours);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false);
    // Whoever came first goes on writing.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

/// An error with the whole chain of its causes.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Some errors say their cause themselves.
            if !said.contains(&text) {
                write!(f, ": {text}")?;
            }
            said = text;
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use joiner_ports::QueueError;

    use super::*;

    #[test]
    fn a_chain_says_each_cause_once() {
        let cause: Box<dyn Error + Send + Sync> = "no route".into();
        let error = joiner_app::Failure::Queue(QueueError(cause));
        assert_eq!(Chain(&error).to_string(), "queue: the queue cannot be reached: no route");
    }
}
