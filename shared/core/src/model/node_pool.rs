//! Node pools: what may be launched, in which order of preference, and how much of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Flaw, Labels, Quantity, Readiness, ReportedCondition, Requirement, Resources, Taint};

/// Reference from a pool or claim to the cloud's shape of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeClassRef {
    /// API group.
    pub group: Arc<str>,
    /// Kind.
    pub kind: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

impl NodeClassRef {
    /// Whether it names a kind this product launches from.
    pub fn is_supported(&self) -> bool {
        &*self.group == "karpenter.k8s.aws" && &*self.kind == "EC2NodeClass"
    }

    /// The label that ties a claim to its class: `<group>/<lower-case kind>`.
    pub fn label_key(&self) -> String {
        format!("{}/{}", self.group, self.kind.to_lowercase())
    }
}

/// What every claim of a pool starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTemplate {
    /// Labels for claim and node.
    pub labels: Labels,
    /// Annotations for claim and node.
    pub annotations: Labels,
    /// Requirements as written, in order.
    pub requirements: Vec<Requirement>,
    /// Taints of the node.
    pub taints: Vec<Taint>,
    /// Taints that something else removes once the node is set up.
    pub startup_taints: Vec<Taint>,
    /// The class.
    pub node_class: NodeClassRef,
    /// Seconds after which a node is replaced; `None` never.
    pub expire_after_secs: Option<u64>,
    /// Seconds a drain may take before it is forced; `None` for ever.
    pub termination_grace_secs: Option<u64>,
}

/// Which nodes consolidation may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsolidationPolicy {
    /// Empty nodes only.
    WhenEmpty,
    /// Empty and underused nodes.
    WhenEmptyOrUnderutilized,
    /// Underused nodes, weighing what is saved against what is disturbed.
    Balanced,
}

/// Why a node is disrupted; budgets may name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DisruptionReason {
    /// No pods but daemons.
    Empty,
    /// Its pods fit elsewhere or on something cheaper.
    Underutilized,
    /// It no longer matches its pool or class.
    Drifted,
}

impl DisruptionReason {
    /// As manifests and conditions spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            DisruptionReason::Empty => "Empty",
            DisruptionReason::Underutilized => "Underutilized",
            DisruptionReason::Drifted => "Drifted",
        }
    }
}

/// How many nodes of a pool may be disrupted at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BudgetNodes {
    /// A number of nodes.
    Count(u32),
    /// A share of the pool's nodes in percent, rounded up.
    Percent(u32),
}

/// A disruption budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Budget {
    /// How many.
    pub nodes: BudgetNodes,
    /// Cron expression in UTC at which it becomes active; `None` is always.
    pub schedule: Option<Arc<str>>,
    /// Seconds it stays active.
    pub duration_secs: Option<u64>,
    /// Reasons it bounds; empty bounds all.
    pub reasons: Vec<DisruptionReason>,
}

/// A NodePool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePool {
    /// Name.
    pub name: Arc<str>,
    /// UID.
    pub uid: Arc<str>,
    /// Generation of the specification.
    pub generation: i64,
    /// What claims start from.
    pub template: NodeTemplate,
    /// Which nodes consolidation may touch.
    pub consolidation_policy: ConsolidationPolicy,
    /// Seconds of calm before a node may be consolidated; `None` never.
    pub consolidate_after_secs: Option<u64>,
    /// Disruption budgets.
    pub budgets: Vec<Budget>,
    /// Most capacity the pool may hold.
    pub limits: Resources,
    /// 1 to 100, heavier first; 0 when unset.
    pub weight: u32,
    /// Fixed size; such a pool takes no part in provisioning for pods.
    pub replicas: Option<u64>,
    /// Whether it can be used.
    pub readiness: Readiness,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Drift hash of the template.
    pub hash: Arc<str>,
    /// Annotations.
    pub annotations: Labels,
    /// What makes it stored but without effect, if anything does.
    pub flaw: Option<Flaw>,
    /// What was last written of it.
    pub status: PoolStatus,
}

/// What was last written of a pool (api 1.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoolStatus {
    /// What its nodes hold together.
    pub resources: Resources,
    /// How many nodes there are.
    pub nodes: u64,
    /// Generation of the class that registration health was last computed from.
    pub node_class_observed_generation: Option<i64>,
    /// Conditions.
    pub conditions: Vec<ReportedCondition>,
}

/// Price or capacity changed by the user for types that match (scheduling 7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOverlay {
    /// Name.
    pub name: Arc<str>,
    /// Heavier first; 0 when unset.
    pub weight: u32,
    /// Types and offerings it speaks of.
    pub requirements: Vec<Requirement>,
    /// What it does to the price.
    pub price: Option<PriceChange>,
    /// Extended resources it adds or replaces.
    pub capacity: Vec<(super::ResourceName, Quantity)>,
}

/// A change of price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceChange {
    /// The price itself.
    Absolute(super::Price),
    /// An amount added, in nano-dollars per hour; negative lowers.
    Adjust(i64),
    /// A share added, in thousandths of a percent; negative lowers.
    AdjustMilliPercent(i64),
}
