//! A class came, changed, or is going: what it resolves to is written into its status, and what was made for it is
//! taken away when nothing uses it any more (api 3.7, aws 8).

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{NodeClaim, NodeClass, Snapshot};
use joiner_core::readiness::{ConditionFinding, class, stamp};
use joiner_ports::{
    ClassPatch, ClassResolution, Cloud, CloudError, ClusterError, ClusterRead, ClusterWrite, Completeness,
    Delay, FinalizerChange, Message, ObjectCondition, PendingHint, Ports, Store,
};
use serde_json::Value;

use crate::context::Context;
use crate::events::{Transition, class_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::pools;

/// Pause before a class is looked at again whose view was not complete.
const RETRY: Delay = Delay::from_secs(5);
/// Pause before its pools are looked at: the status just written has reached every reader by then.
const POOLS_AFTER: Delay = Delay::from_secs(1);
/// Most claims that an event names.
const NAMED: usize = 5;

/// Handles the sight of a class.
///
/// # Errors
/// Something outside could not be reached; the message must come again.
pub async fn handle<P: Ports>(context: &Context<'_, P>, name: &Arc<str>) -> Result<Outcome, Failure> {
    let view = context.ports.cluster().snapshot().await?;
    if let Completeness::Partial { why } = view.completeness {
        context.wake_after(Message::ClassChanged { class: Arc::clone(name) }, RETRY).await?;
        return Ok(Fact::Incomplete { why }.into());
    }
    let snapshot = &view.snapshot;
    let Some(class) = snapshot.node_classes.iter().find(|class| class.name == *name) else {
        return Ok(Outcome::default());
    };
    let handled = match class.deleting {
        true => release(context, snapshot, class).await,
        false => resolve(context, snapshot, class).await,
    };
    match handled {
        // It went, or another has its name by now: its own message tells of that one.
        Err(Failure::Cluster(ClusterError::Gone(_))) => Ok(Outcome::default()),
        other => other,
    }
}

fn has_finalizer(class: &NodeClass) -> bool {
    class.finalizers.iter().any(|finalizer| &**finalizer == joiner_core::model::keys::CLASS_FINALIZER)
}

/// Resolves a class and writes what changed.
async fn resolve<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    class: &NodeClass,
) -> Result<Outcome, Failure> {
    // behaviour: classes/finalizer-before-anything-is-made
    if !has_finalizer(class) {
        let patch = ClassPatch { finalizer: FinalizerChange::Add, ..ClassPatch::default() };
        context.ports.cluster().patch_class(&class.name, &class.uid, &patch).await?;
    }
    let mut outcome = Outcome::default();
    let (status, conditions) = match context.ports.cloud().resolve_class(class).await {
        Ok(resolution) => {
            let refused = refusals(&resolution, class, &mut outcome);
            let status = Some(resolution.status).filter(|status| differs(&class.document, status));
            (status, class::resolved(class, &refused, context.now))
        }
        // Nobody may ask: what was known stays, and people are told.
        Err(CloudError::Rejected(why)) => {
            let event = context.warning(class_ref(class), "FailedResolvingNodeClass", why.clone());
            context.record(vec![event]).await?;
            outcome.push(Fact::ClassUnresolved { class: Arc::clone(&class.name), why });
            (None, class::unresolved(class, context.now))
        }
        Err(failure) => return Err(failure.into()),
    };
    let of_class = claims_of(snapshot, class);
    let stamps = stamp::claims(&class.annotations, of_class.into_iter(), &stamp::CLASS, &class.hash);
    pools::restamp(context, &class.name, stamps, &mut outcome).await?;
    let annotations = stamp::owner(&class.annotations, &stamp::CLASS, &class.hash);
    let patch = ClassPatch { annotations, status, conditions, ..ClassPatch::default() };
    write(context, snapshot, class, patch, &mut outcome).await?;
    Ok(outcome)
}

/// What was refused, as findings, told as facts.
fn refusals(resolution: &ClassResolution, class: &NodeClass, outcome: &mut Outcome) -> Vec<ConditionFinding> {
    let finding = |refusal: &joiner_ports::ClassRefusal| {
        outcome.push(Fact::ClassRefused {
            class: Arc::clone(&class.name),
            condition: refusal.condition,
            reason: refusal.reason,
            message: refusal.message.clone(),
        });
        ConditionFinding::fails(refusal.condition, refusal.reason, &refusal.message)
    };
    resolution.refusals.iter().map(finding).collect()
}

/// Whether a status says other than the object does, conditions aside.
fn differs(document: &str, status: &str) -> bool {
    let bare = |text: &str, inner: Option<&str>| -> Option<Value> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        if let Some(inner) = inner {
            value =
                value.get_mut(inner).map(Value::take).unwrap_or_else(|| Value::Object(Default::default()));
        }
        value.as_object_mut()?.remove("conditions");
        Some(value)
    };
    let new = bare(status, None);
    new.is_some() && new != bare(document, Some("status"))
}

