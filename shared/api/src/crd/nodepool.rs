//! NodePool `karpenter.sh/v1`: which nodes may be launched, how many, and when they may be taken away.
//!
//! Source: reference, section 1.

#![expect(clippy::duplicated_attributes, reason = "each printer column has its own type and priority")]

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cel::{self, rule};
use super::duration::{DurationOrNever, DurationText};
use super::parts::{NodeClassReference, RequirementSpec, StatusCondition, TaintSpec};
use super::patterns;
use super::quantity::ResourceAmounts;

/// Seconds that a node lives when `expireAfter` is not given: 30 days.
pub const DEFAULT_EXPIRE_AFTER_SECS: u64 = 720 * 3600;

/// A group of nodes that are launched and taken away by the same rules.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "karpenter.sh",
    version = "v1",
    kind = "NodePool",
    plural = "nodepools",
    singular = "nodepool",
    category = "karpenter",
    status = "NodePoolStatus",
    derive = "PartialEq",
    doc = "A group of nodes that are launched and taken away by the same rules.",
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.nodes"),
    printcolumn(name = "NodeClass", type_ = "string", json_path = ".spec.template.spec.nodeClassRef.name"),
    printcolumn(name = "Nodes", type_ = "string", json_path = ".status.nodes"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Weight", type_ = "integer", json_path = ".spec.weight", priority = 1),
    printcolumn(name = "CPU", type_ = "string", json_path = ".status.resources.cpu", priority = 1),
    printcolumn(name = "Memory", type_ = "string", json_path = ".status.resources.memory", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = spec_rules()))]
pub struct NodePoolSpec {
    /// What the nodes of this pool look like.
    pub template: NodeClaimTemplate,
    /// When nodes of this pool may be taken away.
    #[serde(default)]
    #[schemars(extend("default" = json!({"consolidateAfter": "0s"})))]
    pub disruption: DisruptionSpec,
    /// Amounts that the pool may not grow beyond, by resource; `nodes` counts nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ResourceAmounts>,
    /// Pools with a higher weight are tried first. Absent counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 100))]
    pub weight: Option<i32>,
    /// Keeps this many nodes whether pods need them or not. Alpha.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub replicas: Option<i64>,
}

fn spec_rules() -> Value {
    json!([
        rule(
            "has(self.replicas) == has(oldSelf.replicas)",
            "replicas can neither be added to a NodePool nor removed from it"
        ),
        rule(
            "!has(self.replicas) || !has(self.limits) || self.limits.size() == 0 || (self.limits.size() == 1 && 'nodes' in self.limits)",
            "with replicas, only limits.nodes is allowed"
        ),
        rule("!has(self.replicas) || !has(self.weight)", "weight cannot be used together with replicas"),
    ])
}

/// What NodeClaims of the pool are made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeClaimTemplate {
    /// Labels and annotations of the nodes.
    #[serde(default, skip_serializing_if = "TemplateMetadata::is_empty")]
    pub metadata: TemplateMetadata,
    /// Settings of the nodes.
    pub spec: NodeClaimTemplateSpec,
}

/// Labels and annotations that nodes of the pool get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateMetadata {
    /// Labels of the nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = cel::nodepool_labels)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl TemplateMetadata {
    fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.annotations.is_empty()
    }
}

/// Settings of the nodes of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeClaimTemplateSpec {
    /// Taints that keep pods away which do not tolerate them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub taints: Vec<TaintSpec>,
    /// Taints that a node starts with and that something in the cluster removes; pods need not tolerate them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub startup_taints: Vec<TaintSpec>,
    /// Conditions on labels that every node meets.
    #[schemars(transform = cel::nodepool_requirements)]
    pub requirements: Vec<RequirementSpec>,
    /// The object that holds the cloud settings. Another name may be given later, another group or kind may not.
    #[schemars(transform = cel::fixed_class_kind)]
    pub node_class_ref: NodeClassReference,
    /// Time after which a node that is being drained is removed although pods block it. Absent waits forever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_grace_period: Option<DurationText>,
    /// Age at which a node is replaced. Never keeps it.
    #[serde(default = "default_expire_after")]
    pub expire_after: DurationOrNever,
}

pub(super) fn default_expire_after() -> DurationOrNever {
    DurationText::parse("720h")
        .map_or(DurationOrNever::after_secs(DEFAULT_EXPIRE_AFTER_SECS), DurationOrNever::After)
}

/// When nodes of the pool may be taken away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisruptionSpec {
    /// Time without pods coming or going after which a node is considered for consolidation. Never turns it off.
    #[serde(default = "default_consolidate_after")]
    pub consolidate_after: DurationOrNever,
    /// Which nodes are considered for consolidation.
    #[serde(default)]
    pub consolidation_policy: ConsolidationPolicy,
    /// How many nodes may be taken away at the same time. The smallest of the active budgets counts.
    #[serde(default = "default_budgets")]
    #[schemars(extend(
        "maxItems" = 50,
        "x-kubernetes-list-type" = "atomic",
        "x-kubernetes-validations" = [rule("self.all(x, has(x.schedule) == has(x.duration))", "schedule and duration go together")]
    ))]
    pub budgets: Vec<BudgetSpec>,
}

impl Default for DisruptionSpec {
    fn default() -> Self {
        Self {
            consolidate_after: default_consolidate_after(),
            consolidation_policy: ConsolidationPolicy::default(),
            budgets: default_budgets(),
        }
    }
}

fn default_consolidate_after() -> DurationOrNever {
    DurationOrNever::after_secs(0)
}

fn default_budgets() -> Vec<BudgetSpec> {
    vec![BudgetSpec { nodes: default_budget_nodes(), schedule: None, duration: None, reasons: Vec::new() }]
}

/// Which nodes are considered for consolidation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConsolidationPolicy {
    /// Nodes without pods.
    WhenEmpty,
    /// Nodes without pods, and nodes whose pods fit elsewhere for less money.
    #[default]
    WhenEmptyOrUnderutilized,
    /// As above, but only where the saving outweighs the disruption.
    Balanced,
}

/// Bound on the nodes that are taken away at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetSpec {
    /// Number of nodes, or percentage of the pool's nodes (rounded up).
    #[serde(default = "default_budget_nodes")]
    #[schemars(extend("pattern" = patterns::BUDGET_NODES))]
    pub nodes: String,
    /// Cron line, in UTC, of the times at which the budget becomes active. Absent is always active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::BUDGET_SCHEDULE))]
    pub schedule: Option<String>,
    /// How long the budget stays active after each time of the schedule, in hours and minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::BUDGET_DURATION))]
    pub duration: Option<String>,
    /// Reasons that the budget bounds. Absent bounds all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 50, "x-kubernetes-list-type" = "set"))]
    pub reasons: Vec<BudgetReason>,
}

fn default_budget_nodes() -> String {
    "10%".to_owned()
}

/// Reason for which nodes are taken away and that budgets bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum BudgetReason {
    /// Its pods fit elsewhere for less money.
    Underutilized,
    /// It has no pods.
    Empty,
    /// It no longer matches what it was made from.
    Drifted,
}

/// What is known about a NodePool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodePoolStatus {
    /// Sum of the capacity of the pool's nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: ResourceAmounts,
    /// Number of nodes of the pool.
    #[serde(default)]
    pub nodes: i64,
    /// Generation of the NodeClass that registration health was last computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_class_observed_generation: Option<i64>,
    /// Conditions of the pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = cel::keyed_conditions, transform = cel::full_conditions)]
    pub conditions: Vec<StatusCondition>,
}
