//! Loading: the snapshot that decisions are made on, put together from cluster, catalog and store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::disruption::candidate::Volatile;
use joiner_core::in_flight;
use joiner_core::model::{NamespacedName, NodeClaim, NodeClass, Readiness, Snapshot, Unavailable};
use joiner_core::readiness::class::{self, ClassUse};
use joiner_core::readiness::{self, READY};
use joiner_ports::{
    ClaimName, ClusterRead, Command, CommandPhase, Completeness, InstanceTypeError, InstanceTypeSource,
    LaunchIntent, Ports, Store, UnavailableUntil,
};

use crate::context::Context;
use crate::failure::Failure;

/// Everything a decision may look at.
pub(crate) struct Loaded {
    /// The cluster, instance types and marks. Machines that were decided on but have no claim yet are in it as
    /// claims, so that they count.
    pub(crate) snapshot: Snapshot,
    /// Launches not known to be done.
    pub(crate) intents: Vec<LaunchIntent>,
    /// Nominations and claims in commands.
    pub(crate) volatile: Volatile,
    /// What is not to be had.
    pub(crate) unavailable: Vec<UnavailableUntil>,
}

impl Loaded {
    /// The class of a name.
    pub(crate) fn class(&self, name: &str) -> Option<&NodeClass> {
        self.snapshot.node_classes.iter().find(|class| &*class.name == name)
    }

    /// Pods for which machines are on their way already.
    pub(crate) fn awaited_pods(&self) -> BTreeSet<NamespacedName> {
        self.intents.iter().flat_map(|intent| intent.pods.iter().cloned()).collect()
    }
}

/// Loads; the reason when the view is not complete, for then nothing may be decided.
pub(crate) async fn load<P: Ports>(context: &Context<'_, P>) -> Result<Result<Loaded, String>, Failure> {
    let store = context.ports.store();
    // Intents before the cluster: one that is closed in between has its claim in the view by then. The other way
    // round, a machine could be missing from both.
    let intents = store.open_intents().await?;
    let commands = store.commands().await?;
    let view = context.ports.cluster().snapshot().await?;
    if let Completeness::Partial { why } = view.completeness {
        return Ok(Err(why));
    }
    let unavailable = store.unavailable(context.now).await?;
    let nominated = store.nominations(context.now).await?;
    let mut snapshot = view.snapshot;
    mark_unsettled(&mut snapshot);
    add_types(context, &mut snapshot, &unavailable).await?;
    mark_commands(&mut snapshot, &commands, &intents);
    add_in_flight(&mut snapshot, &intents);
    let in_command = commands.iter().flat_map(|c| &c.nodes).map(|node| node.claim.to_arc()).collect();
    let mut nominated: BTreeMap<Arc<str>, Timestamp> =
        nominated.into_iter().map(|n| (n.node, n.until)).collect();
    // What is to take the place of nodes is kept free for their pods.
    let replacing = commands.iter().flat_map(|c| c.replacements.iter().map(|one| (c.deadline_at, one)));
    nominated.extend(replacing.filter_map(|(until, one)| Some((one.claim.as_ref()?.to_arc(), until))));
    let volatile = Volatile { nominated, in_command };
    Ok(Ok(Loaded { snapshot, intents, volatile, unavailable }))
}

/// A class that is not resolved as it is now cannot be launched from, and a pool nobody has looked at is not ready:
/// both are a matter of seconds, and no decision is made on half of what they say.
fn mark_unsettled(snapshot: &mut Snapshot) {
    for class in &mut snapshot.node_classes {
        let (reason, message) = match class::usable(class) {
            ClassUse::Ready => continue,
            ClassUse::Awaited { message } => (readiness::AWAITING.into(), message),
            ClassUse::Refused { reason, message } => (reason, message),
        };
        class.readiness = Readiness::NotReady { reason, message };
    }
    for pool in &mut snapshot.node_pools {
        if pool.readiness.is_ready() && readiness::reported(&pool.status.conditions, READY).is_none() {
            let message = "Nobody has looked at the NodePool yet".into();
            pool.readiness = Readiness::NotReady { reason: readiness::AWAITING.into(), message };
        }
    }
}

/// Instance types by class. A class whose types cannot be told is left without; its pools take no part then.
async fn add_types<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &mut Snapshot,
    unavailable: &[UnavailableUntil],
) -> Result<(), Failure> {
    let marks: Vec<Unavailable> = unavailable.iter().map(|mark| mark.what.clone()).collect();
    for class in &snapshot.node_classes {
        match context.ports.instance_types().of(class, &marks).await {
            Ok(types) => drop(snapshot.instance_types.insert(Arc::clone(&class.name), types)),
            Err(InstanceTypeError::Rejected(why)) => {
                tracing::warn!(class = %class.name, %why, "the class has no instance types");
            }
            Err(failure @ InstanceTypeError::Unavailable(_)) => return Err(failure.into()),
        }
    }
    Ok(())
}

/// Nodes that an accepted command takes away are no targets any more, and their pods need a place: the one that was
/// bought for them. A command whose replacement will not come is about to be given up, so its nodes count as staying.
fn mark_commands(snapshot: &mut Snapshot, commands: &[Command], intents: &[LaunchIntent]) {
    // behaviour: disruption/pods-of-a-failed-replacement-get-no-second-one
    let comes = |claim: &ClaimName| {
        let stands = |known: &NodeClaim| *known.name == *claim.as_str() && known.deletion_at.is_none();
        intents.iter().any(|intent| intent.claim == *claim) || snapshot.node_claims.iter().any(stands)
    };
    let accepted = commands.iter().filter(|command| match command.phase {
        CommandPhase::Proposed => false,
        CommandPhase::Replacing => {
            command.replacements.iter().all(|one| one.claim.as_ref().is_some_and(comes))
        }
        CommandPhase::Deleting => true,
    });
    let claims: Vec<Arc<str>> =
        accepted.flat_map(|command| &command.nodes).map(|node| node.claim.to_arc()).collect();
    snapshot.marked_for_deletion.extend(claims);
}

/// Intents whose claim is not written yet count as claims, and claims that are not launched as machines.
fn add_in_flight(snapshot: &mut Snapshot, intents: &[LaunchIntent]) {
    for intent in intents {
        if snapshot.node_claims.iter().all(|claim| *claim.name != *intent.claim.as_str()) {
            snapshot.node_claims.push(in_flight::claim_of(intent.claim.as_str(), &intent.draft));
        }
    }
    let types = &snapshot.instance_types;
    let waiting = snapshot.node_claims.iter_mut();
    for claim in waiting.filter(|claim| claim.provider_id.is_none() && claim.deletion_at.is_none()) {
        if let Some(types) = types.get(&claim.node_class.name) {
            in_flight::assume(claim, types);
            // Stands in for the id it will get, so that pods may be planned onto what it has left.
            claim.provider_id = Some(format!("joiner:///in-flight/{}", claim.name).into());
        }
    }
    snapshot.node_claims.sort_by(|a, b| a.name.cmp(&b.name));
}
