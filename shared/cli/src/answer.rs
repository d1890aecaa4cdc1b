//! The answer of `joiner plan` for programs. Its shape is a contract: the fields of the recorded outcomes, and
//! further ones only beside them.

use joiner_core::model::{Allowed, NamespacedName, Requirement, Resources, keys};
use joiner_core::scheduling::plan::ProposedClaim;
use serde_json::{Map, Value, json};

use crate::plan::Planned;

/// The whole answer.
pub fn answer(planned: &Planned) -> Value {
    let plan = &planned.plan;
    let existing = plan.existing.iter().map(|(node, pods)| (node.to_string(), json!(names(pods))));
    let errors = plan.unschedulable.iter().map(|u| (u.pod.to_string(), json!(u.why.to_string())));
    let ignored = plan.ignored.iter().map(|i| (i.pod.to_string(), json!(i.why.join("; "))));
    let skipped = plan.skipped_pools.iter().map(|s| (s.node_pool.to_string(), json!(s.why.to_string())));
    // What adding up the printed prices gives, to the last bit; text output shows the exact sum.
    let total: f64 = plan.claims.iter().fold(0.0, |sum, claim| sum + claim.cheapest_price.usd_per_hour());
    json!({
        "newNodeClaims": plan.claims.iter().map(claim).collect::<Vec<Value>>(),
        "existingNodes": existing.collect::<Map<String, Value>>(),
        "podErrors": errors.collect::<Map<String, Value>>(),
        "totalCheapestPrice": total,
        "lowerBoundPrice": planned.lower_bound_usd_per_hour(),
        "ignoredPods": ignored.collect::<Map<String, Value>>(),
        "skippedNodePools": skipped.collect::<Map<String, Value>>(),
    })
}

fn names(pods: &[NamespacedName]) -> Vec<String> {
    let mut names: Vec<String> = pods.iter().map(NamespacedName::to_string).collect();
    names.sort();
    names
}

fn claim(claim: &ProposedClaim) -> Value {
    let mut value = machine(claim);
    value["pods"] = json!(names(&claim.pods));
    value["cheapestPrice"] = json!(claim.cheapest_price.usd_per_hour());
    value
}

/// What a machine must be, without what it is for.
pub fn machine(claim: &ProposedClaim) -> Value {
    let mut types: Vec<&str> = claim.instance_types.iter().map(|name| &**name).collect();
    types.sort_unstable();
    let shown = |requirement: &&Requirement| {
        ![keys::INSTANCE_TYPE, keys::HOSTNAME].contains(&requirement.key.as_str())
    };
    let requirements = claim.requirements.iter().filter(shown);
    let requirements = requirements.map(|r| (r.key.to_string(), json!(requirement_text(r))));
    json!({
        "nodePool": &*claim.node_pool,
        "instanceTypes": types,
        "requirements": requirements.collect::<Map<String, Value>>(),
        "requests": amounts(&claim.requests),
    })
}

fn amounts(resources: &Resources) -> Value {
    let entries = resources.iter().map(|(name, amount)| (name.to_string(), json!(amount.to_string())));
    Value::Object(entries.collect())
}

/// `In a,b`, `NotIn a`, `Gte 6`, `Exists`, `DoesNotExist`; a flexibility floor is appended as `minValues=n`.
///
/// A bound takes the place of everything else, and the lower one that of the upper: the recordings have it so,
/// because a requirement of a NodeClaim has room for one operator.
pub fn requirement_text(requirement: &Requirement) -> String {
    let (at_least, at_most) = match requirement.allowed {
        Allowed::AllBut { at_least, at_most, .. } => (at_least, at_most),
        Allowed::Only(_) => (None, None),
    };
    let mut text = match (at_least, at_most) {
        (Some(low), _) => format!("Gte {low}"),
        (None, Some(high)) => format!("Lte {high}"),
        (None, None) => requirement.allowed.operator().as_str().to_owned(),
    };
    if at_least.or(at_most).is_none() && !requirement.allowed.values().is_empty() {
        let values: Vec<&str> = requirement.allowed.values().iter().map(|value| &**value).collect();
        text = format!("{text} {}", values.join(","));
    }
    match requirement.min_values {
        Some(floor) => format!("{text} minValues={floor}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use joiner_core::model::Operator;

    use super::*;

    #[test]
    fn requirements_are_printed_with_sorted_values_bounds_and_floors() {
        for (operator, values, text) in [
            (Operator::In, &["b", "a"][..], "In a,b"),
            (Operator::NotIn, &["x"], "NotIn x"),
            (Operator::Gt, &["5"], "Gte 6"),
            (Operator::Lt, &["9"], "Lte 8"),
            (Operator::Exists, &[], "Exists"),
            (Operator::DoesNotExist, &[], "DoesNotExist"),
        ] {
            let requirement = Requirement::from_expression("k", operator, values).unwrap();
            assert_eq!(requirement_text(&requirement), text);
        }
        let mut floor = Requirement::from_expression("k", Operator::Exists, &[] as &[&str]).unwrap();
        floor.min_values = Some(10);
        assert_eq!(requirement_text(&floor), "Exists minValues=10");
    }
}
