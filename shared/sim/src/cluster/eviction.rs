//! Disruption budgets of pods: may this pod be evicted now?

use std::collections::BTreeMap;

use joiner_core::model::{NamespacedName, Pod, PodDisruptionBudget, PodPhase};

use super::Cluster;
use crate::log::EntryKind;
use crate::world::World;

/// Why an eviction was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvictionRefusal {
    /// The pod is gone, or another has its name.
    Gone,
    /// A budget has nothing left, or more than one speaks of the pod.
    Budget(String),
}

impl Cluster {
    /// Budgets with what each allows now.
    pub fn counted_budgets(&self) -> Vec<PodDisruptionBudget> {
        self.budgets
            .values()
            .map(|budget| PodDisruptionBudget {
                disruptions_allowed: self.disruptions_allowed(budget),
                ..budget.clone()
            })
            .collect()
    }

    fn covered<'a>(&'a self, budget: &'a PodDisruptionBudget) -> impl Iterator<Item = &'a Pod> {
        self.pods.values().map(|object| &object.pod).filter(move |pod| covers(budget, pod))
    }

    /// Healthy pods less those that have to stay.
    fn disruptions_allowed(&self, budget: &PodDisruptionBudget) -> u32 {
        let healthy =
            self.covered(budget).filter(|pod| pod.ready && pod.deletion_at.is_none()).count() as u64;
        let expected = self.expected_pods(budget);
        let desired = match (&budget.min_available, &budget.max_unavailable) {
            (Some(least), _) => share(least, expected),
            (None, Some(most)) => expected.saturating_sub(share(most, expected)),
            // The API server defaults to one that may be missing.
            (None, None) => expected.saturating_sub(1),
        };
        healthy.saturating_sub(desired) as u32
    }

    /// Pods there should be: the scale of every controller that owns one, and bare pods as they are.
    fn expected_pods(&self, budget: &PodDisruptionBudget) -> u64 {
        let mut scales: BTreeMap<&str, u64> = BTreeMap::new();
        let mut bare = 0;
        for pod in self.covered(budget) {
            let owner = pod.owners.first().map(|owner| &*owner.uid);
            match owner.and_then(|uid| self.controllers.values().find(|w| &*w.uid == uid)) {
                Some(controller) => {
                    scales.insert(&controller.uid, u64::from(controller.replicas));
                }
                None => bare += 1,
            }
        }
        bare + scales.values().sum::<u64>()
    }
}

fn covers(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    budget.key.namespace == pod.key.namespace
        && budget.selector.as_ref().is_some_and(|selector| selector.matches(&pod.labels))
}

/// A count, or a percentage rounded up.
fn share(text: &str, of: u64) -> u64 {
    match text.strip_suffix('%') {
        Some(percent) => (percent.parse().unwrap_or(0) * of).div_ceil(100),
        None => text.parse().unwrap_or(0),
    }
}

impl World {
    /// Evicts a pod, as the eviction subresource does.
    ///
    /// # Errors
    /// The pod is gone, or a budget forbids it.
    pub fn evict_pod(&mut self, key: &NamespacedName, uid: &str) -> Result<(), EvictionRefusal> {
        let object = self.cluster.pods.get(key).filter(|object| &*object.pod.uid == uid);
        let pod = &object.ok_or(EvictionRefusal::Gone)?.pod;
        if pod.deletion_at.is_none() && !pod.is_terminal() {
            let budgets: Vec<&PodDisruptionBudget> =
                self.cluster.budgets.values().filter(|budget| covers(budget, pod)).collect();
            match budgets[..] {
                [] => {}
                [budget] => {
                    let unhealthy_passes =
                        !pod.ready && (budget.always_allow_unhealthy || pod.phase == PodPhase::Pending);
                    if !unhealthy_passes && self.cluster.disruptions_allowed(budget) == 0 {
                        let budget = &budget.key;
                        let why = format!("the disruption budget {budget} needs the pod");
                        return Err(EvictionRefusal::Budget(why));
                    }
                }
                _ => {
                    return Err(EvictionRefusal::Budget("more than one disruption budget covers it".into()));
                }
            }
            let node = pod.node_name.as_ref().map_or_else(String::new, |node| format!("from {node}"));
            self.record(EntryKind::PodEvicted, &key.to_string(), node);
        }
        self.delete_pod(key, None);
        Ok(())
    }
}
