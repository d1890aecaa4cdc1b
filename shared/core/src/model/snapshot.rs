//! Everything a decision may look at, taken at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    InstanceType, LabelSelector, Labels, NamespacedName, Node, NodeClaim, NodeClass, NodeOverlay, NodePool,
    Pod, StorageClass, Volume, VolumeClaim, VolumeLimit,
};

/// A DaemonSet, by the pod it would start on a fitting node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSet {
    /// Namespace and name.
    pub key: NamespacedName,
    /// UID.
    pub uid: Arc<str>,
    /// The pod of its template, unbound.
    pub template: Pod,
}

/// How many pods of a selection may be away at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDisruptionBudget {
    /// Namespace and name.
    pub key: NamespacedName,
    /// Pods it protects; `None` protects none.
    pub selector: Option<LabelSelector>,
    /// `maxUnavailable` as written.
    pub max_unavailable: Option<Arc<str>>,
    /// `minAvailable` as written.
    pub min_available: Option<Arc<str>>,
    /// Evictions the API server would allow now.
    pub disruptions_allowed: u32,
    /// Whether pods that are not ready may always be evicted.
    pub always_allow_unhealthy: bool,
}

/// The cluster, the pools and what can be bought, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Pods.
    pub pods: Vec<Pod>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Claims.
    pub node_claims: Vec<NodeClaim>,
    /// Pools.
    pub node_pools: Vec<NodePool>,
    /// Classes.
    pub node_classes: Vec<NodeClass>,
    /// Overlays.
    pub node_overlays: Vec<NodeOverlay>,
    /// DaemonSets.
    pub daemon_sets: Vec<DaemonSet>,
    /// Volume claims.
    pub volume_claims: Vec<VolumeClaim>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Storage classes.
    pub storage_classes: Vec<StorageClass>,
    /// Volume limits of nodes.
    pub volume_limits: Vec<VolumeLimit>,
    /// Labels of namespaces.
    pub namespaces: BTreeMap<Arc<str>, Labels>,
    /// Disruption budgets of pods.
    pub pod_disruption_budgets: Vec<PodDisruptionBudget>,
    /// Instance types by class name, each list in name order.
    pub instance_types: BTreeMap<Arc<str>, Arc<Vec<InstanceType>>>,
    /// Nodes (by claim or node name) that a disruption in progress has marked to go.
    pub marked_for_deletion: Vec<Arc<str>>,
}
