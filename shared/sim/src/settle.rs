//! Has everything come to rest as it should? After a storm the calm has to bring every pod to a node, every
//! machine to its claim, and every object that was to go to its end.

use std::time::Duration;

use joiner_core::model::{ConditionKind, keys};

use crate::cluster::PodObject;
use crate::ec2::CLAIM_TAG;
use crate::runtime::Simulation;
use crate::world::World;

/// How often rest is looked for.
const LOOK: Duration = Duration::from_secs(5);

impl World {
    /// What is not at rest, or not as it should be once it is.
    pub fn unsettled(&self) -> Vec<String> {
        let mut open = Vec::new();
        let cluster = &self.cluster;
        let waiting = cluster.pods.values().filter(|o| o.is_active() && !o.pod.ready);
        open.extend(waiting.map(|o| format!("pod {} does not run", o.pod.key)));
        let going = cluster.pods.values().filter(|o| o.pod.deletion_at.is_some());
        open.extend(going.map(|o| format!("pod {} does not end", o.pod.key)));
        for claim in cluster.claims.values().map(|claim| &claim.object) {
            if claim.deletion_at.is_some() {
                open.push(format!("claim {} does not end", claim.name));
            } else if !claim.is(ConditionKind::Initialized) {
                open.push(format!("claim {} has no usable node", claim.name));
            }
        }
        for node in cluster.nodes.values().map(|node| &node.object) {
            if node.deletion_at.is_some() {
                open.push(format!("node {} does not end", node.name));
            } else if node.labels.contains_key(keys::NODE_POOL) && !self.is_used(&node.name) {
                open.push(format!("node {} is not needed", node.name));
            }
        }
        for instance in self.ec2.live() {
            let claim = instance.tags.get(CLAIM_TAG).and_then(|claim| cluster.claims.get(claim));
            let is_its =
                claim.is_some_and(|c| c.object.provider_id.as_ref() == Some(&instance.provider_id()));
            if !is_its {
                open.push(format!("instance {} has no claim", instance.id));
            }
        }
        open.extend(self.keep.intents.keys().map(|claim| format!("the intent of {claim} is open")));
        open.extend(self.keep.commands.keys().map(|command| format!("command {command} is open")));
        open
    }

    fn is_used(&self, node: &str) -> bool {
        let uses = |object: &PodObject| object.occupies(node) && !object.pod.is_owned_by_daemon_set();
        self.cluster.pods.values().any(uses)
    }
}

impl Simulation {
    /// Runs until everything is at rest.
    ///
    /// # Errors
    /// What is not, after the time given.
    pub fn settle(&mut self, within: Duration) -> Result<(), Vec<String>> {
        let end = self.world().lock().agenda.now() + within;
        loop {
            self.run_for(LOOK);
            let world = self.world().lock();
            let open = world.unsettled();
            if open.is_empty() {
                return Ok(());
            }
            if world.agenda.now() >= end {
                return Err(open);
            }
        }
    }
}
