//! The auditor's look at new machines: their pods, types, prices and limits.

use std::collections::{BTreeMap, BTreeSet};

use joiner_core::model::{
    Allowed, InstanceType, NodeClaim, NodePool, Pod, Quantity, Requirements, ResourceName, Resources, keys,
};
use joiner_core::scheduling::plan::{MinValuesPolicy, Plan, ProposedClaim};

use super::audit::pods_of;
use super::audit_facts::{Facts, alternatives, overlaid, sum, tolerates};

/// Whether all a claim may become is within what is wanted.
pub(crate) fn entails(have: &Requirements, wanted: &Requirements) -> bool {
    wanted.iter().all(|r| match have.get(r.key.as_str()) {
        Some(own) => own.allowed.narrow(&r.allowed) == own.allowed,
        None => r.allowed.tolerates_absence(),
    })
}

pub(crate) fn claim(facts: &Facts<'_>, claim: &ProposedClaim, wrong: &mut Vec<String>) {
    let Some(pool) = facts.pool(&claim.node_pool) else {
        wrong.push(format!("pool {} does not exist", claim.node_pool));
        return;
    };
    let pods = pods_of(facts, &claim.pods);
    let mut say =
        |what: String| wrong.push(format!("claim of {} for {:?}: {what}", claim.node_pool, names(&pods)));
    for pod in &pods {
        if !tolerates(&pool.template.taints, &pod.spec, false) {
            say(format!("{} does not tolerate the taints", pod.key));
        }
        if !alternatives(&pod.spec).iter().any(|wanted| entails(&claim.requirements, wanted)) {
            say(format!("{} asks for other labels than {}", pod.key, claim.requirements));
        }
        for reach in facts.reach(pod) {
            if !reach.iter().any(|wanted| entails(&claim.requirements, wanted)) {
                say(format!("{} cannot reach a volume in {}", pod.key, claim.requirements));
            }
        }
    }
    for (index, pod) in pods.iter().enumerate() {
        let taken = pods[..index].iter().flat_map(|p| &p.spec.host_ports);
        if taken.into_iter().any(|t| pod.spec.host_ports.iter().any(|p| p.conflicts_with(t))) {
            say(format!("{} wants a port that is taken", pod.key));
        }
    }
    if claim.instance_types.is_empty() || claim.instance_types.len() > 600 {
        say(format!("{} types", claim.instance_types.len()));
    }
    types(facts, claim, (pool, &pods), &mut say);
    floors(facts, claim, pool, &mut say);
}

fn names<'a>(pods: &[&'a Pod]) -> Vec<&'a str> {
    pods.iter().map(|p| &*p.key.name).collect()
}

/// Every listed type exists, matches, can be bought and is large enough with its daemons; cheapest first.
fn types(
    facts: &Facts<'_>,
    claim: &ProposedClaim,
    (pool, pods): (&NodePool, &[&Pod]),
    say: &mut impl FnMut(String),
) {
    let own = sum(pods.iter().copied());
    let changed = overlaid(facts.world);
    let mut last = None;
    for name in &claim.instance_types {
        let Some(t) = facts.types(pool).iter().find(|t| t.name == *name) else {
            say(format!("type {name} does not exist"));
            continue;
        };
        if let Some(key) = t.requirements.conflict_with(&claim.requirements) {
            say(format!("type {name} contradicts it on {key}"));
        }
        let daemons = facts.daemons(pool, t);
        let mut total = own.clone();
        total.add(&sum(daemons.iter().copied()));
        let short = total.shortfall_in(&t.allocatable()).filter(|(r, _)| !changed.contains(r.as_str()));
        if let Some((resource, missing)) = short {
            say(format!("type {name} is {missing} {resource} short"));
        }
        if own.shortfall_in(&claim.requests).is_some() || claim.requests.shortfall_in(&total).is_some() {
            say(format!("asks for {}, pods and daemons of {name} for {total}", claim.requests));
        }
        let clash = |p: &&Pod| {
            daemons
                .iter()
                .flat_map(|d| &d.spec.host_ports)
                .any(|t| p.spec.host_ports.iter().any(|o| o.conflicts_with(t)))
        };
        if pods.iter().any(clash) {
            say(format!("a daemon on {name} takes a port"));
        }
        let price = t.cheapest_available(&claim.requirements).map(|o| o.price);
        if facts.world.node_overlays.is_empty() {
            if price.is_none() || last.is_some_and(|l| price < Some(l)) {
                say(format!("type {name} cannot be bought, or is not in order of price"));
            }
            if last.is_none() && price != Some(claim.cheapest_price) {
                say(format!("costs {price:?}, said {:?}", claim.cheapest_price));
            }
        }
        last = price.or(last);
    }
}

