//! What keeps nodes, for people who look at them (disruption 1.4, 2.3, 2.14).

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::disruption::blocked::Blocked;
use joiner_core::disruption::candidate::Fleet;
use joiner_core::disruption::rounds::Round;
use joiner_core::model::{DisruptionReason, NodeClaim};
use joiner_ports::{Event, Ports};

use crate::context::Context;
use crate::events::{claim_ref, node_ref, pool_ref};
use crate::fact::{Fact, Outcome};
use crate::failure::Failure;
use crate::loaded::Loaded;

/// Seconds between two events that say why a node is not consolidated (disruption 5.1).
const UNCONSOLIDATABLE_QUIET_SECS: u64 = 900;
/// Seconds between two events that say that a pool's budgets allow nothing.
const BUDGET_QUIET_SECS: u64 = 60;

/// Tells what keeps each node, by events where people are told and as facts.
pub(super) async fn blocked<P: Ports>(
    context: &Context<'_, P>,
    loaded: &Loaded,
    fleet: &Fleet<'_>,
    rounds: Vec<Round>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut events = spent_events(context, loaded, &rounds);
    let told = most_telling(rounds);
    for (name, why) in &told {
        let claim = loaded.snapshot.node_claims.iter().find(|claim| claim.name == *name);
        if let (Some(claim), Some(reason)) = (claim, why.event_reason()) {
            events.extend(keeps(context, (fleet, claim), reason, why));
        }
    }
    for (claim, why) in told {
        outcome.push(Fact::Blocked { claim, why });
    }
    context.record(events).await
}

/// One reason per claim: what people are told first, then what the last method said.
fn most_telling(rounds: Vec<Round>) -> BTreeMap<Arc<str>, Blocked> {
    let going: Vec<Arc<str>> =
        rounds.iter().flat_map(|round| &round.commands).flat_map(|command| command.claims.clone()).collect();
    let mut told: BTreeMap<Arc<str>, Blocked> = BTreeMap::new();
    for (claim, why) in rounds.into_iter().flat_map(|round| round.blocked) {
        if going.contains(&claim) || matches!(why, Blocked::NotDrifted | Blocked::IsEmpty) {
            continue;
        }
        let known = told.get(&claim).and_then(Blocked::event_reason);
        if known.is_none() || why.event_reason() == Some("DisruptionBlocked") {
            told.insert(claim, why);
        }
    }
    told
}

fn keeps<P: Ports>(
    context: &Context<'_, P>,
    (fleet, claim): (&Fleet<'_>, &NodeClaim),
    reason: &'static str,
    why: &Blocked,
) -> Vec<Event> {
    let about = fleet.node_of(claim).map(node_ref).into_iter().chain([claim_ref(claim)]);
    let event = |about| context.normal(about, reason, why.to_string());
    let quiet = |event: Event| match reason {
        "Unconsolidatable" => Event { quiet_secs: UNCONSOLIDATABLE_QUIET_SECS, ..event },
        _ => event,
    };
    about.map(event).map(quiet).collect()
}

/// Pools whose budgets leave nothing for a method that had candidates.
fn spent_events<P: Ports>(context: &Context<'_, P>, loaded: &Loaded, rounds: &[Round]) -> Vec<Event> {
    let mut spent: BTreeMap<&Arc<str>, DisruptionReason> = BTreeMap::new();
    for round in rounds.iter().filter(|round| round.commands.is_empty()) {
        let closed = round.budgets.0.iter().filter(|(_, left)| left.is_spent());
        spent.extend(closed.map(|(pool, _)| (pool, round.method.reason())));
    }
    let pools = loaded.snapshot.node_pools.iter();
    let events = pools.filter_map(|pool| {
        let reason = *spent.get(&pool.name)?;
        let why = Blocked::BudgetSpent { pool: Arc::clone(&pool.name), reason };
        let event = context.normal(pool_ref(pool), "DisruptionBlocked", why.to_string());
        Some(Event { quiet_secs: BUDGET_QUIET_SECS, ..event })
    });
    events.collect()
}
