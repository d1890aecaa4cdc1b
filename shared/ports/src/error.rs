//! Failures, sorted by what the caller does next. The cause stays in the source chain.

use joiner_core::model::Unavailable;

use crate::Delay;

/// Whatever an adapter ran into.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A call to the cluster failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The object changed meanwhile: read again, decide again.
    #[error("{0} changed meanwhile")]
    Conflict(String),
    /// The object is gone, or another one has its name: nothing to do.
    #[error("{0} is gone")]
    Gone(String),
    /// Too many requests: again after the delay.
    #[error("the API server asks to wait {} s", .0.as_secs())]
    Throttled(Delay),
    /// Forbidden or invalid: the same call fails until someone mends it.
    #[error("the API server refuses: {0}")]
    Rejected(String),
    /// Not reachable, or no answer: whether it happened is not known; again later.
    #[error("the API server cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// A launch gave no instance.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no capacity in any way that was asked for: mark these, delete the claim, plan again.
    #[error("no capacity: {}", list(.0))]
    NoCapacity(Vec<Unavailable>),
    /// The class cannot be launched from: delete the claim, plan again.
    #[error("the EC2NodeClass is not ready: {0}")]
    ClassNotReady(String),
    /// Too many requests: again after the delay.
    #[error("EC2 asks to wait {} s", .0.as_secs())]
    Throttled(Delay),
    /// EC2 refuses the request: again with backoff, until liveness gives the claim up.
    #[error("EC2 refuses: {message}")]
    Rejected {
        /// Condition reason (api 2.4), such as `Unauthorized`.
        reason: String,
        /// What EC2 said.
        message: String,
    },
    /// No answer: an instance may exist. Again with the same token, which finds it.
    #[error("the answer of the launch is not known")]
    Unknown(#[source] BoxError),
}

fn list(refused: &[Unavailable]) -> String {
    let texts: Vec<String> = refused.iter().map(describe).collect();
    texts.join(", ")
}

/// Says what is not to be had.
fn describe(refused: &Unavailable) -> String {
    match refused {
        Unavailable::Offering(o) => format!("{} {} {}", o.instance_type, o.capacity_type, o.zone),
        Unavailable::CapacityType(capacity_type) => capacity_type.to_string(),
        Unavailable::FullZone(zone) | Unavailable::ShiftedZone(zone) => zone.as_ref().to_owned(),
    }
}

/// Another call to the cloud failed.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// Too many requests: again after the delay.
    #[error("EC2 asks to wait {} s", .0.as_secs())]
    Throttled(Delay),
    /// Refused: the same call fails until someone mends it.
    #[error("EC2 refuses: {0}")]
    Rejected(String),
    /// Not reachable, or no answer: again later.
    #[error("EC2 cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// Instance types could not be had.
#[derive(Debug, thiserror::Error)]
pub enum InstanceTypeError {
    /// Not now: again later, decide nothing.
    #[error("instance types cannot be had")]
    Unavailable(#[source] BoxError),
    /// This class cannot be resolved: leave its pools out.
    #[error("instance types of the class cannot be told: {0}")]
    Rejected(String),
}

/// State between invocations could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another holder has the lease by now: stop, it will do the work.
    #[error("the lease has passed to another holder")]
    FenceLost,
    /// A precondition failed: read again, decide again.
    #[error("{0} changed meanwhile")]
    Conflict(String),
    /// Not reachable, throttled, or no answer: again later.
    #[error("the store cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// A message could not be sent: fail the invocation, so that the one being handled comes again.
#[derive(Debug, thiserror::Error)]
#[error("the queue cannot be reached")]
pub struct QueueError(#[source] pub BoxError);
