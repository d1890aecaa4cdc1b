//! Is what was proposed still right on a fresh snapshot? Asked once more before anything is touched.
//! (disruption 2.9)

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::blocked::Blocked;
use super::candidate::{Candidate, Fleet};
use super::consolidation::{self, ConsolidationRules};
use super::rounds::Budgets;
use super::rounds::{self, Method, Terms};
use crate::eviction::is_reschedulable;
use crate::model::NamespacedName;
use crate::scheduling::plan::{Knobs, Plan, Removal};

/// What was proposed earlier, as far as it has to hold again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What found it.
    pub method: Method,
    /// Claims that would go.
    pub claims: BTreeSet<Arc<str>>,
    /// For each replacement: the types it may be bought as.
    pub replacements: Vec<BTreeSet<Arc<str>>>,
}

/// What still holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confirmed {
    /// Claims that go, in order.
    pub claims: Vec<Arc<str>>,
    /// Claims that stay after all; only emptiness lets some go without the others.
    pub dropped: BTreeMap<Arc<str>, Blocked>,
    /// Pods that have to move.
    pub moving: BTreeSet<NamespacedName>,
    /// Nodes there are that take some of them.
    pub targets: Vec<Arc<str>>,
}

/// Why none of it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// One of its nodes may not be disrupted any more.
    Churn {
        /// Its claim.
        claim: Arc<str>,
        /// What keeps it.
        why: Blocked,
    },
    /// Some of its pods would fit nowhere by now.
    PodsWouldNotFit,
    /// Another number of new machines would be needed.
    OtherMachines {
        /// As proposed.
        proposed: usize,
        /// As needed now.
        needed: usize,
    },
    /// A type that was chosen would not do any more.
    OtherTypes,
}

impl Rejection {
    /// As the metric of rejected consolidations knows it (disruption 2.9).
    pub const fn as_str(&self) -> &'static str {
        match self {
            Rejection::Churn { why: Blocked::BudgetSpent { .. } | Blocked::Nominated { .. }, .. } => "budget",
            Rejection::Churn { .. } => "churn",
            Rejection::PodsWouldNotFit | Rejection::OtherMachines { .. } | Rejection::OtherTypes => {
                "scheduling"
            }
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::Churn { claim, why } => write!(f, "{claim}: {why}"),
            Rejection::PodsWouldNotFit => f.write_str("Some of its pods would fit nowhere by now"),
            Rejection::OtherMachines { proposed, needed } => {
                write!(f, "{needed} new machines would be needed by now, not {proposed}")
            }
            Rejection::OtherTypes => {
                f.write_str("An instance type that was chosen would not take the pods by now")
            }
        }
    }
}

/// Judges a proposal again. Prices and the score of balanced pools are not looked at again.
///
/// # Errors
/// Why it must not be carried out.
// behaviour: disruption/validated-on-a-fresh-snapshot
pub fn revalidate(fleet: &Fleet<'_>, knobs: &Knobs, proposal: &Proposal) -> Result<Confirmed, Rejection> {
    let (candidates, dropped) = rebuild(fleet, proposal)?;
    let mut confirmed = Confirmed {
        claims: candidates.iter().map(|candidate| Arc::clone(&candidate.claim.name)).collect(),
        dropped,
        moving: candidates.iter().flat_map(moving_pods).collect(),
        targets: Vec::new(),
    };
    if proposal.method != Method::Emptiness && proposal.method != Method::StaticDrift {
        let plan = simulate(fleet, knobs, proposal.method, &candidates)?;
        compare(proposal, &plan)?;
        confirmed.targets =
            plan.existing.into_iter().filter(|(_, pods)| !pods.is_empty()).map(|(node, _)| node).collect();
    }
    Ok(confirmed)
}

fn moving_pods(candidate: &Candidate<'_>) -> Vec<NamespacedName> {
    candidate.pods.iter().filter(|pod| is_reschedulable(pod)).map(|pod| pod.key.clone()).collect()
}

/// Candidates, and by claim what keeps each of the others.
type Rebuilt<'a> = (Vec<Candidate<'a>>, BTreeMap<Arc<str>, Blocked>);

/// The candidates anew, within the budgets. Emptiness goes on without those that are none any more.
fn rebuild<'a>(fleet: &Fleet<'a>, proposal: &Proposal) -> Result<Rebuilt<'a>, Rejection> {
    let method = proposal.method;
    let mut budgets = rounds::budgets_for(fleet, method.reason());
    let mut candidates = Vec::new();
    let mut dropped = BTreeMap::new();
    for name in &proposal.claims {
        match judge(fleet, method, name, &mut budgets) {
            Ok(candidate) => candidates.push(candidate),
            Err(why) if method == Method::Emptiness => drop(dropped.insert(Arc::clone(name), why)),
            Err(why) => return Err(Rejection::Churn { claim: Arc::clone(name), why }),
        }
    }
    Ok((candidates, dropped))
}

fn judge<'a>(
    fleet: &Fleet<'a>,
    method: Method,
    name: &Arc<str>,
    budgets: &mut Budgets,
) -> Result<Candidate<'a>, Blocked> {
    let claim = fleet.snapshot.node_claims.iter().find(|claim| claim.name == *name).ok_or(Blocked::NoNode)?;
    let candidate = fleet.assess_for(claim, method.is_eventual())?;
    rounds::filter(method, &candidate, fleet)?;
    let pool = &candidate.pool.name;
    if budgets.take(pool) {
        Ok(candidate)
    } else {
        Err(Blocked::BudgetSpent { pool: Arc::clone(pool), reason: method.reason() })
    }
}

fn simulate(
    fleet: &Fleet<'_>,
    knobs: &Knobs,
    method: Method,
    candidates: &[Candidate<'_>],
) -> Result<Plan, Rejection> {
    let restless = if method.is_eventual() { BTreeSet::new() } else { consolidation::restless(fleet) };
    let mut terms = Terms::new(fleet, knobs, ConsolidationRules::REFERENCE, &restless);
    let nodes = candidates.iter().map(|candidate| Arc::clone(&candidate.node.name)).collect();
    let plan = terms.ground.simulate(&Removal { nodes, restless });
    if terms.strands(&plan) { Err(Rejection::PodsWouldNotFit) } else { Ok(plan) }
}

/// Whether the machines that were chosen would still do.
fn compare(proposal: &Proposal, plan: &Plan) -> Result<(), Rejection> {
    let (proposed, needed) = (proposal.replacements.len(), plan.claims.len());
    if proposed != needed {
        return Err(Rejection::OtherMachines { proposed, needed });
    }
    let fits = |(chosen, claim): (&BTreeSet<Arc<str>>, &crate::scheduling::plan::ProposedClaim)| {
        let allowed: BTreeSet<&Arc<str>> = claim.instance_types.iter().collect();
        chosen.iter().all(|name| allowed.contains(name))
    };
    let same = proposal.replacements.iter().zip(&plan.claims).all(fits);
    if same { Ok(()) } else { Err(Rejection::OtherTypes) }
}
