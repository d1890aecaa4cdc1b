//! Nodes that are sick for too long are replaced, unless so many are that something else must be wrong
//! (disruption 4.10).

use std::sync::Arc;

use joiner_core::lifecycle::repair::{self, Verdict};
use joiner_core::model::{NodeClaim, Snapshot};
use joiner_ports::{ClaimName, ClusterWrite, Delay, Event, Message, Ports, Queue, Target};

use super::Surroundings;
use crate::context::Context;
use crate::events::node_ref;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::interrupt::set_deadline;

/// Seconds between two events that say why a sick node stays.
const BLOCKED_QUIET_SECS: u64 = 900;

/// Replaces the node of a claim if that is due; says whether its claim goes.
pub(super) async fn repair<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    surroundings: &Surroundings<'_>,
    claim: &NodeClaim,
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    let [node] = surroundings.nodes_of(claim) else { return Ok(false) };
    if !context.settings.node_repair {
        return Ok(false);
    }
    match repair::judge(snapshot, claim, node, context.now) {
        Verdict::Healthy | Verdict::Tolerated { .. } => Ok(false),
        Verdict::Blocked { unhealthy, nodes, node_pool, .. } => {
            let of = node_pool.map_or_else(|| "the cluster".to_owned(), |pool| format!("NodePool {pool}"));
            let message = format!(
                "Not replaced: {unhealthy} of {nodes} nodes of {of} are unhealthy, more than a fifth"
            );
            let event = context.warning(node_ref(node), "NodeRepairBlocked", message);
            context.record(vec![Event { quiet_secs: BLOCKED_QUIET_SECS, ..event }]).await?;
            outcome.push(Fact::RepairBlocked { node: Arc::clone(&node.name), unhealthy, nodes });
            Ok(false)
        }
        // behaviour: repair/a-sick-node-is-forced-out
        Verdict::Replace { ailment } => {
            let name = ClaimName::new(&claim.name)?;
            set_deadline(context, claim, &name).await?;
            context.ports.cluster().delete_claim(&name, &claim.uid).await?;
            let target = Target::Claim(name.clone());
            let step = Message::TerminateStep { target, again_until: context.until_next_tick() };
            context.ports.queue().send(step, Delay::NONE).await?;
            outcome.push(Fact::Unhealthy { claim: name.clone(), node: Arc::clone(&node.name), ailment });
            let node_pool = claim.node_pool().map(Arc::clone);
            outcome.push(Fact::ClaimDisrupted { claim: name, node_pool, reason: "unhealthy".into() });
            Ok(true)
        }
    }
}
