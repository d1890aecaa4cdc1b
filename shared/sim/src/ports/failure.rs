//! How a refused call and a lost answer look to each kind of caller.

use joiner_ports::{
    BoxError, CloudError, ClusterError, Delay, InstanceTypeError, LaunchError, QueueError, StoreError,
};

/// A simulated outage.
#[derive(Debug, Clone, Copy)]
struct Outage(&'static str);

impl std::fmt::Display for Outage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
impl std::error::Error for Outage {}

fn outage(what: &'static str) -> BoxError {
    Box::new(Outage(what))
}

const LOST: &str = "the connection broke before the answer came";
const THROTTLED: &str = "too many requests";
const SOON: Delay = Delay::from_secs(2);

/// An error that can stand for trouble on the way.
pub(super) trait Failure {
    /// Refused for its rate; nothing happened.
    fn throttled() -> Self;
    /// Whatever was asked for may have happened.
    fn lost() -> Self;
}

impl Failure for ClusterError {
    fn throttled() -> Self {
        ClusterError::Throttled(SOON)
    }
    fn lost() -> Self {
        ClusterError::Unavailable(outage(LOST))
    }
}
impl Failure for CloudError {
    fn throttled() -> Self {
        CloudError::Throttled(SOON)
    }
    fn lost() -> Self {
        CloudError::Unavailable(outage(LOST))
    }
}
impl Failure for LaunchError {
    fn throttled() -> Self {
        LaunchError::Throttled(SOON)
    }
    fn lost() -> Self {
        LaunchError::Unknown(outage(LOST))
    }
}
impl Failure for InstanceTypeError {
    fn throttled() -> Self {
        InstanceTypeError::Unavailable(outage(THROTTLED))
    }
    fn lost() -> Self {
        InstanceTypeError::Unavailable(outage(LOST))
    }
}
impl Failure for StoreError {
    fn throttled() -> Self {
        StoreError::Unavailable(outage(THROTTLED))
    }
    fn lost() -> Self {
        StoreError::Unavailable(outage(LOST))
    }
}
impl Failure for QueueError {
    fn throttled() -> Self {
        QueueError(outage(THROTTLED))
    }
    fn lost() -> Self {
        QueueError(outage(LOST))
    }
}
