//! Looking again: is a command still right on a fresh view? Then its nodes are marked, looked at once more each by
//! itself, and what takes their place is committed and launched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use joiner_core::disruption::candidate::Fleet;
use joiner_core::disruption::revalidate::{Confirmed, Proposal, revalidate};
use joiner_core::disruption::rounds::Method;
use joiner_core::eviction::{is_active, is_reschedulable, protection};
use joiner_core::machine::Machine;
use joiner_core::model::{Requirement, keys};
use joiner_ports::{
    ClaimName, ClusterError, ClusterRead, Command, CommandNode, CommandPhase, IntentPhase, LaunchIntent,
    Lease, Nomination, Ports, Store, Target,
};

use super::{command, conditions, remove, replace};
use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::launch::{self, ClassView};
use crate::loaded::{self, Loaded};
use crate::node_events::is_empty;
use crate::together;

/// Judges a proposed command again and carries it as far as it goes.
pub(super) async fn accept<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    mut command: Command,
) -> Result<Outcome, Failure> {
    let mut loaded = match loaded::load(context).await? {
        Ok(loaded) => loaded,
        Err(why) => return Ok(Fact::Incomplete { why }.into()),
    };
    let mut outcome = Outcome::default();
    let _ = conditions::settle(context, &mut loaded.snapshot);
    let confirmed = match confirm(context, &mut loaded, &command) {
        Ok(confirmed) => confirmed,
        Err(why) => {
            remove::give_up(context, &command, &why, &mut outcome).await?;
            return Ok(outcome);
        }
    };
    let kept = match mark_all(context, &command, &confirmed).await? {
        Ok((kept, lost)) => {
            drop_nodes(context, &command, &confirmed, lost, &mut outcome).await?;
            kept
        }
        Err(why) => {
            remove::give_up(context, &command, &why, &mut outcome).await?;
            return Ok(outcome);
        }
    };
    command.nodes = kept;
    if command.nodes.is_empty() {
        context.ports.store().drop_command(&command.id).await?;
        remove::look_again(context).await?;
        return Ok(outcome);
    }
    nominate(context, &confirmed.targets).await?;
    if command.replacements.is_empty() {
        command.phase = CommandPhase::Deleting;
        context.ports.store().put_command(lease.fence, &command, &[]).await?;
        remove::delete(context, &command, &mut outcome).await?;
        return Ok(outcome);
    }
    launch_replacements(context, (lease, &loaded), command, &mut outcome).await?;
    Ok(outcome)
}

/// Judges on the fresh view; a text why not.
fn confirm<P: Ports>(
    context: &Context<'_, P>,
    loaded: &mut Loaded,
    command: &Command,
) -> Result<Confirmed, String> {
    let own: BTreeSet<Arc<str>> = command.nodes.iter().map(|node| node.claim.to_arc()).collect();
    // The command does not stand in its own way.
    loaded.volatile.in_command.retain(|claim| !own.contains(claim));
    loaded.snapshot.marked_for_deletion.retain(|claim| !own.contains(claim));
    let same = |node: &CommandNode| {
        loaded.snapshot.node_claims.iter().any(|claim| {
            *claim.name == *node.claim.as_str() && claim.uid == node.claim_uid && claim.deletion_at.is_none()
        })
    };
    let claims: BTreeSet<Arc<str>> =
        command.nodes.iter().filter(|node| same(node)).map(|node| node.claim.to_arc()).collect();
    if claims.len() < own.len() && command.method != Method::Emptiness {
        return Err("One of its nodes is going already".to_owned());
    }
    let replacements = command.replacements.iter().map(|one| types_of(&one.draft.requirements)).collect();
    let proposal = Proposal { method: command.method, claims, replacements };
    let fleet = Fleet::new(&loaded.snapshot, &loaded.volatile, context.now);
    revalidate(&fleet, &context.knobs(), &proposal).map_err(|why| why.to_string())
}

/// The types a claim may be bought as.
fn types_of(requirements: &[Requirement]) -> BTreeSet<Arc<str>> {
    let types = requirements.iter().filter(|one| one.key.as_str() == keys::INSTANCE_TYPE);
    types.flat_map(|one| one.allowed.values()).cloned().collect()
}

/// By claim: why a node stays after all.
type Lost = BTreeMap<Arc<str>, String>;

/// Marks every confirmed node, and looks at each by itself once it is: with the taint on, no new pod comes. Empty
/// nodes stand each for itself; of all others one that stays keeps the rest.
async fn mark_all<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    confirmed: &Confirmed,
) -> Result<Result<(Vec<CommandNode>, Lost), String>, Failure> {
    let wanted = command.nodes.iter().filter(|node| confirmed.claims.contains(&node.claim.to_arc()));
    let marked =
        together::try_all(wanted.clone().map(|node| mark(context, command, confirmed, node)).collect());
    let (mut kept, mut lost) = (Vec::new(), Lost::new());
    for (node, answer) in wanted.zip(marked.await?) {
        match answer {
            None => kept.push(node.clone()),
            Some(why) if command.method == Method::Emptiness => drop(lost.insert(node.claim.to_arc(), why)),
            Some(why) => return Ok(Err(why)),
        }
    }
    Ok(Ok((kept, lost)))
}

