//! One pass: finish what a dead run began, load, decide, commit, act.

use std::collections::BTreeSet;

use joiner_core::model::NamespacedName;
use joiner_core::scheduling::plan::Plan;
use joiner_core::scheduling::reason::{Refusal, WhyNot};
use joiner_core::scheduling::solve;
use joiner_ports::{BatchWindow, Delay, LaunchIntent, Lease, Message, PendingHint, Ports};

use super::{RETRY, close, commit, look_again, report};
use crate::context::Context;
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::launch::{self, ClassView};
use crate::loaded::{self, Loaded};
use crate::together;

/// Makes a pass under a lease.
pub(super) async fn run<P: Ports>(
    context: &Context<'_, P>,
    lease: &Lease,
    window: BatchWindow,
) -> Result<Outcome, Failure> {
    let mut loaded = match loaded::load(context).await? {
        Ok(loaded) => loaded,
        // behaviour: provisioning/an-incomplete-view-decides-nothing
        Err(why) => {
            look_again(context, RETRY).await?;
            return Ok(Fact::Incomplete { why }.into());
        }
    };
    let mut outcome = launch_all(context, &loaded, &loaded.intents).await?;
    let awaited = withhold(&mut loaded);
    let plan = solve(&loaded.snapshot, &context.knobs());
    outcome.push(summary(&plan));
    let intents = commit::commit(context, lease, &loaded.snapshot, &plan, &mut outcome).await?;
    outcome.append(launch_all(context, &loaded, &intents).await?);
    report::report(context, &loaded.snapshot, &plan, &intents, &mut outcome).await?;
    close(context, window).await?;
    come_back(context, &loaded, &plan, &awaited).await?;
    Ok(outcome)
}

/// Takes pods out of the pass whose machines are on their way already: they must not get a second one.
fn withhold(loaded: &mut Loaded) -> BTreeSet<NamespacedName> {
    // behaviour: provisioning/pods-of-open-intents-are-not-planned-again
    let awaited = loaded.awaited_pods();
    loaded.snapshot.pods.retain(|pod| pod.node_name.is_some() || !awaited.contains(&pod.key));
    awaited
}

/// Brings intents to their end, several at a time. Every one is tried before a failure is told.
async fn launch_all<'a, P: Ports>(
    context: &'a Context<'_, P>,
    loaded: &'a Loaded,
    intents: &'a [LaunchIntent],
) -> Result<Outcome, Failure> {
    let finish = |intent: &'a LaunchIntent| {
        let class = ClassView::of(loaded, &intent.draft.node_class.name);
        launch::finish(context, intent, class)
    };
    let outcomes = together::try_all(intents.iter().map(finish).collect()).await?;
    Ok(Outcome { facts: outcomes.into_iter().flat_map(|outcome| outcome.facts).collect() })
}

fn summary(plan: &Plan) -> Fact {
    Fact::Planned {
        claims: plan.claims.len(),
        on_new: plan.claims.iter().map(|claim| claim.pods.len()).sum(),
        on_existing: plan.existing.values().map(Vec::len).sum(),
        unschedulable: plan.unschedulable.len(),
        price: plan.total_cheapest_price(),
    }
}

/// Pods that fit nowhere may fit once refused capacity is believed to be back; pods that wait for a machine of
/// an earlier run are looked at again soon. Everything else that may help them is an event, or found by the tick.
async fn come_back<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    plan: &Plan,
    awaited: &BTreeSet<NamespacedName>,
) -> Result<(), Failure> {
    let is_limit = |why: &WhyNot| match why {
        WhyNot::Pools(pools) => pools.iter().any(|(_, refusal)| matches!(refusal, Refusal::Limit { .. })),
        WhyNot::NoNodePool | WhyNot::ResourceClaims | WhyNot::UnsettledNode(_) => false,
    };
    // Limits count the largest machine a claim may become; by now it is known what they became.
    if !plan.claims.is_empty() && plan.unschedulable.iter().any(|refused| is_limit(&refused.why)) {
        let hint = PendingHint::Again;
        context.wake_after(Message::PodsPending { hint }, RETRY).await?;
    }
    let back_at = loaded.unavailable.iter().map(|mark| mark.until).min();
    let again = |delay| {
        let hint = PendingHint::Again;
        context.wake_after(Message::PodsPending { hint }, delay)
    };
    if let Some(back_at) = back_at.filter(|_| !plan.unschedulable.is_empty()) {
        again(Delay::until(back_at, context.now)).await?;
    } else if !awaited.is_empty() {
        again(Delay::from_secs(10)).await?;
    }
    Ok(())
}
