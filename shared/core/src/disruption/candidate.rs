//! Which nodes may be disrupted at all, by any method, and what keeps the others? (disruption 1.4)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::blocked::Blocked;
use crate::eviction::{Protection, budgets_of, is_active, is_evictable, protection};
use crate::model::{
    ConditionKind, Node, NodeClaim, NodePool, Pod, PodDisruptionBudget, Price, Requirements, Snapshot, keys,
};

/// What the store knows and Kubernetes does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volatile {
    /// Nodes or claims with pods expected on them, and until when.
    pub nominated: BTreeMap<Arc<str>, Timestamp>,
    /// Claims that a command in progress is about.
    pub in_command: BTreeSet<Arc<str>>,
}

/// The snapshot, indexed for questions about nodes.
pub struct Fleet<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) volatile: &'a Volatile,
    pub(super) now: Timestamp,
    nodes: BTreeMap<&'a str, &'a Node>,
    pods: BTreeMap<&'a str, Vec<&'a Pod>>,
    pools: BTreeMap<&'a str, &'a NodePool>,
}

/// A node that may be disrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its claim.
    pub claim: &'a NodeClaim,
    /// The node.
    pub node: &'a Node,
    /// Its pool.
    pub pool: &'a NodePool,
    /// Pods bound to it.
    pub pods: Vec<&'a Pod>,
    /// What it costs, zero when that cannot be told.
    pub price: Price,
}

impl<'a> Fleet<'a> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'a Snapshot, volatile: &'a Volatile, now: Timestamp) -> Self {
        let mut pods: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
        for pod in &snapshot.pods {
            if let Some(node) = &pod.node_name {
                pods.entry(node).or_default().push(pod);
            }
        }
        let nodes = snapshot.nodes.iter().filter_map(|n| Some((n.provider_id.as_deref()?, n))).collect();
        let pools = snapshot.node_pools.iter().map(|p| (&*p.name, p)).collect();
        Fleet { snapshot, volatile, now, nodes, pods, pools }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Pods bound to a node.
    pub fn pods_of(&self, node: &Node) -> &[&'a Pod] {
        self.pods.get(&*node.name).map_or(&[], |pods| pods)
    }

