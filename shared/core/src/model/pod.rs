//! Pods, as far as placement and eviction depend on them.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Expression, LabelSelector, Labels, Resources, Toleration};

/// Namespace and name of a pod or another namespaced object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamespacedName {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name in it.
    pub name: Arc<str>,
}

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Life phase of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PodPhase {
    /// Not started.
    #[default]
    Pending,
    /// At least one container runs.
    Running,
    /// All containers ended well.
    Succeeded,
    /// All containers ended, one of them badly.
    Failed,
    /// Not known, or not reported.
    Unknown,
}

/// An owner reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// API group and version, such as `apps/v1`.
    pub api_version: Arc<str>,
    /// Kind, such as `ReplicaSet`.
    pub kind: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// UID.
    pub uid: Arc<str>,
    /// Whether it is the managing controller.
    pub controller: bool,
}

/// One alternative of node affinity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NodeTerm {
    /// Expressions on node labels that must all hold.
    pub expressions: Vec<Expression>,
    /// Whether it also selects by field, which claims cannot serve.
    pub has_match_fields: bool,
}

/// A preferred alternative of node affinity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PreferredNodeTerm {
    /// 1 to 100; only the order counts.
    pub weight: i32,
    /// The alternative.
    pub term: NodeTerm,
}

/// A pod affinity or anti-affinity term.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PodTerm {
    /// Node label that makes a domain.
    pub topology_key: Arc<str>,
    /// Pods it speaks of; `None` selects none.
    pub selector: Option<LabelSelector>,
    /// Namespaces named.
    pub namespaces: Vec<Arc<str>>,
    /// Namespaces selected by label; an empty selector selects all.
    pub namespace_selector: Option<LabelSelector>,
}

/// A preferred pod affinity or anti-affinity term.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PreferredPodTerm {
    /// 1 to 100; only the order counts.
    pub weight: i32,
    /// The term.
    pub term: PodTerm,
}

/// What happens when a spread cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhenUnsatisfiable {
    /// The pod waits.
    DoNotSchedule,
    /// The pod goes anyway.
    ScheduleAnyway,
}

/// A topology spread constraint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopologySpread {
    /// Node label that makes a domain.
    pub topology_key: Arc<str>,
    /// Largest difference allowed.
    pub max_skew: i32,
    /// Fewest domains to count on.
    pub min_domains: Option<i32>,
    /// Hard or soft.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Pods counted; `None` selects none.
    pub selector: Option<LabelSelector>,
    /// Keys whose values on the pod itself are added to the selector.
    pub match_label_keys: Vec<Arc<str>>,
    /// Whether only nodes that the pod's node affinity admits are counted.
    pub honor_node_affinity: bool,
    /// Whether only nodes whose taints the pod tolerates are counted.
    pub honor_node_taints: bool,
}

/// A port taken on the node itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// Address, `0.0.0.0` for all.
    pub ip: Arc<str>,
    /// Port number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Arc<str>,
}

impl HostPort {
    /// Whether the two cannot live on one node (scheduling 6.5).
    pub fn conflicts_with(&self, other: &HostPort) -> bool {
        let unspecified = |ip: &str| ip == "0.0.0.0" || ip == "::";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || unspecified(&self.ip) || unspecified(&other.ip))
    }
}

/// A volume that is bound to storage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PodVolume {
    /// A claim by name.
    Claim(Arc<str>),
    /// A claim made for this pod, named after pod and volume.
    Ephemeral(Arc<str>),
}

/// What a pod asks of its node. Pods of one template share one value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PodSpec {
    /// Totals over containers, sidecars, init containers, pod-level requests and overhead, with `pods` = 1
    /// (scheduling 6.1).
    pub requests: Resources,
    /// Node labels wanted.
    pub node_selector: Labels,
    /// Alternatives of required node affinity; empty means none is required.
    pub required_node_terms: Vec<NodeTerm>,
    /// Preferred node affinity.
    pub preferred_node_terms: Vec<PreferredNodeTerm>,
    /// Required pod affinity.
    pub required_affinity: Vec<PodTerm>,
    /// Preferred pod affinity.
    pub preferred_affinity: Vec<PreferredPodTerm>,
    /// Required pod anti-affinity.
    pub required_anti_affinity: Vec<PodTerm>,
    /// Preferred pod anti-affinity.
    pub preferred_anti_affinity: Vec<PreferredPodTerm>,
    /// Topology spread.
    pub topology_spread: Vec<TopologySpread>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// Ports taken on the node.
    pub host_ports: Vec<HostPort>,
    /// Volumes with claims.
    pub volumes: Vec<PodVolume>,
    /// Whether it claims devices (DRA).
    pub has_resource_claims: bool,
    /// Seconds it gets to stop.
    pub termination_grace_secs: u32,
    /// Priority.
    pub priority: i32,
    /// Priority class, such as `system-node-critical`.
    pub priority_class: Option<Arc<str>>,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Namespace and name.
    pub key: NamespacedName,
    /// UID.
    pub uid: Arc<str>,
    /// Labels; pods of one template share one value.
    pub labels: Arc<Labels>,
    /// Annotations.
    pub annotations: Arc<Labels>,
    /// Owners.
    pub owners: Vec<Owner>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was asked to stop (deletion time with grace included).
    pub deletion_at: Option<Timestamp>,
    /// What it asks of its node.
    pub spec: Arc<PodSpec>,
    /// The node it is bound to.
    pub node_name: Option<Arc<str>>,
    /// The node that preemption frees for it.
    pub nominated_node_name: Option<Arc<str>>,
    /// Phase.
    pub phase: PodPhase,
    /// Whether the scheduler said `Unschedulable`.
    pub unschedulable: bool,
    /// Whether it is ready.
    pub ready: bool,
    /// When the kubelet took it.
    pub started_at: Option<Timestamp>,
    /// What could not be read of it, each with the field and the remedy; such a pod is not simulated.
    pub defects: Vec<String>,
}

impl Pod {
    /// Whether it has ended.
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }

    /// Whether a DaemonSet owns it.
    pub fn is_owned_by_daemon_set(&self) -> bool {
        self.owners.iter().any(|o| &*o.api_version == "apps/v1" && &*o.kind == "DaemonSet")
    }

    /// Whether the node itself owns it (a static pod).
    pub fn is_owned_by_node(&self) -> bool {
        self.owners.iter().any(|o| &*o.api_version == "v1" && &*o.kind == "Node")
    }

    /// Whether a StatefulSet owns it.
    pub fn is_owned_by_stateful_set(&self) -> bool {
        self.owners.iter().any(|o| &*o.api_version == "apps/v1" && &*o.kind == "StatefulSet")
    }

    /// Whether a node may be launched for it (scheduling 1.1): seen and refused by the scheduler, not bound,
    /// not waiting for preemption, and not tied to a node by its owner.
    pub fn is_provisionable(&self) -> bool {
        self.unschedulable
            && self.node_name.is_none()
            && self.nominated_node_name.is_none()
            && !self.is_owned_by_daemon_set()
            && !self.is_owned_by_node()
    }
}
