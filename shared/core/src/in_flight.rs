//! Machines that were asked for and have not answered yet: what may later passes assume of them?
//!
//! Limits count the largest machine it may become, pods get the smallest, less what it was asked for already
//! (api 1.4). Labels are those that every possible machine carries.

use std::sync::Arc;

use crate::model::{InstanceType, NodeClaim, Quantity, Requirement, Requirements, ResourceName, Resources};
use crate::scheduling::plan::ClaimDraft;

/// The claim that a draft would become, for one that is not written yet.
pub fn claim_of(name: &str, draft: &ClaimDraft) -> NodeClaim {
    NodeClaim {
        name: name.into(),
        uid: name.into(),
        labels: draft.labels.clone(),
        annotations: draft.annotations.clone(),
        finalizers: Vec::new(),
        created_at: None,
        deletion_at: None,
        requirements: draft.requirements.clone(),
        requests: draft.requests.clone(),
        taints: draft.taints.clone(),
        startup_taints: draft.startup_taints.clone(),
        node_class: draft.node_class.clone(),
        expire_after_secs: draft.expire_after_secs,
        termination_grace_secs: draft.termination_grace_secs,
        node_name: None,
        provider_id: None,
        image_id: None,
        capacity: Resources::new(),
        allocatable: Resources::new(),
        last_pod_event_at: None,
        conditions: Vec::new(),
    }
}

/// The draft that a claim was made from, for one that was written by someone else.
pub fn draft_of(claim: &NodeClaim) -> ClaimDraft {
    ClaimDraft {
        labels: claim.labels.clone(),
        annotations: claim.annotations.clone(),
        requirements: claim.requirements.clone(),
        requests: claim.requests.clone(),
        taints: claim.taints.clone(),
        startup_taints: claim.startup_taints.clone(),
        node_class: claim.node_class.clone(),
        expire_after_secs: claim.expire_after_secs,
        termination_grace_secs: claim.termination_grace_secs,
    }
}

/// Fills in what may be assumed of a claim that is not launched, from the types it may become. One that may
/// become none stays as it is.
pub fn assume(claim: &mut NodeClaim, types: &[InstanceType]) {
    let requirements: Requirements = claim.requirements.iter().cloned().collect();
    let fitting = types.iter().filter(|t| requirements.is_compatible(&t.requirements, true));
    let mut largest: Option<Resources> = None;
    let mut smallest: Option<Resources> = None;
    for instance_type in fitting {
        let allocatable = instance_type.allocatable();
        largest.get_or_insert_default().raise_to(&instance_type.capacity);
        smallest = Some(smallest.map_or(allocatable.clone(), |so_far| lesser(&so_far, &allocatable)));
    }
    // behaviour: provisioning/unlaunched-claims-count-as-their-largest-type
    let (Some(largest), Some(mut smallest)) = (largest, smallest) else { return };
    smallest.subtract(&claim.requests);
    claim.capacity = largest;
    claim.allocatable =
        smallest.iter().map(|(name, left)| (name.clone(), left.max(Quantity::ZERO))).collect();
    for (key, value) in requirements.iter().filter_map(only_value) {
        claim.labels.entry(key).or_insert(value);
    }
}

/// Amount by amount the smaller; what only one of them has is not there.
fn lesser(a: &Resources, b: &Resources) -> Resources {
    let both = a.iter().filter_map(|(name, amount)| Some((name.clone(), amount.min(b.get(name)?))));
    both.collect::<Vec<(ResourceName, Quantity)>>().into_iter().collect()
}

fn only_value(requirement: &Requirement) -> Option<(Arc<str>, Arc<str>)> {
    let values = requirement.allowed.values();
    let single = requirement.allowed.operator() == crate::model::Operator::In && values.len() == 1;
    single.then(|| values.first().map(|value| (requirement.key.as_str().into(), Arc::clone(value)))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Allowed, Overhead, keys};
    use crate::samples;

    fn instance_type(name: &str, cpu: &str, memory: &str) -> InstanceType {
        let amounts = [("cpu", cpu), ("memory", memory)];
        InstanceType {
            name: name.into(),
            requirements: [Requirement::new(keys::INSTANCE_TYPE, Allowed::one(name))].into_iter().collect(),
            capacity: amounts.iter().map(|(n, q)| (ResourceName::from(*n), q.parse().unwrap())).collect(),
            overhead: Overhead::default(),
            offerings: Vec::new(),
        }
    }

    // behaviour: provisioning/unlaunched-claims-count-as-their-largest-type
    #[test]
    fn limits_see_the_largest_machine_and_pods_what_the_smallest_has_left() {
        let types = [
            instance_type("a.large", "2", "8Gi"),
            instance_type("b.large", "4", "4Gi"),
            instance_type("c.huge", "96", "1Ti"),
        ];
        let either = Allowed::Only(["a.large".into(), "b.large".into()].into());
        let mut claim = NodeClaim {
            requirements: vec![
                Requirement::new(keys::INSTANCE_TYPE, either),
                Requirement::new(keys::ZONE, Allowed::one("zone-a")),
            ],
            requests: [(ResourceName::Cpu, "1500m".parse().unwrap())].into_iter().collect(),
            ..samples::claim("general", "a")
        };
        assume(&mut claim, &types);
        assert_eq!(claim.capacity.to_string(), "cpu 4, memory 8Gi");
        assert_eq!(claim.allocatable.to_string(), "cpu 500m, memory 4Gi");
        assert_eq!(claim.labels.get(keys::ZONE).map(|z| &**z), Some("zone-a"));
        assert_eq!(claim.labels.get(keys::INSTANCE_TYPE), None);
    }
}
