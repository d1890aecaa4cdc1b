//! The end of a machine: taint, drain, wait for volumes, terminate, let go. Which step is next? (disruption 3)
//!
//! [`next`] looks at the machine as it is and remembers nothing, so it may be asked any number of times. The
//! order of the drain is in [`drain`], what the volumes wait for in [`volumes`].

pub mod drain;
pub mod volumes;

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::condition::Finding;
use crate::eviction::disrupted_taint;
use crate::machine::{Machine, NodeKey, has_finalizer};
use crate::model::{Condition, ConditionKind, ConditionStatus, Node, NodeClaim};
use drain::Drain;

/// Shortest drain: catches pods bound by a scheduler that had not seen the taint (disruption 3.3).
pub const MIN_DRAIN: SignedDuration = SignedDuration::from_secs(5);
/// Pause between two requests to terminate an instance, until it is gone (disruption 3.7).
pub const INSTANCE_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Annotation of a claim with the moment by which everything on its node is forced out (api 5.5).
pub const DEADLINE_ANNOTATION: &str = "karpenter.sh/nodeclaim-termination-timestamp";
/// Label that takes a node out of load balancers, and its value.
pub const EXCLUDE_LABEL: (&str, &str) =
    ("node.kubernetes.io/exclude-from-external-load-balancers", "karpenter");

/// What is known of the instance beyond what its node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstanceIs {
    /// Nobody asked, or it exists.
    There,
    /// The cloud does not know it any more.
    Gone,
}

/// What to do for a machine that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing: it is not going, or is not ours to take down.
    Nothing,
    /// The node was deleted: the claim follows.
    DeleteClaim,
    /// Write down the moment by which everything is forced out.
    SetDeadline(Timestamp),
    /// Delete the node objects.
    DeleteNodes(Vec<NodeKey>),
    /// Keep new pods and load balancers away from these nodes.
    Taint(Vec<NodeKey>),
    /// Move pods off.
    Drain(Drain),
    /// Wait until the shortest drain is over.
    Settle,
    /// Wait for these attachments to go.
    AwaitVolumes(Vec<Arc<str>>),
    /// Terminate the instance, or find out that it is gone.
    TerminateInstance {
        /// Its provider id.
        provider_id: Arc<str>,
    },
    /// Let these node objects go.
    ReleaseNodes(Vec<NodeKey>),
    /// Let the claim go.
    ReleaseClaim,
}

/// The next step of a machine that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub act: Act,
    /// Conditions of the claim to write with it.
    pub conditions: Vec<Condition>,
    /// When to look again; `None` when it is over.
    pub again_at: Option<Timestamp>,
}

/// The next step of a machine.
pub fn next(machine: &Machine, instance: InstanceIs, now: Timestamp) -> Step {
    let at_once = |act| Step { act, conditions: Vec::new(), again_at: Some(now) };
    let ours = |node: &&Node| node.deletion_at.is_some() && has_finalizer(&node.finalizers);
    let going: Vec<&Node> = machine.nodes.iter().filter(ours).collect();
    let claim = match &machine.claim {
        // behaviour: termination/a-deleted-node-takes-its-claim-along
        Some(claim) if claim.deletion_at.is_none() && !going.is_empty() => return at_once(Act::DeleteClaim),
        Some(claim) if claim.deletion_at.is_none() => {
            return Step { again_at: None, ..at_once(Act::Nothing) };
        }
        claim => claim.as_ref(),
    };
    if let Some(claim) = claim
        && let Some(act) = begin(claim, machine)
    {
        return at_once(act);
    }
    if instance == InstanceIs::Gone || (claim.is_none() && going.is_empty()) {
        return release(claim, &going, now);
    }
    if going.is_empty() {
        return end(claim, &going, Vec::new(), now);
    }
    match empty(machine, &going, now) {
        Break(step) => step,
        Continue(conditions) => end(claim, &going, conditions, now),
    }
}

/// Deadline and deletion of the nodes, before anything else.
fn begin(claim: &NodeClaim, machine: &Machine) -> Option<Act> {
    // behaviour: termination/deadline-from-the-grace-period
    if let (Some(secs), Some(deleted)) = (claim.termination_grace_secs, claim.deletion_at)
        && !claim.annotations.contains_key(DEADLINE_ANNOTATION)
    {
        let grace = SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
        return deleted.checked_add(grace).ok().map(Act::SetDeadline);
    }
    if !claim.is(ConditionKind::Registered) {
        return None;
    }
    let left = machine.nodes.iter().filter(|node| node.deletion_at.is_none());
    let left: Vec<NodeKey> = left.map(NodeKey::of).collect();
    (!left.is_empty()).then_some(Act::DeleteNodes(left))
}

/// The moment by which everything on the node is forced out. One that cannot be read forces nothing.
pub fn deadline(claim: &NodeClaim) -> Option<Timestamp> {
    claim.annotations.get(DEADLINE_ANNOTATION)?.parse().ok()
}

