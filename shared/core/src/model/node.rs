//! Nodes and the claims behind them.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Labels, NodeClassRef, Requirement, Resources, Taint};

/// A Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Name.
    pub name: Arc<str>,
    /// UID.
    pub uid: Arc<str>,
    /// Cloud id, `aws:///<zone>/<instance>`.
    pub provider_id: Option<Arc<str>>,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// Taints.
    pub taints: Vec<Taint>,
    /// Finalizers.
    pub finalizers: Vec<Arc<str>>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was asked to go.
    pub deletion_at: Option<Timestamp>,
    /// Whether the kubelet reports it ready.
    pub ready: bool,
    /// Conditions that are not as they should be, of the kinds repair looks at; empty for a node in good order.
    pub ailments: Vec<NodeCondition>,
    /// All there is.
    pub capacity: Resources,
    /// What pods get.
    pub allocatable: Resources,
}

/// A condition of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCondition {
    /// Such as `Ready`.
    pub kind: Arc<str>,
    /// Its truth.
    pub status: ConditionStatus,
    /// When the truth last changed.
    pub since: Timestamp,
}

/// Truth of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Not known yet.
    Unknown,
}

/// Conditions of a claim (api 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConditionKind {
    /// The cloud made the instance.
    Launched,
    /// Its node joined.
    Registered,
    /// Its node is usable.
    Initialized,
    /// It has been calm long enough to be consolidated.
    Consolidatable,
    /// It no longer matches its pool or class.
    Drifted,
    /// A disruption has begun, for the reason given.
    DisruptionReason,
    /// Its pods are gone.
    Drained,
    /// Its volumes are gone.
    VolumesDetached,
    /// The cloud was told to terminate the instance.
    InstanceTerminating,
    /// The node is what was asked for.
    ConsistentStateFound,
}

impl ConditionKind {
    /// Every kind.
    pub const ALL: [ConditionKind; 10] = [
        ConditionKind::Launched,
        ConditionKind::Registered,
        ConditionKind::Initialized,
        ConditionKind::Consolidatable,
        ConditionKind::Drifted,
        ConditionKind::DisruptionReason,
        ConditionKind::Drained,
        ConditionKind::VolumesDetached,
        ConditionKind::InstanceTerminating,
        ConditionKind::ConsistentStateFound,
    ];

    /// As the object spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            ConditionKind::Launched => "Launched",
            ConditionKind::Registered => "Registered",
            ConditionKind::Initialized => "Initialized",
            ConditionKind::Consolidatable => "Consolidatable",
            ConditionKind::Drifted => "Drifted",
            ConditionKind::DisruptionReason => "DisruptionReason",
            ConditionKind::Drained => "Drained",
            ConditionKind::VolumesDetached => "VolumesDetached",
            ConditionKind::InstanceTerminating => "InstanceTerminating",
            ConditionKind::ConsistentStateFound => "ConsistentStateFound",
        }
    }
}

/// A condition of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which one.
    pub kind: ConditionKind,
    /// Its truth.
    pub status: ConditionStatus,
    /// Machine-readable reason.
    pub reason: Arc<str>,
    /// For people.
    pub message: Arc<str>,
    /// When the truth last changed.
    pub since: Timestamp,
}

/// A NodeClaim: one requested machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClaim {
    /// Name.
    pub name: Arc<str>,
    /// UID.
    pub uid: Arc<str>,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// Finalizers.
    pub finalizers: Vec<Arc<str>>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was asked to go.
    pub deletion_at: Option<Timestamp>,
    /// What the machine must be.
    pub requirements: Vec<Requirement>,
    /// What its pods and daemons ask for.
    pub requests: Resources,
    /// Taints of the node.
    pub taints: Vec<Taint>,
    /// Taints that something else removes.
    pub startup_taints: Vec<Taint>,
    /// The class.
    pub node_class: NodeClassRef,
    /// Seconds after which it is replaced; `None` never.
    pub expire_after_secs: Option<u64>,
    /// Seconds its drain may take; `None` for ever.
    pub termination_grace_secs: Option<u64>,
    /// Node that registered for it.
    pub node_name: Option<Arc<str>>,
    /// Cloud id once launched.
    pub provider_id: Option<Arc<str>>,
    /// Machine image.
    pub image_id: Option<Arc<str>>,
    /// Capacity of what was launched.
    pub capacity: Resources,
    /// Allocatable of what was launched.
    pub allocatable: Resources,
    /// When a pod last came or went.
    pub last_pod_event_at: Option<Timestamp>,
    /// Conditions.
    pub conditions: Vec<Condition>,
}

impl NodeClaim {
    /// The condition of a kind.
    pub fn condition(&self, kind: ConditionKind) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether the condition holds.
    pub fn is(&self, kind: ConditionKind) -> bool {
        self.condition(kind).is_some_and(|c| c.status == ConditionStatus::True)
    }

    /// The pool it belongs to.
    pub fn node_pool(&self) -> Option<&Arc<str>> {
        self.labels.get(super::keys::NODE_POOL)
    }
}
