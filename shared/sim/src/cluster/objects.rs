//! Nodes and claims with their finalizers: an object that is asked to go stays until its last finalizer is off.

use std::sync::Arc;

use joiner_core::model::NodeClaim;

use super::{Change, Versioned};
use crate::log::EntryKind;
use crate::world::World;

impl World {
    /// Creates a claim unless one of that name exists; answers with the one there is, and whether it was there.
    pub fn create_claim(&mut self, mut claim: NodeClaim) -> (NodeClaim, bool) {
        if let Some(known) = self.cluster.claims.get(&claim.name) {
            return (known.object.clone(), true);
        }
        claim.uid = self.cluster.next_uid();
        claim.created_at = Some(self.agenda.now());
        let version = self.cluster.next_version();
        let types = claim
            .requirements
            .iter()
            .find(|requirement| requirement.key.as_str() == joiner_core::model::keys::INSTANCE_TYPE)
            .map_or(0, |requirement| requirement.allowed.values().len());
        let pool = claim.node_pool().map_or("", |pool| &**pool);
        let detail = format!("a node of pool {pool}, {types} types would do, for {}", claim.requests);
        self.record(EntryKind::Decided, &claim.name, detail);
        self.cluster.changes.insert(Change::Claim(Arc::clone(&claim.name)));
        self.cluster.claims.insert(Arc::clone(&claim.name), Versioned { object: claim.clone(), version });
        (claim, false)
    }

    /// Changes a claim, if it is the one meant.
    pub fn change_claim(
        &mut self,
        name: &str,
        uid: &str,
        change: impl FnOnce(&mut NodeClaim),
    ) -> Option<NodeClaim> {
        let version = self.cluster.next_version();
        let claim = self.cluster.claims.get_mut(name).filter(|claim| &*claim.object.uid == uid)?;
        change(&mut claim.object);
        claim.version = version;
        let after = claim.object.clone();
        self.finish_claim(&after.name);
        Some(after)
    }

    /// Asks a claim to go.
    pub fn delete_claim(&mut self, name: &str) {
        let now = self.agenda.now();
        let version = self.cluster.next_version();
        let Some(claim) = self.cluster.claims.get_mut(name) else { return };
        if claim.object.deletion_at.is_none() {
            claim.object.deletion_at = Some(now);
            claim.version = version;
            let why = disruption_reason(&claim.object);
            let name = Arc::clone(&claim.object.name);
            self.record(EntryKind::Disrupted, &name, why);
            self.cluster.changes.insert(Change::Deleting(Arc::clone(&name)));
        }
        self.finish_claim(name);
    }

    /// Asks a node object to go.
    pub fn delete_node(&mut self, name: &str) {
        let now = self.agenda.now();
        let version = self.cluster.next_version();
        let Some(node) = self.cluster.nodes.get_mut(name) else { return };
        if node.object.deletion_at.is_none() {
            node.object.deletion_at = Some(now);
            node.version = version;
            let name = Arc::clone(&node.object.name);
            self.record(EntryKind::NodeDraining, &name, String::new());
            self.cluster.changes.insert(Change::Node(name));
        }
        self.finish_node(name);
    }

    fn finish_claim(&mut self, name: &str) {
        let done = self
            .cluster
            .claims
            .get(name)
            .is_some_and(|c| c.object.deletion_at.is_some() && c.object.finalizers.is_empty());
        if done {
            self.cluster.claims.remove(name);
            self.record(EntryKind::ClaimGone, name, String::new());
        }
    }

    /// Takes a node out once nothing holds it.
    pub(crate) fn finish_node(&mut self, name: &str) {
        let done = self
            .cluster
            .nodes
            .get(name)
            .is_some_and(|n| n.object.deletion_at.is_some() && n.object.finalizers.is_empty());
        if done {
            self.cluster.nodes.remove(name);
            self.cluster.busy.remove(name);
            self.record(EntryKind::NodeGone, name, String::new());
        }
        self.cluster_changed();
    }
}

fn disruption_reason(claim: &NodeClaim) -> String {
    use joiner_core::model::ConditionKind;
    claim.condition(ConditionKind::DisruptionReason).map_or_else(String::new, |told| match &*told.message {
        message if message.is_empty() || *message == *told.reason => told.reason.to_string(),
        message => format!("{}: {message}", told.reason),
    })
}
