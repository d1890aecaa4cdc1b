//! What a claim gives its node when it joins (disruption 4.3).

use std::sync::Arc;

use crate::machine::NodeKey;
use crate::model::{Labels, Node, NodeClaim, Taint, TaintEffect, keys};

/// The change of a node that joins. The finalizer and the owner come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// The node.
    pub node: NodeKey,
    /// Labels to set: the claim's, and that it is registered.
    pub labels: Labels,
    /// Annotations to set: the claim's.
    pub annotations: Labels,
    /// Taints to add: the claim's, unless the node refuses them.
    pub add_taints: Vec<Taint>,
    /// The taint that kept pods off until now.
    pub remove_taints: Vec<Taint>,
    /// Whether the node came without that taint, so that pods may have been there before the claim's taints.
    pub was_open: bool,
}

/// The taint a node starts with.
pub fn unregistered_taint() -> Taint {
    Taint { key: keys::UNREGISTERED_TAINT.into(), value: "".into(), effect: TaintEffect::NoExecute }
}

/// The change that lets a node join for a claim. Values of the claim win.
pub fn joining(claim: &NodeClaim, node: &Node) -> Joining {
    let unregistered = unregistered_taint();
    let is_true = |key: &str| node.labels.get(key).is_some_and(|value| &**value == "true");
    let mut labels = claim.labels.clone();
    labels.insert(keys::REGISTERED.into(), "true".into());
    let carried = |taint: &Taint| node.taints.iter().any(|own| own.matches(taint));
    let mut add_taints: Vec<Taint> = Vec::new();
    // behaviour: lifecycle/taints-are-synced-once-unless-refused
    if !is_true(keys::DO_NOT_SYNC_TAINTS) {
        for taint in claim.taints.iter().chain(&claim.startup_taints) {
            if !carried(taint) && !add_taints.iter().any(|added| added.matches(taint)) {
                add_taints.push(taint.clone());
            }
        }
    }
    Joining {
        node: NodeKey { name: Arc::clone(&node.name), uid: Arc::clone(&node.uid) },
        labels,
        annotations: claim.annotations.clone(),
        add_taints,
        was_open: !carried(&unregistered) && !is_true(keys::REGISTERED),
        remove_taints: vec![unregistered],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn taint(key: &str, value: &str) -> Taint {
        Taint { key: key.into(), value: value.into(), effect: TaintEffect::NoSchedule }
    }

    // behaviour: lifecycle/taints-are-synced-once-unless-refused
    #[test]
    fn taints_of_the_claim_are_added_unless_there_or_refused() {
        let claim = NodeClaim {
            taints: vec![taint("team", "a"), taint("zone", "x")],
            startup_taints: vec![taint("wait", ""), taint("zone", "y")],
            ..samples::claim("general", "a")
        };
        let mut node = Node { taints: vec![taint("team", "other")], ..samples::node("a") };
        let change = joining(&claim, &node);
        assert_eq!(change.add_taints, [taint("zone", "x"), taint("wait", "")]);
        assert!(change.was_open);
        node.labels.insert(keys::DO_NOT_SYNC_TAINTS.into(), "true".into());
        node.taints.push(unregistered_taint());
        let change = joining(&claim, &node);
        assert_eq!((change.add_taints, change.was_open), (vec![], false));
        assert_eq!(change.remove_taints, [unregistered_taint()], "removed even when taints are not synced");
    }

    #[test]
    fn labels_of_the_claim_come_with_the_mark_of_registration() {
        let change = joining(&samples::claim("general", "a"), &samples::node("a"));
        let labels = [(keys::NODE_POOL.into(), "general".into()), (keys::REGISTERED.into(), "true".into())];
        assert_eq!(change.labels, Labels::from(labels));
    }
}
