//! How a use case fails: with the port that failed and why.

use joiner_ports::{CloudError, ClusterError, Delay, InstanceTypeError, NameError, QueueError, StoreError};

/// A use case could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The cluster.
    #[error("cluster: {0}")]
    Cluster(#[from] ClusterError),
    /// The cloud.
    #[error("cloud: {0}")]
    Cloud(#[from] CloudError),
    /// The catalog.
    #[error("catalog: {0}")]
    InstanceTypes(#[from] InstanceTypeError),
    /// The store.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The queue.
    #[error("queue: {0}")]
    Queue(#[from] QueueError),
    /// A name from outside cannot be one.
    #[error("name: {0}")]
    Name(#[from] NameError),
}

impl Failure {
    /// How soon the same message is worth handling again, where that can help at once: the world moved, or asked
    /// to wait. Everything else is left to the queue's own redelivery, which also counts.
    pub(crate) fn again_after(&self) -> Option<Delay> {
        match self {
            Failure::Cluster(ClusterError::Throttled(delay))
            | Failure::Cloud(CloudError::Throttled(delay)) => Some(*delay),
            Failure::Cluster(ClusterError::Conflict(_) | ClusterError::Gone(_))
            | Failure::Store(StoreError::Conflict(_) | StoreError::FenceLost) => Some(Delay::from_secs(1)),
            Failure::Cluster(ClusterError::Rejected(_) | ClusterError::Unavailable(_))
            | Failure::Cloud(CloudError::Rejected(_) | CloudError::Unavailable(_))
            | Failure::Store(StoreError::Unavailable(_))
            | Failure::InstanceTypes(_)
            | Failure::Queue(_)
            | Failure::Name(_) => None,
        }
    }
}
