//! What the use cases need from the outside, named by the need: small traits, messages, records, errors.
//!
//! Nothing here knows Kubernetes, AWS or a runtime. Every port of one [`Ports`] value speaks of one cluster:
//! adapters put its name into every key, tag and message. `now` is never asked for; it is an argument that
//! the runtime reads once per invocation. Modules in reading order:
//!
//! - [`message`]: why to look, as it travels on the queue.
//! - [`cluster`]: reading and writing Kubernetes objects.
//! - [`cloud`]: what can be bought, and buying it.
//! - [`store`]: what outlives an invocation and is not a Kubernetes object.
//! - [`name`]: names, tokens and delays as types.
//! - [`error`]: failures, sorted by what the caller does next.

pub mod cloud;
pub mod cluster;
pub mod error;
pub mod message;
pub mod name;
pub mod store;

pub use cloud::{
    ClassRefusal, ClassResolution, Cloud, Instance, InstanceState, InstanceTypeSource, LaunchRequest,
    Launched, Termination,
};
pub use cluster::{
    ClaimPatch, ClassPatch, ClusterRead, ClusterView, ClusterWrite, Completeness, CreatedClaim, Event,
    EventKind, Eviction, FinalizerChange, Machine, NewClaim, NodePatch, ObjectCondition, ObjectRef,
    PoolPatch, VolumeAttachment,
};
pub use error::{BoxError, CloudError, ClusterError, InstanceTypeError, LaunchError, QueueError, StoreError};
pub use message::{Duty, Envelope, InterruptionKind, Message, PendingHint, Queue, Target};
pub use name::{ClaimName, ClusterName, CommandId, Delay, Fence, InstanceId, LaunchToken, NameError};
pub use store::{
    BatchWindow, Command, CommandNode, CommandPhase, IntentPhase, LaunchIntent, Lease, LeaseAnswer,
    MAX_INTENTS_PER_COMMIT, Nomination, Replacement, Store, UnavailableUntil,
};

/// Every port of one cluster.
pub trait Ports: Sync {
    /// Reads and writes of Kubernetes objects.
    type Cluster: ClusterRead + ClusterWrite;
    /// Launching and terminating.
    type Cloud: Cloud;
    /// Instance types and offerings.
    type InstanceTypes: InstanceTypeSource;
    /// State between invocations.
    type Store: Store;
    /// Messages to later invocations.
    type Queue: Queue;

    /// The cluster all of them speak of.
    fn cluster_name(&self) -> &ClusterName;
    /// Kubernetes objects.
    fn cluster(&self) -> &Self::Cluster;
    /// Launching and terminating.
    fn cloud(&self) -> &Self::Cloud;
    /// Instance types and offerings.
    fn instance_types(&self) -> &Self::InstanceTypes;
    /// State between invocations.
    fn store(&self) -> &Self::Store;
    /// Messages to later invocations.
    fn queue(&self) -> &Self::Queue;
}