/// Marks one node; the reason if it must stay.
async fn mark<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    confirmed: &Confirmed,
    node: &CommandNode,
) -> Result<Option<String>, Failure> {
    let cluster = context.ports.cluster();
    let target = Target::Claim(node.claim.clone());
    let before = cluster.machine(&target).await?.unwrap_or_default();
    let reason = command.reason().as_str();
    let pair = before.claim.as_ref().zip(before.nodes.iter().find(|known| known.uid == node.node_uid));
    let Some((claim, known)) = pair.filter(|(claim, _)| claim.uid == node.claim_uid) else {
        return Ok(Some("It is gone".to_owned()));
    };
    match conditions::mark(context, (claim, reason), known).await {
        Ok(()) => {}
        Err(Failure::Cluster(ClusterError::Gone(_))) => return Ok(Some("It is gone".to_owned())),
        Err(failure) => return Err(failure),
    }
    let after = cluster.machine(&target).await?.unwrap_or_default();
    Ok(late(context, command.method, &confirmed.moving, &after))
}

/// What came to a node before it was marked and was not reckoned with.
fn late<P>(
    context: &Context<'_, P>,
    method: Method,
    moving: &BTreeSet<joiner_core::model::NamespacedName>,
    machine: &Machine,
) -> Option<String> {
    // behaviour: disruption/a-pod-that-came-before-the-taint-keeps-its-node
    let graceful = machine.claim.as_ref().is_none_or(|claim| claim.termination_grace_secs.is_none());
    let keeps = |pod: &joiner_core::model::Pod| is_active(pod) && protection(pod, context.now).is_active();
    if let Some(pod) =
        machine.pods.iter().find(|pod| keeps(pod)).filter(|_| graceful || !method.is_eventual())
    {
        return Some(format!("Pod {} must not be disrupted", pod.key));
    }
    if method == Method::Emptiness {
        return (!is_empty(machine)).then(|| "A pod came to the node before it was tainted".to_owned());
    }
    let come = machine.pods.iter().find(|pod| is_reschedulable(pod) && !moving.contains(&pod.key));
    come.map(|pod| format!("Pod {} came to the node before it was tainted", pod.key))
}

/// Nodes of a command that stay while others go: everything is taken back from them.
async fn drop_nodes<P: Ports>(
    context: &Context<'_, P>,
    command: &Command,
    confirmed: &Confirmed,
    mut lost: Lost,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    lost.extend(confirmed.dropped.iter().map(|(claim, why)| (Arc::clone(claim), why.to_string())));
    for node in &command.nodes {
        if let Some(why) = lost.get(&node.claim.to_arc()) {
            outcome.push(Fact::Abandoned { claim: node.claim.to_arc(), why: why.clone() });
            remove::withdraw(context, node, outcome).await?;
        }
    }
    Ok(())
}

/// Pods are expected on these nodes for a while.
pub(super) async fn nominate<P: Ports>(context: &Context<'_, P>, nodes: &[Arc<str>]) -> Result<(), Failure> {
    if nodes.is_empty() {
        return Ok(());
    }
    let until = context.now + context.settings.batch.nomination();
    let nominations: Vec<Nomination> =
        nodes.iter().map(|node| Nomination { node: Arc::clone(node), until }).collect();
    Ok(context.ports.store().nominate(&nominations).await?)
}

/// Commits the replacements with the command, all or none, and launches them. Only from here on do the pods of the
/// nodes that go count as pods without a place: before, a pass would have bought for them a second time.
async fn launch_replacements<P: Ports>(
    context: &Context<'_, P>,
    (lease, loaded): (&Lease, &Loaded),
    mut command: Command,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut intents = Vec::new();
    for (index, replacement) in command.replacements.iter_mut().enumerate() {
        let claim = ClaimName::derive(&replacement.node_pool, lease, index)?;
        intents.push(LaunchIntent {
            claim: claim.clone(),
            node_pool: Arc::clone(&replacement.node_pool),
            node_pool_uid: Arc::clone(&replacement.node_pool_uid),
            draft: replacement.draft.clone(),
            pods: replacement.pods.clone(),
            decided_at: context.now,
            phase: IntentPhase::Committed,
        });
        replacement.claim = Some(claim);
    }
    command.phase = CommandPhase::Replacing;
    command.due_at = context.now;
    // behaviour: disruption/replacements-are-committed-with-their-command
    context.ports.store().put_command(lease.fence, &command, &intents).await?;
    let claims = intents.iter().map(|intent| intent.claim.clone()).collect();
    outcome.push(Fact::Replacing { command: command.id.clone(), claims });
    let finish = |intent| {
        let class = ClassView::of(loaded, &loaded_class(intent));
        launch::finish(context, intent, class)
    };
    let launched = together::try_all(intents.iter().map(finish).collect()).await;
    command::again(context, &command.id, replace::PAUSE).await?;
    launched?.into_iter().for_each(|one| outcome.append(one));
    Ok(())
}

fn loaded_class(intent: &LaunchIntent) -> Arc<str> {
    Arc::clone(&intent.draft.node_class.name)
}
