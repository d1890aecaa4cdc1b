//! What facts count for: the numbers operators look at, made from what was decided and done.

use joiner_app::{Fact, Outcome};

use super::emf::Sample;
use super::table;

/// The samples of an outcome; `kind` is that of the message.
pub(crate) fn samples(outcome: &Outcome, kind: &str) -> Vec<Sample> {
    outcome.facts.iter().filter_map(|fact| sample(fact, kind)).collect()
}

fn sample(fact: &Fact, kind: &str) -> Option<Sample> {
    let one = |metric, dimensions: &[&str]| Some(Sample::count(metric, dimensions, 1));
    match fact {
        Fact::Postponed { .. } => one(table::POSTPONED, &[kind]),
        Fact::Incomplete { .. } => one(table::INCOMPLETE, &[]),
        Fact::Planned { unschedulable, .. } => Some(Sample::count(table::UNSCHEDULABLE, &[], *unschedulable)),
        Fact::ClaimCreated { .. } => one(table::CLAIMS_CREATED, &[]),
        Fact::ClaimReleased { .. } => one(table::CLAIMS_TERMINATED, &[]),
        Fact::Launched { capacity_type, .. } => one(table::INSTANCES_LAUNCHED, &[capacity_type.as_str()]),
        Fact::NoCapacity { .. } => one(table::CLOUD_ERRORS, &["Create", "InsufficientCapacityError"]),
        Fact::Registered { .. } => one(table::NODES_CREATED, &[]),
        Fact::NodeReleased { .. } => one(table::NODES_TERMINATED, &[]),
        Fact::Ended { end, .. } => one(table::CLAIMS_DISRUPTED, &[end.as_str()]),
        Fact::ClaimDisrupted { reason, .. } => one(table::CLAIMS_DISRUPTED, &[reason]),
        Fact::InstanceLost { .. } => one(table::CLAIMS_DISRUPTED, &["garbage_collected"]),
        Fact::Disrupted { reason, .. } => one(table::CLAIMS_DISRUPTED, &[&reason.as_str().to_lowercase()]),
        Fact::CommandProposed { reason, .. } => one(table::DECISIONS, &[&reason.as_str().to_lowercase()]),
        Fact::Abandoned { .. } => one(table::FAILED_VALIDATIONS, &[]),
        Fact::Evicted { .. } => one(table::EVICTIONS, &["201"]),
        Fact::EvictionBlocked { .. } => one(table::EVICTIONS, &["429"]),
        Fact::OrphanTerminated { .. } => one(table::ORPHANS, &[]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use joiner_core::model::DisruptionReason;
    use joiner_ports::ClaimName;

    use super::*;

    #[test]
    fn facts_count_under_the_peers_names_and_labels() {
        let claim = ClaimName::new("general-abc").unwrap();
        let facts = vec![
            Fact::ClaimCreated { claim: claim.clone() },
            Fact::NothingPending,
            Fact::Disrupted { claim, node: "n".into(), reason: DisruptionReason::Empty },
        ];
        let expected = [
            Sample::count(table::CLAIMS_CREATED, &[], 1),
            Sample::count(table::CLAIMS_DISRUPTED, &["empty"], 1),
        ];
        assert_eq!(samples(&Outcome { facts }, "disruptTick"), expected);
    }
}
