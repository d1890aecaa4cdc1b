//! From a proposed machine to the claim object that asks for it (scheduling 8.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan::{ClaimDraft, ProposedClaim};
use crate::model::{
    Allowed, CapacityType, InstanceType, LabelKey, Labels, NodePool, Requirement, Requirements, keys,
};

/// Whether a flexibility floor was lowered.
const RELAXED_ANNOTATION: &str = "karpenter.sh/nodeclaim-min-values-relaxed";
/// Keys that only the simulation uses.
const SIMULATED: [&str; 3] = [keys::REGISTERED, keys::INITIALIZED, keys::HOSTNAME];

/// What the claim object for a proposed machine carries. `types` are those of the pool's class.
// behaviour: scheduling/claim-carries-types-labels-and-floors
pub fn draft(proposed: &ProposedClaim, pool: &NodePool, types: &[InstanceType]) -> ClaimDraft {
    let mut annotations = pool.template.annotations.clone();
    annotations.insert(keys::POOL_HASH.into(), pool.hash.clone());
    annotations.insert(keys::POOL_HASH_VERSION.into(), keys::HASH_VERSION.into());
    annotations.insert(RELAXED_ANNOTATION.into(), proposed.min_values_relaxed.to_string().into());
    ClaimDraft {
        labels: labels(proposed, pool),
        annotations,
        requirements: requirements(proposed, types),
        requests: proposed.requests.clone(),
        taints: pool.template.taints.clone(),
        startup_taints: pool.template.startup_taints.clone(),
        node_class: pool.template.node_class.clone(),
        expire_after_secs: pool.template.expire_after_secs,
        termination_grace_secs: pool.template.termination_grace_secs,
    }
}

/// Template labels, pool, class, and one value for every custom requirement.
fn labels(proposed: &ProposedClaim, pool: &NodePool) -> Labels {
    let mut labels = pool.template.labels.clone();
    labels.insert(keys::NODE_POOL.into(), pool.name.clone());
    labels.insert(pool.template.node_class.label_key().into(), pool.template.node_class.name.clone());
    for requirement in proposed.requirements.iter() {
        let custom = !requirement.key.is_well_known() && !SIMULATED.contains(&requirement.key.as_str());
        if let (true, Some(value)) = (custom, pick(&requirement.allowed)) {
            labels.entry(requirement.key.as_str().into()).or_insert(value);
        }
    }
    labels
}

/// One admitted value: the first listed, or the smallest integer that is not refused.
fn pick(allowed: &Allowed) -> Option<Arc<str>> {
    match allowed {
        Allowed::Only(values) => values.first().cloned(),
        Allowed::AllBut { at_least, at_most, .. } => {
            let first = at_least.unwrap_or(0).max(0);
            (first..=at_most.unwrap_or(i64::MAX))
                .map(|n| n.to_string())
                .find(|n| allowed.admits(n))
                .map(Into::into)
        }
    }
}

/// The proposed requirements with the types listed and capacity types narrowed to what can be bought.
fn requirements(proposed: &ProposedClaim, types: &[InstanceType]) -> Vec<Requirement> {
    let mut all: Requirements =
        proposed.requirements.iter().filter(|r| !SIMULATED.contains(&r.key.as_str())).cloned().collect();
    all.add(Requirement::new(
        keys::INSTANCE_TYPE,
        Allowed::Only(proposed.instance_types.iter().cloned().collect()),
    ));
    let listed: BTreeSet<&Arc<str>> = proposed.instance_types.iter().collect();
    let bought: BTreeSet<CapacityType> = types
        .iter()
        .filter(|t| listed.contains(&t.name))
        .flat_map(|t| &t.offerings)
        .filter(|o| o.available && proposed.requirements.is_compatible(&o.requirements, true))
        .map(|o| o.capacity_type)
        .collect();
    if !bought.is_empty() {
        let values = bought.into_iter().map(|c| Arc::from(c.as_str())).collect();
        all.add(Requirement::new(LabelKey::new(keys::CAPACITY_TYPE), Allowed::Only(values)));
    }
    all.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Operator;

    #[test]
    fn open_requirements_get_the_smallest_admitted_integer() {
        let allowed = |op, values: &[&str]| Requirement::from_expression("k", op, values).map(|r| r.allowed);
        for (op, values, expected) in [
            (Operator::In, vec!["b", "a"], Some("a")),
            (Operator::Exists, vec![], Some("0")),
            (Operator::NotIn, vec!["0", "1"], Some("2")),
            (Operator::Gt, vec!["7"], Some("8")),
            (Operator::DoesNotExist, vec![], None),
        ] {
            let picked = allowed(op, &values).ok().and_then(|a| pick(&a));
            assert_eq!(picked.as_deref(), expected, "{op:?} {values:?}");
        }
    }
}