    /// The node of a claim.
    pub fn node_of(&self, claim: &NodeClaim) -> Option<&'a Node> {
        self.nodes.get(claim.provider_id.as_deref()?).copied()
    }

    /// The pool of a claim.
    pub fn pool_of(&self, claim: &NodeClaim) -> Option<&'a NodePool> {
        self.pools.get(&**claim.node_pool()?).copied()
    }

    /// Whether a claim is going: deleted, terminating, or marked by a disruption.
    pub fn is_marked(&self, claim: &NodeClaim, node: Option<&Node>) -> bool {
        let marks = &self.snapshot.marked_for_deletion;
        claim.deletion_at.is_some()
            || claim.is(ConditionKind::InstanceTerminating)
            || marks.contains(&claim.name)
            || node.is_some_and(|n| marks.contains(&n.name))
    }

    /// Judges a claim, whatever the method. The order of the checks decides which reason is told.
    ///
    /// # Errors
    /// The first thing that keeps it.
    pub fn assess(&self, claim: &'a NodeClaim) -> Result<Candidate<'a>, Blocked> {
        self.assess_for(claim, false)
    }

    /// The same for a method that may also be eventual: then what keeps pods only delays, where the claim has a
    /// termination grace period.
    ///
    /// # Errors
    /// The first thing that keeps it.
    // behaviour: disruption/grace-period-overrules-pods-for-drift
    pub fn assess_for(&self, claim: &'a NodeClaim, eventual: bool) -> Result<Candidate<'a>, Blocked> {
        if self.volatile.in_command.contains(&claim.name) {
            return Err(Blocked::InCommand);
        }
        let node = self.node_of(claim).ok_or(Blocked::NoNode)?;
        if !is_initialized(node) {
            return Err(Blocked::NotInitialized);
        }
        if self.is_marked(claim, Some(node)) || node.deletion_at.is_some() {
            return Err(Blocked::Deleting);
        }
        // behaviour: disruption/nomination-shields
        if let Some(until) = self.nominated_until(claim, node) {
            return Err(Blocked::Nominated { until });
        }
        // behaviour: disruption/do-not-disrupt-on-a-node
        if node.annotations.get(keys::DO_NOT_DISRUPT).is_some_and(|value| &**value == "true") {
            return Err(Blocked::NodeDoNotDisrupt);
        }
        let name = claim.node_pool().ok_or(Blocked::NoPool)?;
        let pool = self.pool_of(claim).ok_or_else(|| Blocked::PoolUnknown(Arc::clone(name)))?;
        let types = self.snapshot.instance_types.get(&pool.template.node_class.name);
        if types.is_none_or(|types| types.is_empty()) {
            return Err(Blocked::PoolUnknown(Arc::clone(name)));
        }
        let pods = self.pods.get(&*node.name).cloned().unwrap_or_default();
        if !(eventual && claim.termination_grace_secs.is_some()) {
            pods.iter().try_for_each(|pod| self.pod_allows(pod))?;
        }
        Ok(Candidate { claim, node, pool, pods, price: self.price_of(claim, node) })
    }

    fn nominated_until(&self, claim: &NodeClaim, node: &Node) -> Option<Timestamp> {
        [&claim.name, &node.name]
            .into_iter()
            .filter_map(|name| self.volatile.nominated.get(name))
            .filter(|until| **until > self.now)
            .max()
            .copied()
    }

    /// Whether a pod lets its node be disrupted: no active annotation, no budget that forbids its eviction.
    fn pod_allows(&self, pod: &Pod) -> Result<(), Blocked> {
        let protection = protection(pod, self.now);
        if is_active(pod) && protection.is_active() {
            let until = if let Protection::Until(end) = protection { Some(end) } else { None };
            return Err(Blocked::PodDoNotDisrupt { pod: pod.key.clone(), until });
        }
        if !is_evictable(pod, self.now) {
            return Ok(());
        }
        let budgets: Vec<&PodDisruptionBudget> =
            budgets_of(pod, &self.snapshot.pod_disruption_budgets).collect();
        match budgets.as_slice() {
            [] => Ok(()),
            [one] if one.disruptions_allowed == 0 && (pod.ready || !one.always_allow_unhealthy) => {
                Err(Blocked::PodBudget { budget: one.key.clone() })
            }
            [_] => Ok(()),
            many => Err(Blocked::ManyBudgets {
                pod: pod.key.clone(),
                budgets: many.iter().map(|budget| budget.key.clone()).collect(),
            }),
        }
    }

    /// The price of what the node was bought as.
    fn price_of(&self, claim: &NodeClaim, node: &Node) -> Price {
        let labels = &node.labels;
        let bought = || {
            let types = self.snapshot.instance_types.get(&claim.node_class.name)?;
            let name = labels.get(keys::INSTANCE_TYPE)?;
            let instance_type = types.iter().find(|t| t.name == *name)?;
            let zone = labels.get(keys::ZONE)?;
            let capacity_type = labels.get(keys::CAPACITY_TYPE)?;
            let is_it =
                |o: &&crate::model::Offering| o.zone == *zone && o.capacity_type.as_str() == &**capacity_type;
            let own = Requirements::from_labels(labels);
            let mut offerings = instance_type.offerings.iter().filter(is_it);
            offerings.find(|o| own.is_compatible(&o.requirements, true)).map(|o| o.price)
        };
        bought().unwrap_or_default()
    }
}

/// Whether a node has been found usable once.
pub fn is_initialized(node: &Node) -> bool {
    node.labels.get(keys::INITIALIZED).is_some_and(|value| &**value == "true")
}
