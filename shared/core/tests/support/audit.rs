//! Is a plan right? Written from the rules with sets and sums, slow and plain, without a look at the solver.

use std::collections::BTreeMap;

use joiner_core::model::{NamespacedName, Pod, Snapshot};
use joiner_core::scheduling::plan::{Knobs, Plan};

use super::audit_facts::Facts;
use super::{audit_claims, audit_failed, audit_nodes, audit_topology};

/// Everything that is wrong with a plan, one line each.
pub(crate) fn audit(world: &Snapshot, knobs: &Knobs, plan: &Plan) -> Vec<String> {
    let facts = Facts::of(world, knobs);
    let mut wrong = lost_or_doubled(&facts, plan);
    for claim in &plan.claims {
        audit_claims::claim(&facts, claim, &mut wrong);
    }
    audit_claims::limits(&facts, plan, &mut wrong);
    audit_claims::reservations(&facts, plan, &mut wrong);
    for (node, pods) in &plan.existing {
        audit_nodes::node(&facts, node, pods, &mut wrong);
    }
    audit_topology::rules(&facts, plan, &mut wrong);
    audit_failed::reasons(&facts, plan, &mut wrong);
    wrong
}

/// Every pod of the pass is placed, failed or left out, once, and no other is.
fn lost_or_doubled(facts: &Facts<'_>, plan: &Plan) -> Vec<String> {
    let mut seen: BTreeMap<&NamespacedName, usize> = BTreeMap::new();
    let placed = plan.claims.iter().flat_map(|c| &c.pods).chain(plan.existing.values().flatten());
    let others = plan.unschedulable.iter().map(|u| &u.pod).chain(plan.ignored.iter().map(|i| &i.pod));
    for pod in placed.chain(others) {
        *seen.entry(pod).or_default() += 1;
    }
    let mut wrong: Vec<String> = seen
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(pod, times)| format!("{pod} appears {times} times"))
        .collect();
    for pod in &facts.world.pods {
        match (facts.takes_part(pod), seen.contains_key(&pod.key)) {
            (true, false) => wrong.push(format!("{} is lost", pod.key)),
            (false, true) => wrong.push(format!("{} is none of the pass", pod.key)),
            _ => {}
        }
    }
    wrong
}

/// The pods of names.
pub(crate) fn pods_of<'a>(facts: &Facts<'a>, names: &[NamespacedName]) -> Vec<&'a Pod> {
    names.iter().filter_map(|name| facts.world.pods.iter().find(|p| p.key == *name)).collect()
}
