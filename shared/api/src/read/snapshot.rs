//! From the objects of an input to the world that decisions look at, filling in what is not given.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{Pod, PodDisruptionBudget, Snapshot, Zone};

use super::manifests::Manifests;
use super::node_pool::assumed_creation;
use super::workload::expand;

/// What is taken for granted about a world that is only described by manifests.
#[derive(Debug, Clone, Copy)]
pub struct Assumptions<'a> {
    /// The moment of the decision; objects that do not tell their age are an hour old.
    pub now: Timestamp,
    /// Zones in which every class has a subnet, unless its status tells.
    pub zones: &'a [Zone],
    /// Whether workloads without pods are taken to be waiting for all of theirs.
    pub expand_workloads: bool,
}

impl Manifests {
    /// The world as given, without instance types.
    pub fn into_snapshot(self, assumptions: &Assumptions<'_>) -> Snapshot {
        let mut world = self;
        if assumptions.expand_workloads {
            let (pods, claims) = expand(&world.workloads, &world.pods);
            world.pods.extend(pods);
            let given: std::collections::HashSet<_> =
                world.volume_claims.iter().map(|c| c.key.clone()).collect();
            world.volume_claims.extend(claims.into_iter().filter(|claim| !given.contains(&claim.key)));
        }
        world.fill_in(assumptions);
        let budgets = std::mem::take(&mut world.pod_disruption_budgets);
        let pods = &world.pods;
        let pod_disruption_budgets = budgets
            .into_iter()
            .map(|(budget, allowed)| PodDisruptionBudget {
                disruptions_allowed: allowed.unwrap_or_else(|| disruptions_allowed(&budget, pods)),
                ..budget
            })
            .collect();
        Snapshot {
            pod_disruption_budgets,
            pods: world.pods,
            nodes: world.nodes,
            node_claims: world.node_claims,
            node_pools: world.node_pools,
            node_classes: world.node_classes,
            node_overlays: world.node_overlays,
            daemon_sets: world.daemon_sets,
            volume_claims: world.volume_claims,
            volumes: world.volumes,
            storage_classes: world.storage_classes,
            volume_limits: world.volume_limits,
            namespaces: world.namespaces,
            ..Snapshot::default()
        }
    }

    fn fill_in(&mut self, assumptions: &Assumptions<'_>) {
        let created_at = assumed_creation(assumptions.now);
        for pod in &mut self.pods {
            pod.created_at.get_or_insert(created_at);
        }
        for daemon_set in &mut self.daemon_sets {
            daemon_set.template.created_at.get_or_insert(created_at);
        }
        for node in &mut self.nodes {
            node.created_at.get_or_insert(created_at);
        }
        for claim in &mut self.node_claims {
            claim.created_at.get_or_insert(created_at);
        }
        for class in &mut self.node_classes {
            if class.zones.is_empty() {
                class.zones = assumptions.zones.to_vec();
            }
        }
        if let Some(default) = &self.default_storage_class {
            for claim in self.volume_claims.iter_mut().filter(|claim| claim.volume_name.is_none()) {
                claim.storage_class.get_or_insert_with(|| Arc::clone(default));
            }
        }
    }
}

/// What the disruption controller would allow: healthy pods beyond those that must stay.
fn disruptions_allowed(budget: &PodDisruptionBudget, pods: &[Pod]) -> u32 {
    let Some(selector) = &budget.selector else { return 0 };
    let protected = pods.iter().filter(|pod| {
        pod.key.namespace == budget.key.namespace && !pod.is_terminal() && selector.matches(&pod.labels)
    });
    let (expected, healthy) = protected.fold((0_u32, 0_u32), |(expected, healthy), pod| {
        (expected + 1, healthy + u32::from(pod.ready && pod.deletion_at.is_none()))
    });
    let must_stay = match (&budget.max_unavailable, &budget.min_available) {
        (Some(most), _) => expected.saturating_sub(share_of(most, expected)),
        (None, Some(least)) => share_of(least, expected),
        (None, None) => expected.saturating_sub(1),
    };
    healthy.saturating_sub(must_stay)
}

/// A number, or a percentage of a number of pods rounded up; what is neither protects all.
fn share_of(text: &str, total: u32) -> u32 {
    match text.strip_suffix('%') {
        Some(percent) => percent
            .parse::<u64>()
            .ok()
            .and_then(|percent| u32::try_from((u64::from(total) * percent).div_ceil(100)).ok())
            .unwrap_or(total),
        None => text.parse().unwrap_or(total),
    }
}
