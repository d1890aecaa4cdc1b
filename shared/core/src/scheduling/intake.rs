//! Which pods the pass is about: pending ones that are valid, and those of nodes on their way out
//! (scheduling 1).

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashSet;

use super::existing::Machine;
use super::reason::Ignored;
use super::validate::validate;
use super::volumes::Storage;
use crate::eviction::{budgets_of, is_active, is_evictable, is_reschedulable, protection};
use crate::model::{Pod, PodDisruptionBudget, PodPhase, Snapshot};

/// Pods of the pass, by index into the snapshot.
pub(crate) struct Intake {
    pub(crate) pods: Vec<usize>,
    /// Those of them whose nodes are on their way out already.
    pub(crate) displaced: FxHashSet<usize>,
    pub(crate) ignored: Vec<Ignored>,
}

/// Gathers the pods that every pass is about.
pub(crate) fn gather(snapshot: &Snapshot, storage: &Storage<'_>, now: Timestamp) -> Intake {
    let mut intake = Intake { pods: Vec::new(), displaced: FxHashSet::default(), ignored: Vec::new() };
    for (index, pod) in snapshot.pods.iter().enumerate().filter(|(_, pod)| pod.is_provisionable()) {
        match validate(pod, storage) {
            None => intake.pods.push(index),
            Some(ignored) => intake.ignored.push(ignored),
        }
    }
    let marked: FxHashSet<&str> = snapshot.marked_for_deletion.iter().map(|name| &**name).collect();
    let leaving: FxHashSet<&str> = Machine::collect(snapshot)
        .iter()
        .filter(|m| m.is_leaving(&marked))
        .filter_map(|m| m.node.map(|node| &*node.name))
        .collect();
    if leaving.is_empty() {
        return intake;
    }
    for (index, pod) in snapshot.pods.iter().enumerate() {
        let on_leaving = pod.node_name.as_deref().is_some_and(|node| leaving.contains(node));
        if !on_leaving || !is_currently_reschedulable(pod, &snapshot.pod_disruption_budgets, now) {
            continue;
        }
        match storage.look_up(pod) {
            Ok(()) => {
                intake.pods.push(index);
                intake.displaced.insert(index);
            }
            // It goes whatever happens here; only a place that its volumes cannot be reached from would be wrong.
            Err(fault) => {
                let (pod, why) = (pod.key.clone(), vec![fault]);
                intake.ignored.push(Ignored { pod, why, by_own_wish: false });
            }
        }
    }
    intake
}

/// Whether a pod needs a place elsewhere now that its node goes (scheduling 1.5).
// behaviour: scheduling/pods-of-leaving-nodes-are-placed-ahead
pub fn is_currently_reschedulable(pod: &Pod, budgets: &[PodDisruptionBudget], now: Timestamp) -> bool {
    is_reschedulable(pod)
        && (!is_active(pod) || !protection(pod, now).is_active())
        && !is_blocked(pod, budgets, now)
}

/// Whether disruption budgets never let the pod go, by what they say rather than by how many are up.
fn is_blocked(pod: &Pod, budgets: &[PodDisruptionBudget], now: Timestamp) -> bool {
    if !is_evictable(pod, now) {
        return false;
    }
    let mut matching = budgets_of(pod, budgets);
    let Some(first) = matching.next() else { return false };
    if matching.next().is_some() {
        return true;
    }
    if first.always_allow_unhealthy && pod.phase != PodPhase::Pending && !pod.ready {
        return false;
    }
    let never =
        |text: &Option<Arc<str>>, values: &[&str]| text.as_deref().is_some_and(|text| values.contains(&text));
    never(&first.max_unavailable, &["0", "0%"]) || never(&first.min_available, &["100%"])
}
