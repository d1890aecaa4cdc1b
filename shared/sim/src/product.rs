//! The product in a simulated world: its use cases handle the messages, and what they say goes into the log.

use jiff::Timestamp;
use joiner_app::{Fact, Settings};
use joiner_ports::Message;

use crate::log::EntryKind;
use crate::ports::SimPorts;
use crate::runtime::Invocation;
use crate::world::World;

/// Handles a message as a deployment does.
pub fn handler(ports: SimPorts, message: Message, now: Timestamp) -> Invocation {
    Box::pin(async move {
        let outcome = joiner_app::handle(&ports, &Settings::DEFAULT, message, now).await;
        let outcome = outcome.map_err(|failure| failure.to_string())?;
        let mut world = ports.world().lock();
        outcome.facts.iter().for_each(|fact| world.hear(fact));
        Ok(())
    })
}

impl World {
    /// Writes down what the product says, and what the closing table wants of it.
    fn hear(&mut self, fact: &Fact) {
        match fact {
            Fact::Unschedulable { pod, why } => self.pod_does_not_fit(pod, why.to_string()),
            Fact::PodIgnored { pod, why } => self.pod_does_not_fit(pod, why.clone()),
            Fact::PoolSkipped { node_pool, why } => self.pool_is_not_used(node_pool, why.to_string()),
            Fact::CommandProposed { reason, nodes, due_at, .. } => {
                let wait = due_at.duration_since(self.agenda.now()).as_secs_f64().max(0.0);
                let detail = format!("{}, looked at again in {wait:.0} s", reason.as_str().to_lowercase());
                self.record(EntryKind::Proposed, &nodes.join(" "), detail);
            }
            other => self.record(EntryKind::Fact, &other.to_string(), String::new()),
        }
    }
}
