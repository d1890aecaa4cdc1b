//! Launching one claim: the same for a fresh plan, for an intent of a dead run, and for a claim someone wrote.
//!
//! The claim object with its UID is what makes a launch happen once: the token is derived from it, and the cloud
//! answers the same token with the same instance. What was launched is written into the claim before the intent
//! is closed.

use jiff::SignedDuration;
use joiner_core::condition::Finding;
use joiner_core::in_flight;
use joiner_core::machine::Machine;
use joiner_core::model::{ConditionKind, InstanceType, Labels, NodeClaim, NodeClass, Unavailable};
use joiner_core::readiness::class::{self, ClassUse};
use joiner_core::readiness::stamp;
use joiner_ports::{
    BoxError, ClaimName, ClaimPatch, Cloud, ClusterError, ClusterRead, ClusterWrite, Delay, IntentPhase,
    LaunchError, LaunchIntent, LaunchRequest, LaunchToken, Launched, Message, NewClaim, PendingHint, Ports,
    Queue, Store, StoreError, Target, UnavailableUntil,
};

use crate::context::Context;
use crate::events::claim_ref;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::Loaded;

/// Pause before a claim that was just written or launched is looked at: no machine is up sooner.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(2);
/// Longest message of a launch failure that is written down (disruption 4.2).
const MESSAGE_CHARS: usize = 300;

/// What launching needs to know of a class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassView<'a> {
    /// The class, if it exists.
    pub(crate) class: Option<&'a NodeClass>,
    /// Its types.
    pub(crate) types: &'a [InstanceType],
}

impl<'a> ClassView<'a> {
    /// The class a claim names, as it was loaded.
    pub(crate) fn of(loaded: &'a Loaded, name: &str) -> Self {
        let types = loaded.snapshot.instance_types.get(name);
        ClassView { class: loaded.class(name), types: types.map_or(&[], |types| types.as_slice()) }
    }
}

/// Brings an intent to its end: writes the claim if that was not done, launches it, closes the intent.
pub(crate) async fn finish<P: Ports>(
    context: &Context<'_, P>,
    intent: &LaunchIntent,
    class: ClassView<'_>,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let claim = match &intent.phase {
        IntentPhase::Committed => write_claim(context, intent, &mut outcome).await?,
        IntentPhase::Created { claim_uid } => standing(context, &intent.claim, claim_uid).await?,
    };
    let Some(claim) = claim else {
        // behaviour: provisioning/an-intent-whose-claim-is-gone-is-closed
        context.ports.store().close_intent(&intent.claim).await?;
        outcome.push(Fact::IntentClosed { claim: intent.claim.clone() });
        return Ok(outcome);
    };
    outcome.append(launch(context, &claim, class).await?);
    Ok(outcome)
}

/// The claim of an intent, written now or by the run that died; `None` when it is not to be launched any more.
async fn write_claim<P: Ports>(
    context: &Context<'_, P>,
    intent: &LaunchIntent,
    outcome: &mut Outcome,
) -> Result<Option<NodeClaim>, Failure> {
    let new = NewClaim {
        name: &intent.claim,
        node_pool: &intent.node_pool,
        node_pool_uid: &intent.node_pool_uid,
        draft: &intent.draft,
    };
    let created = context.ports.cluster().create_claim(new).await?;
    match context.ports.store().intent_created(&intent.claim, &created.claim.uid).await {
        Ok(()) => {}
        // Closed, or created under another UID: another run saw to it.
        Err(StoreError::Conflict(_)) if created.existed => return Ok(None),
        Err(failure) => return Err(failure.into()),
    }
    if !created.existed {
        outcome.push(Fact::ClaimCreated { claim: intent.claim.clone() });
    }
    follow(context, &intent.claim).await?;
    Ok((created.claim.deletion_at.is_none()).then_some(created.claim))
}

