//! The answer of provisioning: what to launch, what fits where, and why the rest does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reason::{Ignored, PoolSkipped, Unschedulable};
use crate::model::{
    Labels, NamespacedName, NodeClassRef, Price, Requirement, Requirements, Resources, Taint,
};

/// What to do with preferences of pods (scheduling 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PreferencePolicy {
    /// Treat them as required until they cannot be met.
    #[default]
    Respect,
    /// Do not look at them.
    Ignore,
}

/// What to do when a flexibility floor cannot be met (scheduling 3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MinValuesPolicy {
    /// Refuse.
    #[default]
    Strict,
    /// Lower the floor to what can be had.
    BestEffort,
}

/// What to do when a reservation is contended (scheduling 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReservedMode {
    /// Wait for the next pass rather than pay elsewhere. Provisioning does.
    #[default]
    Strict,
    /// Take what else there is. Simulations of disruption do.
    Fallback,
}

/// Settings of one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knobs {
    /// The moment of the decision.
    pub now: Timestamp,
    /// Preferences of pods.
    pub preference_policy: PreferencePolicy,
    /// Flexibility floors.
    pub min_values_policy: MinValuesPolicy,
    /// Contended reservations.
    pub reserved_mode: ReservedMode,
}

/// What a simulation takes away before it looks for places (disruption 1.7).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removal {
    /// Names of the nodes that would go.
    pub nodes: BTreeSet<Arc<str>>,
    /// Nodes that are still within their calm and take no pods that are moved only to save money.
    pub restless: BTreeSet<Arc<str>>,
}

/// A machine decided on, not written anywhere yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedClaim {
    /// The pool it belongs to.
    pub node_pool: Arc<str>,
    /// Pods it is for, in the order they were placed.
    pub pods: Vec<NamespacedName>,
    /// Instance types that would do, cheapest first, at most 600.
    pub instance_types: Vec<Arc<str>>,
    /// What the machine must be, without instance type and host name (scheduling 8.1).
    pub requirements: Requirements,
    /// What pods and daemons ask for together.
    pub requests: Resources,
    /// Price of the cheapest way to buy it.
    pub cheapest_price: Price,
    /// Whether a flexibility floor was lowered for it.
    pub min_values_relaxed: bool,
}

/// What a claim object for a proposed machine carries (scheduling 8.3), ready to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimDraft {
    /// Labels: template, pool, class, and custom requirements resolved to a value.
    pub labels: Labels,
    /// Annotations: template, pool hash, floors relaxed.
    pub annotations: Labels,
    /// Requirements with the instance types and without what only simulations need.
    pub requirements: Vec<Requirement>,
    /// Requests.
    pub requests: Resources,
    /// Taints.
    pub taints: Vec<Taint>,
    /// Startup taints.
    pub startup_taints: Vec<Taint>,
    /// The class.
    pub node_class: NodeClassRef,
    /// Seconds after which it is replaced.
    pub expire_after_secs: Option<u64>,
    /// Seconds its drain may take.
    pub termination_grace_secs: Option<u64>,
}

/// The answer of provisioning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Machines to launch, in the order they were opened.
    pub claims: Vec<ProposedClaim>,
    /// Pods that fit on what there is already: by node (or claim) name.
    pub existing: BTreeMap<Arc<str>, Vec<NamespacedName>>,
    /// Pods that fit nowhere, with the reason per pool.
    pub unschedulable: Vec<Unschedulable>,
    /// Pods left out of the simulation because they are invalid or not meant for this product.
    pub ignored: Vec<Ignored>,
    /// Pools that took no part, with the reason.
    pub skipped_pools: Vec<PoolSkipped>,
}

impl Plan {
    /// Price of the cheapest way to buy all of it.
    pub fn total_cheapest_price(&self) -> Price {
        self.claims.iter().map(|c| c.cheapest_price).sum()
    }
}