/// Taint, drain and volumes: the step it still needs, or the conditions that say that all of it is over.
fn empty(machine: &Machine, going: &[&Node], now: Timestamp) -> ControlFlow<Step, Vec<Condition>> {
    let claim = machine.claim.as_ref();
    let taint = disrupted_taint();
    let is_shut = |node: &Node| {
        let label = node.labels.get(EXCLUDE_LABEL.0).is_some_and(|value| &**value == EXCLUDE_LABEL.1);
        label && node.taints.iter().any(|t| t.matches(&taint))
    };
    let open: Vec<NodeKey> =
        going.iter().filter(|node| !is_shut(node)).map(|node| NodeKey::of(node)).collect();
    if !open.is_empty() {
        return Break(Step { act: Act::Taint(open), conditions: Vec::new(), again_at: Some(now) });
    }
    let deadline = claim.and_then(deadline);
    let found = |finding: Finding<'_>| claim.and_then(|claim| finding.on(claim, now));
    let draining = Finding::unknown(ConditionKind::Drained, "Draining", "Pods are being moved off the node");
    let since = claim.and_then(|c| c.condition(ConditionKind::Drained));
    if let Some(drain) = drain::drain(&machine.pods, deadline, now) {
        let conditions = found(draining).into_iter().collect();
        let age = since.map_or(SignedDuration::ZERO, |c| now.duration_since(c.since));
        let again_at = [Some(now + pause(age)), drain.next_force_at].into_iter().flatten().min();
        return Break(Step { act: Act::Drain(drain), conditions, again_at });
    }
    // behaviour: termination/shortest-drain
    if let Some(claim) = claim
        && !claim.is(ConditionKind::Drained)
    {
        let began = since.filter(|c| c.status == ConditionStatus::Unknown).map_or(now, |c| c.since);
        if now < began + MIN_DRAIN {
            let conditions = draining.on(claim, now).into_iter().collect();
            return Break(Step { act: Act::Settle, conditions, again_at: Some(began + MIN_DRAIN) });
        }
    }
    let mut conditions: Vec<Condition> = found(Finding::holds(ConditionKind::Drained)).into_iter().collect();
    let attached = volumes::awaited(machine, now);
    // behaviour: termination/volumes-are-not-awaited-past-the-deadline
    let given_up = !attached.is_empty() && deadline.is_some_and(|deadline| now > deadline);
    let kind = ConditionKind::VolumesDetached;
    if given_up {
        let message = "Volumes were still attached at the deadline";
        let status = ConditionStatus::False;
        conditions.extend(found(Finding { kind, status, reason: "TerminationGracePeriodElapsed", message }));
        return Continue(conditions);
    }
    if attached.is_empty() {
        conditions.extend(found(Finding::holds(kind)));
        return Continue(conditions);
    }
    let message = "Volumes are still attached to the node";
    conditions.extend(found(Finding::unknown(kind, "AwaitingVolumeDetachment", message)));
    let age = since.map_or(SignedDuration::ZERO, |c| now.duration_since(c.since));
    let again_at = [Some(now + pause(age)), deadline].into_iter().flatten().min();
    Break(Step { act: Act::AwaitVolumes(attached), conditions, again_at })
}

/// How long until a drain is looked at again: a second at first, longer for one that takes minutes.
fn pause(age: SignedDuration) -> SignedDuration {
    (age / 30).clamp(SignedDuration::from_secs(1), SignedDuration::from_secs(15))
}

/// The instance, then the objects.
fn end(claim: Option<&NodeClaim>, going: &[&Node], conditions: Vec<Condition>, now: Timestamp) -> Step {
    let Some(claim) = claim else { return release(None, going, now) };
    // behaviour: termination/a-claim-without-instance-goes-at-once
    let Some(provider_id) = &claim.provider_id else { return release(Some(claim), going, now) };
    let act = Act::TerminateInstance { provider_id: Arc::clone(provider_id) };
    Step { act, conditions, again_at: Some(now + INSTANCE_PAUSE) }
}

/// Nothing is left but the objects: first nodes, then the claim.
fn release(claim: Option<&NodeClaim>, going: &[&Node], now: Timestamp) -> Step {
    if !going.is_empty() {
        let act = Act::ReleaseNodes(going.iter().map(|node| NodeKey::of(node)).collect());
        return Step { act, conditions: Vec::new(), again_at: claim.map(|_| now) };
    }
    match claim {
        Some(claim) if has_finalizer(&claim.finalizers) => {
            Step { act: Act::ReleaseClaim, conditions: Vec::new(), again_at: None }
        }
        Some(_) | None => Step { act: Act::Nothing, conditions: Vec::new(), again_at: None },
    }
}

#[cfg(test)]
mod tests;
