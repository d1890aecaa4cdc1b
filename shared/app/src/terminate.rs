//! A machine that goes: one step at a time, until nothing is left of it.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::eviction::{disrupted_taint, is_reschedulable};
use joiner_core::machine::{Machine, NodeKey, has_finalizer};
use joiner_core::model::{Condition, ConditionKind, Labels};
use joiner_core::termination::drain::{Drain, Forced};
use joiner_core::termination::{self, Act, DEADLINE_ANNOTATION, EXCLUDE_LABEL, InstanceIs, deadline};
use joiner_ports::{
    ClaimName, ClaimPatch, Cloud, ClusterRead, ClusterWrite, Delay, Event, Eviction, FinalizerChange,
    InstanceId, Message, NodePatch, ObjectRef, PendingHint, Ports, Queue, Store, Target, Termination,
};

use crate::context::Context;
use crate::events::{claim_ref, node_ref, pod_key_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::{send_again, together};

/// Most steps of one machine in one invocation.
const STEPS: usize = 6;

/// Handles a step of a machine that goes.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(
    context: &Context<'_, P>,
    target: &Target,
    again_until: Timestamp,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut again_at = Some(context.now);
    let mut before = None;
    for _ in 0..STEPS {
        let machine = context.ports.cluster().machine(target).await?.unwrap_or_default();
        let instance = instance_is(context, &machine).await?;
        let step = termination::next(&machine, instance, context.now);
        again_at = step.again_at;
        // A view that has not seen the last step yet asks for it again: later is soon enough.
        if before.as_ref() == Some(&step.act) {
            break;
        }
        let going = Going { context, machine: &machine };
        going.write(step.conditions).await?;
        let is_over = going.act(step.act.clone(), &mut outcome).await?;
        again_at = again_at.filter(|_| !is_over);
        if again_at.is_none_or(|at| at > context.now) {
            break;
        }
        before = Some(step.act);
    }
    let again = Message::TerminateStep { target: target.clone(), again_until };
    send_again(context, again, again_at, again_until).await?;
    Ok(outcome)
}

/// Asks the cloud where a node no longer answers: one whose instance is gone is neither drained nor waited for.
async fn instance_is<P: Ports>(context: &Context<'_, P>, machine: &Machine) -> Result<InstanceIs, Failure> {
    // behaviour: termination/a-lost-instance-is-not-drained
    let silent = machine.nodes.iter().any(|node| node.deletion_at.is_some() && !node.ready);
    let provider_id = machine.nodes.iter().find_map(|node| node.provider_id.as_deref());
    let id = provider_id.filter(|_| silent).and_then(InstanceId::from_provider_id);
    let Some(id) = id else { return Ok(InstanceIs::There) };
    let exists = context.ports.cloud().exists(&id).await?;
    Ok(if exists { InstanceIs::There } else { InstanceIs::Gone })
}

/// A machine that goes, and how to act on it.
struct Going<'a, 'b, P> {
    context: &'a Context<'b, P>,
    machine: &'a Machine,
}

impl<P: Ports> Going<'_, '_, P> {
    /// Takes a step; says whether nothing is left after it.
    async fn act(&self, act: Act, outcome: &mut Outcome) -> Result<bool, Failure> {
        match act {
            Act::Nothing | Act::Settle => {}
            Act::DeleteClaim => self.delete_claim().await?,
            Act::SetDeadline(at) => self.set_deadline(at).await?,
            Act::DeleteNodes(nodes) => {
                for node in nodes {
                    self.context.ports.cluster().delete_node(&node.name, &node.uid).await?;
                }
            }
            Act::Taint(nodes) => self.taint(nodes, outcome).await?,
            Act::Drain(drain) => self.drain(drain, outcome).await?,
            Act::AwaitVolumes(attachments) => self.await_volumes(attachments, outcome).await?,
            Act::TerminateInstance { provider_id } => return self.terminate(&provider_id, outcome).await,
            Act::ReleaseNodes(nodes) => self.release_nodes(nodes, outcome).await?,
            Act::ReleaseClaim => self.release_claim(outcome).await?,
        }
        Ok(false)
    }