/// The claim of a name, if it is still the one meant and is to stay.
async fn standing<P: Ports>(
    context: &Context<'_, P>,
    claim: &ClaimName,
    uid: &str,
) -> Result<Option<NodeClaim>, Failure> {
    let machine = context.ports.cluster().machine(&Target::Claim(claim.clone())).await?;
    let Machine { claim, .. } = machine.unwrap_or_default();
    Ok(claim.filter(|claim| *claim.uid == *uid && claim.deletion_at.is_none()))
}

/// Launches a claim that exists and is to stay, unless it was launched already.
pub(crate) async fn launch<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    class: ClassView<'_>,
) -> Result<Outcome, Failure> {
    let name = ClaimName::new(&claim.name)?;
    if claim.provider_id.is_some() {
        context.ports.store().close_intent(&name).await?;
        return Ok(Outcome::default());
    }
    let answer = match class.class {
        Some(class_of_claim) if class_of_claim.readiness.is_ready() => {
            let draft = in_flight::draft_of(claim);
            // behaviour: provisioning/one-token-per-claim
            let token = LaunchToken::derive(context.ports.cluster_name(), &name, &claim.uid);
            let request = LaunchRequest {
                claim: &name,
                token: &token,
                draft: &draft,
                class: class_of_claim,
                instance_types: class.types,
            };
            context.ports.cloud().launch(request).await
        }
        Some(class) => match class::usable(class) {
            ClassUse::Awaited { message } => {
                return say_unlaunched(context, claim, &name, "NodeClassReadinessUnknown", &message).await;
            }
            ClassUse::Refused { reason, message } => {
                Err(LaunchError::ClassNotReady(format!("{reason}: {message}")))
            }
            ClassUse::Ready => Err(LaunchError::ClassNotReady("it cannot be used".to_owned())),
        },
        None => Err(LaunchError::ClassNotReady(format!("{} does not exist", claim.node_class.name))),
    };
    match answer {
        Ok(mut launched) => {
            let stamp = class.class.map(|class| stamp::launched(&stamp::CLASS, &class.hash));
            // What the launch itself stamped is of the class as it was then.
            for (key, value) in stamp.into_iter().flatten() {
                launched.annotations.entry(key).or_insert(value);
            }
            keep(context, claim, &name, launched).await
        }
        Err(LaunchError::NoCapacity(refused)) => no_capacity(context, claim, &name, refused).await,
        Err(LaunchError::ClassNotReady(why)) => {
            let mut outcome = Outcome::from(failed(&name, "NodeClassNotReady", &why));
            outcome.append(give_up(context, claim, &name).await?);
            Ok(outcome)
        }
        Err(LaunchError::Throttled(delay)) => {
            let again_until = context.until_next_tick();
            let step = Message::ClaimStep { claim: name.clone(), again_until };
            context.wake_after(step, delay).await?;
            Ok(failed(&name, "RequestLimitExceeded", "EC2 asks to wait").into())
        }
        Err(LaunchError::Rejected { reason, message }) => {
            say_unlaunched(context, claim, &name, &reason, &message).await
        }
        Err(LaunchError::Unknown(source)) => {
            say_unlaunched(context, claim, &name, "LaunchFailed", &chain(&source)).await
        }
    }
}

fn failed(claim: &ClaimName, reason: &str, message: &str) -> Fact {
    Fact::LaunchFailed { claim: claim.clone(), reason: reason.to_owned(), message: message.to_owned() }
}