/// Writes a patch if there is anything in it, and has those look who wait for it.
async fn write<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    class: &NodeClass,
    patch: ClassPatch,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    if patch.is_empty() {
        return Ok(());
    }
    context.ports.cluster().patch_class(&class.name, &class.uid, &patch).await?;
    let transitions = Transition::all(&class.conditions, &patch.conditions);
    let events = transitions.iter().map(|turn| turn.event(context, class_ref(class))).collect();
    context.record(events).await?;
    outcome.push(Fact::ClassWritten {
        class: Arc::clone(&class.name),
        status: patch.status.is_some(),
        conditions: patch.conditions.len(),
    });
    outcome.facts.extend(ready_fact(class, &patch.conditions));
    // It changed, or what it leads to did: nodes made from it may have drifted.
    let is_other = patch.status.is_some() || patch.annotations.contains_key(stamp::CLASS.hash);
    if is_other && !claims_of(snapshot, class).is_empty() {
        context.wake_after(Message::Sweep, POOLS_AFTER).await?;
    }
    let turned = transitions.iter().any(|turn| turn.kind == joiner_core::readiness::READY);
    if turned {
        let of_class = |pool: &&joiner_core::model::NodePool| pool.template.node_class.name == class.name;
        for pool in snapshot.node_pools.iter().filter(of_class) {
            let look = Message::PoolChanged { pool: Arc::clone(&pool.name) };
            context.wake_after(look, POOLS_AFTER).await?;
        }
    } else if patch.status.is_some() {
        // Other subnets or images may be what pods have waited for.
        let again = Message::PodsPending { hint: PendingHint::Again };
        context.wake_after(again, POOLS_AFTER).await?;
    }
    Ok(())
}

/// What is told of readiness when it is written.
fn ready_fact(class: &NodeClass, written: &[ObjectCondition]) -> Option<Fact> {
    let ready = written.iter().find(|condition| condition.kind == joiner_core::readiness::READY)?;
    let class = Arc::clone(&class.name);
    Some(match ready.status {
        joiner_core::model::ConditionStatus::True => Fact::ClassReady { class },
        joiner_core::model::ConditionStatus::False | joiner_core::model::ConditionStatus::Unknown => {
            Fact::ClassNotReady { class, reason: ready.reason.clone(), message: ready.message.clone() }
        }
    })
}

/// Claims made from a class.
fn claims_of<'a>(snapshot: &'a Snapshot, class: &NodeClass) -> Vec<&'a NodeClaim> {
    let of_class =
        |claim: &&NodeClaim| claim.node_class.is_supported() && claim.node_class.name == class.name;
    snapshot.node_claims.iter().filter(of_class).collect()
}

/// Lets a class go once no claim uses it, nor will.
async fn release<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot,
    class: &NodeClass,
) -> Result<Outcome, Failure> {
    if !has_finalizer(class) {
        return Ok(Outcome::default());
    }
    let intents = context.ports.store().open_intents().await?;
    let intended = intents.iter().filter(|intent| intent.draft.node_class.name == class.name);
    let mut users: Vec<&str> = claims_of(snapshot, class).iter().map(|claim| &*claim.name).collect();
    users.extend(intended.map(|intent| intent.claim.as_str()));
    users.sort_unstable();
    users.dedup();
    // behaviour: classes/a-class-in-use-does-not-go
    if !users.is_empty() {
        let named: Vec<&str> = users.iter().take(NAMED).copied().collect();
        let message = format!("{} NodeClaims still use it: {}", users.len(), named.join(", "));
        let event = context.normal(class_ref(class), "WaitingOnNodeClaimTermination", message);
        context.record(vec![event]).await?;
        return Ok(Fact::ClassInUse { class: Arc::clone(&class.name), claims: users.len() }.into());
    }
    context.ports.cloud().release_class(class).await?;
    let patch = ClassPatch { finalizer: FinalizerChange::Remove, ..ClassPatch::default() };
    context.ports.cluster().patch_class(&class.name, &class.uid, &patch).await?;
    Ok(Fact::ClassReleased { class: Arc::clone(&class.name) }.into())
}

/// Whether a class is to be looked at although nobody said so: one that is not as it should be with every tick, the
/// others once in a while, for what they select changes outside the cluster.
pub(crate) async fn is_owed<P: Ports>(context: &Context<'_, P>, class: &NodeClass) -> Result<bool, Failure> {
    if !class::is_settled(class) || !has_finalizer(class) {
        return Ok(true);
    }
    let due_at: Timestamp = context.now + context.settings.class_refresh;
    let key = format!("classRefresh/{}", class.name);
    Ok(context.ports.store().note_wake(&key, due_at, context.now).await?)
}