    /// Name and UID of the claim, when there is one.
    fn claim(&self) -> Result<Option<(ClaimName, &str)>, Failure> {
        let named = |claim: &'_ joiner_core::model::NodeClaim| ClaimName::new(&claim.name);
        let Some(claim) = &self.machine.claim else { return Ok(None) };
        Ok(Some((named(claim)?, &claim.uid)))
    }

    async fn patch_claim(&self, patch: ClaimPatch) -> Result<(), Failure> {
        if let Some((name, uid)) = self.claim()?.filter(|_| !patch.is_empty()) {
            self.context.ports.cluster().patch_claim(&name, uid, &patch).await?;
        }
        Ok(())
    }

    async fn write(&self, conditions: Vec<Condition>) -> Result<(), Failure> {
        self.patch_claim(ClaimPatch { conditions, ..ClaimPatch::default() }).await
    }

    async fn delete_claim(&self) -> Result<(), Failure> {
        if let Some((name, uid)) = self.claim()? {
            self.context.ports.cluster().delete_claim(&name, uid).await?;
        }
        Ok(())
    }

    async fn set_deadline(&self, at: Timestamp) -> Result<(), Failure> {
        let annotations = Labels::from([(DEADLINE_ANNOTATION.into(), at.to_string().into())]);
        self.patch_claim(ClaimPatch { annotations, ..ClaimPatch::default() }).await?;
        let claim = self.machine.claim.iter().map(claim_ref);
        let about = claim.chain(self.machine.nodes.iter().map(node_ref));
        let message = || format!("All pods are deleted by {at}");
        let events =
            about.map(|about| self.context.warning(about, "TerminationGracePeriodExpiring", message()));
        self.context.record(events.collect()).await
    }

    /// Keeps new pods away, and has places found for those that will have to move.
    async fn taint(&self, nodes: Vec<NodeKey>, outcome: &mut Outcome) -> Result<(), Failure> {
        let patch = NodePatch {
            labels: Labels::from([(EXCLUDE_LABEL.0.into(), EXCLUDE_LABEL.1.into())]),
            add_taints: vec![disrupted_taint()],
            ..NodePatch::default()
        };
        for node in nodes {
            self.context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await?;
            outcome.push(Fact::Tainted { node: node.name });
        }
        if self.machine.pods.iter().any(is_reschedulable) {
            let pending = Message::PodsPending { hint: PendingHint::NodeGoing };
            self.context.ports.queue().send(pending, Delay::NONE).await?;
        }
        Ok(())
    }

    /// Evicts the pods whose turn it is, and forces out those whose time is up.
    async fn drain(&self, drain: Drain, outcome: &mut Outcome) -> Result<(), Failure> {
        let cluster = self.context.ports.cluster();
        let mut events = Vec::new();
        for forced in &drain.force {
            cluster.delete_pod(&forced.pod.key, &forced.pod.uid, forced.grace_secs).await?;
            events.push(self.forced_event(forced));
            let (pod, grace_secs) = (forced.pod.key.clone(), forced.grace_secs);
            outcome.push(Fact::ForcedOut { pod, grace_secs });
        }
        let evictions = drain.evict.iter().map(|pod| cluster.evict(&pod.key, &pod.uid)).collect();
        let answers = together::all(evictions).await;
        let mut refused = 0_usize;
        for (pod, answer) in drain.evict.iter().zip(answers) {
            match answer? {
                Eviction::Evicted => {
                    let message = format!("Evicted: {}", self.why());
                    events.push(self.context.normal(pod_key_ref(pod), "Evicted", message));
                    outcome.push(Fact::Evicted { pod: pod.key.clone() });
                }
                // behaviour: termination/disruption-budgets-of-pods-are-waited-for
                Eviction::Blocked { message } => {
                    refused += 1;
                    outcome.push(Fact::EvictionBlocked { pod: pod.key.clone(), message });
                }
                Eviction::Gone => {}
            }
        }
        outcome.facts.extend(drain.held.iter().map(|pod| Fact::Held { pod: pod.clone() }));
        if refused > 0 || !drain.held.is_empty() {
            events.extend(self.failed_draining(&drain, refused));
        }
        self.context.record(events).await
    }