/// Floors of the pool hold over what is listed.
fn floors(facts: &Facts<'_>, claim: &ProposedClaim, pool: &NodePool, say: &mut impl FnMut(String)) {
    if facts.knobs.min_values_policy == MinValuesPolicy::BestEffort {
        return;
    }
    for requirement in &pool.template.requirements {
        let Some(floor) = requirement.min_values else { continue };
        let listed = facts.types(pool).iter().filter(|t| claim.instance_types.contains(&t.name));
        let values: BTreeSet<&str> = listed
            .filter_map(|t| t.requirements.get(requirement.key.as_str()))
            .flat_map(|r| r.allowed.values())
            .map(|v| &**v)
            .collect();
        if values.len() < floor as usize {
            say(format!("{} offers {} of {floor}", requirement.key, values.len()));
        }
    }
}

/// Pools never hold more than their limits, whatever their new machines become.
pub(crate) fn limits(facts: &Facts<'_>, plan: &Plan, wrong: &mut Vec<String>) {
    let one: Resources = [(ResourceName::Nodes, Quantity::from_units(1))].into_iter().collect();
    for pool in &facts.world.node_pools {
        let claims: Vec<&ProposedClaim> = plan.claims.iter().filter(|c| c.node_pool == pool.name).collect();
        if claims.is_empty() {
            continue;
        }
        let mut used = in_use(facts, pool);
        for claim in claims {
            used.add(&largest(facts.types(pool).iter().filter(|t| claim.instance_types.contains(&t.name))));
            used.add(&one);
        }
        for (resource, limit) in pool.limits.iter().filter(|(r, l)| used.amount(r) > *l) {
            wrong.push(format!("pool {}: {} {resource} of {limit}", pool.name, used.amount(resource)));
        }
    }
}

fn in_use(facts: &Facts<'_>, pool: &NodePool) -> Resources {
    let one: Resources = [(ResourceName::Nodes, Quantity::from_units(1))].into_iter().collect();
    let mut used = Resources::new();
    let of_pool = |claim: Option<&NodeClaim>| claim.is_some_and(|c| c.node_pool() == Some(&pool.name));
    for (node, claim) in facts.machines().filter(|(n, c)| !facts.leaves(*n, *c) && of_pool(*c)) {
        used.add(node.map_or_else(|| &claim.expect("one of both").capacity, |n| &n.capacity));
        used.add(&one);
    }
    let waits = |c: &&NodeClaim| c.provider_id.is_none() && c.deletion_at.is_none() && of_pool(Some(c));
    for claim in facts.world.node_claims.iter().filter(waits) {
        let named = |t: &&InstanceType| {
            claim
                .requirements
                .iter()
                .filter(|r| r.key.as_str() == keys::INSTANCE_TYPE)
                .all(|r| r.allowed.admits(&t.name))
        };
        used.add(&largest(facts.types(pool).iter().filter(named)));
        used.add(&one);
    }
    used
}

fn largest<'t>(types: impl Iterator<Item = &'t InstanceType>) -> Resources {
    let mut largest = Resources::new();
    types.for_each(|t| largest.raise_to(&t.capacity));
    largest
}

/// No reservation is promised more often than there are instances in it.
pub(crate) fn reservations(facts: &Facts<'_>, plan: &Plan, wrong: &mut Vec<String>) {
    let mut left: BTreeMap<&str, i64> = BTreeMap::new();
    let all = facts.world.instance_types.values().flat_map(|t| t.iter()).flat_map(|t| &t.offerings);
    for reservation in all.filter_map(|o| o.reservation.as_ref()) {
        left.insert(&reservation.id, i64::from(reservation.remaining));
    }
    for claim in &plan.claims {
        let held = claim.requirements.get(keys::RESERVATION_ID).map(|r| &r.allowed);
        let Some(Allowed::Only(held)) = held else { continue };
        for id in held {
            *left.entry(id).or_default() -= 1;
        }
    }
    wrong.extend(
        left.iter().filter(|(_, left)| **left < 0).map(|(id, _)| format!("{id} is promised too often")),
    );
}
