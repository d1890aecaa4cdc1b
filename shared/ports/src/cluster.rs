//! Reading and writing Kubernetes objects. Writes name the object they mean by UID where one exists, so that a
//! late one never hits a successor of the same name.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
pub use joiner_core::machine::{Machine, VolumeAttachment};
pub use joiner_core::model::ObjectCondition;
use joiner_core::model::{
    Condition, ConditionKind, Labels, NamespacedName, NodeClaim, Resources, Snapshot, Taint,
};
use joiner_core::scheduling::plan::ClaimDraft;

use crate::{ClaimName, ClusterError, Target};

/// Whether a view holds all there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It does.
    Complete,
    /// It does not: decide nothing.
    Partial {
        /// What is missing.
        why: String,
    },
}

/// The cluster at one moment. The parts that do not come from Kubernetes (instance types, marks) are empty.
#[derive(Debug, Clone)]
pub struct ClusterView {
    /// The objects.
    pub snapshot: Snapshot,
    /// Whether they are all there.
    pub completeness: Completeness,
}

/// Reads of the cluster.
pub trait ClusterRead: Sync {
    /// Everything decisions look at.
    fn snapshot(&self) -> impl Future<Output = Result<ClusterView, ClusterError>> + Send;

    /// One machine: by claim, or by a node's name (with the claim of its provider id, if there is one). `None`
    /// when neither claim nor node exists.
    fn machine(&self, target: &Target) -> impl Future<Output = Result<Option<Machine>, ClusterError>> + Send;
}

/// A claim to write. It carries the termination finalizer from the start.
#[derive(Debug, Clone, Copy)]
pub struct NewClaim<'a> {
    /// Its name.
    pub name: &'a ClaimName,
    /// Its pool, which becomes its owner.
    pub node_pool: &'a str,
    /// UID of the pool.
    pub node_pool_uid: &'a str,
    /// What it carries.
    pub draft: &'a ClaimDraft,
}

/// Answer to a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedClaim {
    /// The claim as it is now.
    pub claim: NodeClaim,
    /// Whether it was there before.
    pub existed: bool,
}

/// What to do with the termination finalizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FinalizerChange {
    /// Leave it as it is.
    #[default]
    Keep,
    /// See that it is there.
    Add,
    /// See that it is not.
    Remove,
}

/// A change of a claim: what is named is written, everything else stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimPatch {
    /// Labels to set.
    pub labels: Labels,
    /// Annotations to set.
    pub annotations: Labels,
    /// The finalizer.
    pub finalizer: FinalizerChange,
    /// Name of its node.
    pub node_name: Option<Arc<str>>,
    /// Cloud id.
    pub provider_id: Option<Arc<str>>,
    /// Image.
    pub image_id: Option<Arc<str>>,
    /// Capacity.
    pub capacity: Option<Resources>,
    /// Allocatable.
    pub allocatable: Option<Resources>,
    /// When a pod last came or went.
    pub last_pod_event_at: Option<Timestamp>,
    /// Conditions to write over those of the same kind.
    pub conditions: Vec<Condition>,
    /// Conditions to take away.
    pub cleared: Vec<ConditionKind>,
}

impl ClaimPatch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == ClaimPatch::default()
    }
}

/// A change of a node: what is named is written, everything else stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodePatch {
    /// Labels to set.
    pub labels: Labels,
    /// Annotations to set.
    pub annotations: Labels,
    /// The finalizer.
    pub finalizer: FinalizerChange,
    /// Taints to see there; one of the same key and effect is replaced.
    pub add_taints: Vec<Taint>,
    /// Taints to take away, by key and effect.
    pub remove_taints: Vec<Taint>,
    /// Name and UID of the claim to own it.
    pub owner: Option<(ClaimName, Arc<str>)>,
}

impl NodePatch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == NodePatch::default()
    }
}

/// A change of a pool: what is named is written, everything else stays. A condition whose truth stays keeps the
/// time of its last change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoolPatch {
    /// Annotations to set.
    pub annotations: Labels,
    /// Status: what its nodes hold together.
    pub resources: Option<Resources>,
    /// Status: how many nodes there are.
    pub nodes: Option<u64>,
    /// Status: generation of the class that its readiness speaks of.
    pub node_class_observed_generation: Option<i64>,
    /// Conditions to write over those of the same kind.
    pub conditions: Vec<ObjectCondition>,
}

