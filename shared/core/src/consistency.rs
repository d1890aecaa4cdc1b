//! Is the node what was launched for its claim? (disruption 4.8)

use std::fmt;

use crate::machine::Machine;
use crate::model::{ConditionKind, Node, NodeClaim, Quantity, ResourceName};

/// Share of what a claim was told it would have, in percent, that its node has at least.
const LEAST_PERCENT: i128 = 90;

/// A resource of which a node has too little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshapen {
    /// Which.
    pub resource: ResourceName,
    /// How much there should be.
    pub expected: Quantity,
    /// How much there is.
    pub found: Quantity,
}

impl fmt::Display for Misshapen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Misshapen { resource, expected, found } = self;
        let percent = i128::from(found.milli()) * 100 / i128::from(expected.milli()).max(1);
        write!(f, "{expected} of {resource} was launched, the node has {found} ({percent} %)")
    }
}

/// Whether anything is known of a claim and its node: `None` before there is exactly one node.
pub fn examine(machine: &Machine) -> Option<Vec<Misshapen>> {
    let claim = machine.claim.as_ref().filter(|claim| claim.provider_id.is_some())?;
    let [node] = machine.nodes.as_slice() else { return None };
    Some(misshapen(claim, node))
}

/// Everything that was asked for and of which the node has less than it should.
// behaviour: consistency/a-node-has-nine-tenths-of-what-was-launched
pub fn misshapen(claim: &NodeClaim, node: &Node) -> Vec<Misshapen> {
    if !claim.is(ConditionKind::Initialized) || claim.deletion_at.is_some() {
        return Vec::new();
    }
    let asked = claim.requests.iter().filter(|(_, amount)| amount.milli() > 0);
    asked
        .filter_map(|(resource, _)| {
            let (expected, found) = (claim.capacity.amount(resource), node.capacity.amount(resource));
            let short = i128::from(found.milli()) * 100 < i128::from(expected.milli()) * LEAST_PERCENT;
            (expected.milli() > 0 && short).then(|| Misshapen { resource: resource.clone(), expected, found })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Resources;
    use crate::samples::{self, at};

    fn amounts(cpu: &str, memory: &str) -> Resources {
        let entries = [(ResourceName::Cpu, cpu), (ResourceName::Memory, memory)];
        entries.into_iter().map(|(name, amount)| (name, amount.parse().unwrap())).collect()
    }

    fn examined(cpu: &str, memory: &str) -> Vec<String> {
        let claim = NodeClaim {
            capacity: amounts("10", "100Gi"),
            requests: Resources::from_iter([(ResourceName::Cpu, "1".parse().unwrap())]),
            ..samples::initialized_claim("general", "a", at(5))
        };
        let nodes = vec![Node { capacity: amounts(cpu, memory), ..samples::node("a") }];
        let machine = Machine { claim: Some(claim), nodes, ..Machine::default() };
        examine(&machine).unwrap().iter().map(ToString::to_string).collect()
    }

    // behaviour: consistency/a-node-has-nine-tenths-of-what-was-launched
    #[test]
    fn less_than_nine_tenths_of_what_was_asked_for_is_told() {
        assert_eq!(examined("9", "1Gi"), [""; 0], "memory was not asked for");
        assert_eq!(examined("8999m", "100Gi"), ["10 of cpu was launched, the node has 8999m (89 %)"]);
    }

    #[test]
    fn a_claim_without_exactly_one_node_is_not_examined() {
        let claim = samples::initialized_claim("general", "a", at(5));
        let machine = |nodes| Machine { claim: Some(claim.clone()), nodes, ..Machine::default() };
        assert_eq!(examine(&machine(Vec::new())), None);
        assert_eq!(examine(&machine(vec![samples::node("a"), samples::node("b")])), None);
        assert_eq!(examine(&machine(vec![samples::node("a")])), Some(Vec::new()));
    }
}