    fn forced_event(&self, forced: &Forced) -> Event {
        let deadline = self.machine.claim.as_ref().and_then(deadline);
        let by = deadline.map(|at| format!(" by {at}")).unwrap_or_default();
        let Forced { grace_secs, wanted_secs, .. } = forced;
        let message = format!(
            "Deleted so that its node is gone{by}: {grace_secs} s of the {wanted_secs} s it asked for"
        );
        self.context.normal(pod_key_ref(&forced.pod), "Disrupted", message)
    }

    fn failed_draining(&self, drain: &Drain, refused: usize) -> Vec<Event> {
        let (waiting, held) = (drain.waiting, drain.held.len());
        let message = format!(
            "{waiting} pods are still to go: {refused} kept by a PodDisruptionBudget, {held} by karpenter.sh/do-not-disrupt"
        );
        let event = |about: ObjectRef| self.context.warning(about, "FailedDraining", message.clone());
        self.machine.nodes.iter().map(node_ref).map(event).collect()
    }

    /// Why it goes, for events.
    fn why(&self) -> Arc<str> {
        let claim = self.machine.claim.as_ref();
        let reason = claim.filter(|claim| claim.is(ConditionKind::DisruptionReason));
        let reason = reason.and_then(|claim| claim.condition(ConditionKind::DisruptionReason));
        reason.map_or_else(|| "Forceful Termination".into(), |condition| condition.reason.clone())
    }

    async fn await_volumes(&self, attachments: Vec<Arc<str>>, outcome: &mut Outcome) -> Result<(), Failure> {
        let named: Vec<&str> = attachments.iter().take(5).map(|name| &**name).collect();
        let message = format!("{} volumes are still attached: {}", attachments.len(), named.join(", "));
        let event = |about| self.context.normal(about, "AwaitingVolumeDetachment", message.clone());
        self.context.record(self.machine.nodes.iter().map(node_ref).map(event).collect()).await?;
        outcome.push(Fact::AwaitingVolumes { attachments });
        Ok(())
    }

    /// Tells the cloud; once it knows the instance no more, the objects go in the same run.
    async fn terminate(&self, provider_id: &str, outcome: &mut Outcome) -> Result<bool, Failure> {
        let answer = match InstanceId::from_provider_id(provider_id) {
            Some(id) => {
                let answer = self.context.ports.cloud().terminate(&id).await?;
                if answer == Termination::Asked {
                    outcome.push(Fact::InstanceTerminating { instance: id });
                }
                answer
            }
            // Nothing this product launched has such an id, so there is nothing to terminate.
            None => Termination::Gone,
        };
        if answer == Termination::Asked {
            let claim = self.machine.claim.as_ref();
            let finding = joiner_core::condition::Finding::holds(ConditionKind::InstanceTerminating);
            let condition = claim.and_then(|claim| finding.on(claim, self.context.now));
            self.write(condition.into_iter().collect()).await?;
            return Ok(false);
        }
        let going = self.machine.nodes.iter().filter(|node| has_finalizer(&node.finalizers));
        let going: Vec<NodeKey> = going.filter(|node| node.deletion_at.is_some()).map(NodeKey::of).collect();
        self.release_nodes(going, outcome).await?;
        self.release_claim(outcome).await?;
        Ok(true)
    }

    async fn release_nodes(&self, nodes: Vec<NodeKey>, outcome: &mut Outcome) -> Result<(), Failure> {
        let patch = NodePatch { finalizer: FinalizerChange::Remove, ..NodePatch::default() };
        for node in nodes {
            self.context.ports.cluster().patch_node(&node.name, &node.uid, &patch).await?;
            outcome.push(Fact::NodeReleased { node: node.name });
        }
        Ok(())
    }

    /// The intent goes before the claim, so that nothing launches for a claim that is gone.
    async fn release_claim(&self, outcome: &mut Outcome) -> Result<(), Failure> {
        let Some((name, uid)) = self.claim()? else { return Ok(()) };
        self.context.ports.store().close_intent(&name).await?;
        let patch = ClaimPatch { finalizer: FinalizerChange::Remove, ..ClaimPatch::default() };
        self.context.ports.cluster().patch_claim(&name, uid, &patch).await?;
        if let Some(claim) = &self.machine.claim {
            self.context.recount(claim).await?;
        }
        outcome.push(Fact::ClaimReleased { claim: name });
        Ok(())
    }
}