impl PoolPatch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == PoolPatch::default()
    }
}

/// A change of a class: what is named is written, everything else stays, as for a pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassPatch {
    /// Annotations to set.
    pub annotations: Labels,
    /// The finalizer of the class (`karpenter.k8s.aws/termination`).
    pub finalizer: FinalizerChange,
    /// The status but for its conditions, JSON, as the cloud resolved it; replaces what is there.
    pub status: Option<Arc<str>>,
    /// Conditions to write over those of the same kind.
    pub conditions: Vec<ObjectCondition>,
}

impl ClassPatch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == ClassPatch::default()
    }
}

/// Answer to an eviction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eviction {
    /// It is stopping.
    Evicted,
    /// A disruption budget forbids it now: wait, try again.
    Blocked {
        /// What the API server said.
        message: String,
    },
    /// It is gone, or another pod has its name.
    Gone,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectRef {
    /// A pod.
    Pod {
        /// Namespace and name.
        key: NamespacedName,
        /// UID.
        uid: Arc<str>,
    },
    /// A node.
    Node {
        /// Name.
        name: Arc<str>,
        /// UID.
        uid: Arc<str>,
    },
    /// A claim.
    NodeClaim {
        /// Name.
        name: Arc<str>,
        /// UID.
        uid: Arc<str>,
    },
    /// A pool.
    NodePool {
        /// Name.
        name: Arc<str>,
        /// UID.
        uid: Arc<str>,
    },
    /// A class.
    NodeClass {
        /// Name.
        name: Arc<str>,
        /// UID.
        uid: Arc<str>,
    },
}

/// Whether an event is a worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// For information.
    Normal,
    /// Someone may have to do something.
    Warning,
}

/// A Kubernetes event (api 7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub about: ObjectRef,
    /// Whether it is a worry.
    pub kind: EventKind,
    /// Machine-readable reason, such as `FailedScheduling`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// When it happened.
    pub at: Timestamp,
    /// Seconds within which another event of the same object and reason is not written again.
    pub quiet_secs: u64,
}

/// Writes to the cluster. Each is one request, or a few that a retry repeats without harm.
pub trait ClusterWrite: Sync {
    /// Creates a claim; when one of that name exists, answers with it.
    fn create_claim(
        &self,
        claim: NewClaim<'_>,
    ) -> impl Future<Output = Result<CreatedClaim, ClusterError>> + Send;

    /// Changes a claim and answers with it as it is then. `Gone` when the UID is another's or nobody's.
    fn patch_claim(
        &self,
        claim: &ClaimName,
        uid: &str,
        patch: &ClaimPatch,
    ) -> impl Future<Output = Result<NodeClaim, ClusterError>> + Send;

    /// Asks a claim to go; one that is gone already, or is somebody else by now, is no error.
    fn delete_claim(
        &self,
        claim: &ClaimName,
        uid: &str,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Changes a node. `Gone` when the UID is another's or nobody's.
    fn patch_node(
        &self,
        node: &str,
        uid: &str,
        patch: &NodePatch,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Asks a node object to go; one that is gone already is no error.
    fn delete_node(&self, node: &str, uid: &str) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Changes a pool. `Gone` when the UID is another's or nobody's.
    fn patch_pool(
        &self,
        pool: &str,
        uid: &str,
        patch: &PoolPatch,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Changes a class. `Gone` when the UID is another's or nobody's.
    fn patch_class(
        &self,
        class: &str,
        uid: &str,
        patch: &ClassPatch,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Evicts a pod, respecting its disruption budgets and its own grace period.
    fn evict(
        &self,
        pod: &NamespacedName,
        uid: &str,
    ) -> impl Future<Output = Result<Eviction, ClusterError>> + Send;

    /// Deletes a pod past all budgets, with at most this many seconds to stop; gone already is no error.
    fn delete_pod(
        &self,
        pod: &NamespacedName,
        uid: &str,
        grace_secs: u32,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Writes an event, unless the same was written within its quiet time.
    fn record(&self, event: &Event) -> impl Future<Output = Result<(), ClusterError>> + Send;
}