/// An error with its causes.
fn chain(error: &BoxError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Writes what was launched into the claim, then closes the intent.
async fn keep<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    name: &ClaimName,
    launched: Launched,
) -> Result<Outcome, Failure> {
    // Labels of the claim beat those of the cloud, annotations of the cloud beat those of the claim.
    let own = |key: &std::sync::Arc<str>| claim.labels.contains_key(key);
    let labels: Labels = launched.labels.into_iter().filter(|(key, _)| !own(key)).collect();
    let patch = ClaimPatch {
        labels,
        annotations: launched.annotations,
        provider_id: Some(launched.provider_id),
        image_id: launched.image_id,
        capacity: Some(launched.capacity),
        allocatable: Some(launched.allocatable),
        conditions: Finding::holds(ConditionKind::Launched).on(claim, context.now).into_iter().collect(),
        ..ClaimPatch::default()
    };
    match context.ports.cluster().patch_claim(name, &claim.uid, &patch).await {
        Ok(_) => {}
        // behaviour: provisioning/an-instance-whose-claim-went-is-terminated
        Err(ClusterError::Gone(_)) => {
            context.ports.cloud().terminate(&launched.instance).await?;
            context.ports.store().close_intent(name).await?;
            let orphan = Fact::OrphanTerminated { instance: launched.instance, claim: Some(name.clone()) };
            return Ok(orphan.into());
        }
        Err(failure) => return Err(failure.into()),
    }
    context.ports.store().close_intent(name).await?;
    context.recount(claim).await?;
    Ok(Outcome::from(Fact::Launched {
        claim: name.clone(),
        instance: launched.instance,
        instance_type: launched.instance_type,
        zone: launched.zone,
        capacity_type: launched.capacity_type,
    }))
}

/// Marks what could not be had, has the pods planned for again, and deletes the claim.
async fn no_capacity<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    name: &ClaimName,
    refused: Vec<Unavailable>,
) -> Result<Outcome, Failure> {
    // behaviour: provisioning/refused-capacity-is-marked-for-three-minutes
    let until = context.now + context.settings.unavailable_for;
    let marks: Vec<UnavailableUntil> =
        refused.iter().map(|what| UnavailableUntil { what: what.clone(), until }).collect();
    context.ports.store().mark_unavailable(&marks).await?;
    let message = format!("NodeClaim {name}: {}", LaunchError::NoCapacity(refused.clone()));
    let event = context.warning(claim_ref(claim), "InsufficientCapacityError", cut(&message));
    context.record(vec![event]).await?;
    let mut outcome = Outcome::from(Fact::NoCapacity { claim: name.clone(), refused });
    outcome.append(give_up(context, claim, name).await?);
    Ok(outcome)
}

/// Has the pods of a claim planned for again and deletes it. Each step may be repeated.
async fn give_up<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    name: &ClaimName,
) -> Result<Outcome, Failure> {
    let queue = context.ports.queue();
    context.ports.cluster().delete_claim(name, &claim.uid).await?;
    let again_until = context.until_next_tick();
    let target = Target::Claim(name.clone());
    queue.send(Message::TerminateStep { target, again_until }, Delay::NONE).await?;
    context.ports.store().close_intent(name).await?;
    queue.send(Message::PodsPending { hint: PendingHint::Again }, Delay::NONE).await?;
    Ok(Outcome::default())
}

/// Writes down why a claim is not launched yet; its own steps try again.
async fn say_unlaunched<P: Ports>(
    context: &Context<'_, P>,
    claim: &NodeClaim,
    name: &ClaimName,
    reason: &str,
    message: &str,
) -> Result<Outcome, Failure> {
    let text = cut(message);
    let finding = Finding::unknown(ConditionKind::Launched, reason, &text);
    if let Some(condition) = finding.on(claim, context.now) {
        let patch = ClaimPatch { conditions: vec![condition], ..ClaimPatch::default() };
        context.ports.cluster().patch_claim(name, &claim.uid, &patch).await?;
    }
    Ok(failed(name, reason, &text).into())
}

/// A message short enough for a condition.
fn cut(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message.to_owned(),
    }
}

/// Sees that a claim is followed from now on.
async fn follow<P: Ports>(context: &Context<'_, P>, claim: &ClaimName) -> Result<(), Failure> {
    let step = Message::ClaimStep { claim: claim.clone(), again_until: context.until_next_tick() };
    context.wake(step, context.now + FIRST_LOOK).await
}
