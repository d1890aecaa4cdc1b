//! Waiting for what takes the place of nodes: each replacement has to be seen usable once before anything goes.

use joiner_core::model::{ConditionKind, NodeClaim};
use joiner_ports::{
    ClaimName, ClusterRead, Command, CommandPhase, Delay, Event, LaunchIntent, Lease, Ports, Store, Target,
};

use super::{accept, command, remove};
use crate::context::Context;
use crate::events::claim_ref;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::launch::{self, ClassView};
use crate::loaded;

/// Pause between two looks at machines that are on their way.
pub(super) const PAUSE: Delay = Delay::from_secs(5);

/// How far a replacement is.
enum Progress {
    /// Its machine was usable once.
    Usable,
    /// It is on its way.
    Coming(Option<Box<NodeClaim>>),
    /// Its claim is still to be written or launched by this intent.
    Owed(Box<LaunchIntent>),
    /// It will not come.
    Failed,
}

/// Looks at the replacements of a command: goes on when all are usable, gives up when one will not come or time is
/// up, and looks again otherwise.
pub(super) async fn wait<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    mut command: Command,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut events = Vec::new();
    let before = command.clone();
    for replacement in command.replacements.iter_mut().filter(|one| !one.usable) {
        let Some(name) = replacement.claim.clone() else { continue };
        match progress(context, &name).await? {
            Progress::Usable => {
                replacement.usable = true;
                outcome.push(Fact::ReplacementUsable { command: before.id.clone(), claim: name });
            }
            Progress::Coming(claim) => events.extend(claim.map(|claim| waiting(context, &claim))),
            Progress::Owed(intent) => match finish(context, &intent).await? {
                Ok(launched) => outcome.append(launched),
                Err(why) => outcome.push(Fact::Incomplete { why }),
            },
            Progress::Failed => {
                let why = format!("Its replacement {name} could not be launched or did not become usable");
                remove::give_up(context, &before, &why, &mut outcome).await?;
                return Ok(outcome);
            }
        }
    }
    context.record(events).await?;
    proceed(context, lease, (command, before), &mut outcome).await?;
    Ok(outcome)
}

async fn proceed<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    (mut command, before): (Command, Command),
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let store = context.ports.store();
    if command.replacements.iter().all(|one| one.usable) {
        // behaviour: disruption/nodes-go-only-when-all-replacements-were-usable
        command.phase = CommandPhase::Deleting;
        store.put_command(lease.fence, &command, &[]).await?;
        let fresh: Vec<_> =
            command.replacements.iter().filter_map(|one| Some(one.claim.as_ref()?.to_arc())).collect();
        accept::nominate(context, &fresh).await?;
        return remove::delete(context, &command, outcome).await;
    }
    // behaviour: disruption/a-command-past-its-deadline-is-given-up
    if context.now >= command.deadline_at {
        let why = "Its replacements were not usable in time";
        return remove::give_up(context, &before, why, outcome).await;
    }
    if command != before {
        store.put_command(lease.fence, &command, &[]).await?;
    }
    command::again(context, &command.id, PAUSE).await
}

async fn progress<P: Ports>(context: &Context<'_, P>, name: &ClaimName) -> Result<Progress, Failure> {
    // The intent before the claim: one that is closed in between has its claim by then.
    let intent = context.ports.store().intent(name).await?;
    let machine = context.ports.cluster().machine(&Target::Claim(name.clone())).await?.unwrap_or_default();
    Ok(match (machine.claim, intent) {
        (Some(claim), _) if claim.deletion_at.is_some() => Progress::Failed,
        (Some(claim), _) if claim.is(ConditionKind::Initialized) => Progress::Usable,
        (Some(claim), None) => Progress::Coming(Some(Box::new(claim))),
        (_, Some(intent)) => Progress::Owed(Box::new(intent)),
        (None, None) => Progress::Failed,
    })
}

/// Brings an intent of a run that died to its end.
async fn finish<P: Ports>(
    context: &Context<'_, P>,
    intent: &LaunchIntent,
) -> Result<Result<Outcome, String>, Failure> {
    Ok(match loaded::load(context).await? {
        Ok(loaded) => {
            let class = ClassView::of(&loaded, &intent.draft.node_class.name);
            Ok(launch::finish(context, intent, class).await?)
        }
        Err(why) => Err(why),
    })
}

fn waiting<P: Ports>(context: &Context<'_, P>, claim: &NodeClaim) -> Event {
    let message = "Waiting for it to become usable before the nodes it replaces go".to_owned();
    context.normal(claim_ref(claim), "DisruptionWaitingReadiness", message)
}
