//! The auditor's look at pods that fit nowhere: is there a reason for every pool, and do they really not fit?

use std::collections::BTreeSet;

use joiner_core::model::{InstanceType, NodePool, Pod, PodSpec, Resources, Snapshot};
use joiner_core::scheduling::plan::Plan;
use joiner_core::scheduling::reason::{Refusal, Unschedulable, WhyNot};

use super::audit::pods_of;
use super::audit_facts::{Facts, alternatives, labels_meet, pool_requirements, sum, tolerates};

pub(crate) fn reasons(facts: &Facts<'_>, plan: &Plan, wrong: &mut Vec<String>) {
    let skipped: BTreeSet<&str> = plan.skipped_pools.iter().map(|s| &*s.node_pool).collect();
    let usable: BTreeSet<&str> =
        facts.world.node_pools.iter().map(|p| &*p.name).filter(|p| !skipped.contains(p)).collect();
    for failed in &plan.unschedulable {
        reason(failed, &usable, wrong);
        let pod = facts.world.pods.iter().find(|p| p.key == failed.pod).expect("a pod of the world");
        if is_plain(facts.world, pod)
            && let Some(place) = room(facts, plan, (pod, &usable))
        {
            wrong.push(format!("{} would fit on {place}", failed.pod));
        }
    }
}

fn reason(failed: &Unschedulable, usable: &BTreeSet<&str>, wrong: &mut Vec<String>) {
    let WhyNot::Pools(pools) = &failed.why else {
        if failed.why == WhyNot::NoNodePool && !usable.is_empty() {
            wrong.push(format!("{}: there are pools", failed.pod));
        }
        return;
    };
    let named: BTreeSet<&str> = pools.iter().map(|(p, _)| &**p).collect();
    let after_the_fact = matches!(&pools[..], [(_, Refusal::MinValues { .. })]);
    if named != *usable && !after_the_fact {
        wrong.push(format!("{}: reasons of {named:?}, pools are {usable:?}", failed.pod));
    }
    if pools.iter().any(|(_, r)| *r == Refusal::HostPort(String::new())) {
        wrong.push(format!("{}: no reason", failed.pod));
    }
}

/// Whether nothing but taints, labels and sizes decides about a pod. One with alternatives gives those up before
/// its preferences, so that it may fail although its first alternative alone would do.
fn is_plain(world: &Snapshot, pod: &Pod) -> bool {
    let free = |s: &PodSpec| {
        s.topology_spread.is_empty()
            && s.required_affinity.is_empty()
            && s.required_anti_affinity.is_empty()
            && s.preferred_affinity.is_empty()
            && s.preferred_anti_affinity.is_empty()
    };
    let shunned = world.pods.iter().any(|p| !p.spec.required_anti_affinity.is_empty());
    let spec = &pod.spec;
    let keeps_alternatives = spec.required_node_terms.len() < 2 || spec.preferred_node_terms.is_empty();
    keeps_alternatives
        && free(spec)
        && !shunned
        && spec.volumes.is_empty()
        && spec.host_ports.is_empty()
        && !spec.has_resource_claims
}

/// A place where a plain pod fits, after all.
fn room(facts: &Facts<'_>, plan: &Plan, (pod, usable): (&Pod, &BTreeSet<&str>)) -> Option<String> {
    for target in facts.targets() {
        let mut total = sum(pods_of(facts, plan.existing.get(&target.name).map_or(&[][..], |p| p)));
        total.add(&pod.spec.requests);
        let fits = total.shortfall_in(&target.room).is_none();
        if fits
            && tolerates(&target.taints, &pod.spec, true)
            && alternatives(&pod.spec).iter().any(|wanted| labels_meet(target.labels, wanted))
        {
            return Some(target.name.to_string());
        }
    }
    let pools = facts.world.node_pools.iter().filter(|p| usable.contains(&*p.name));
    for pool in pools.filter(|p| tolerates(&p.template.taints, &pod.spec, true)) {
        if in_flight(facts, plan, (pod, pool)) {
            return Some(format!("a claim of {}", pool.name));
        }
        let unbounded =
            pool.limits.is_empty() && pool.template.requirements.iter().all(|r| r.min_values.is_none());
        let reserved = facts.types(pool).iter().flat_map(|t| &t.offerings).any(|o| o.reservation.is_some());
        if unbounded && !reserved && fresh(facts, pod, pool) {
            return Some(format!("a new claim of {}", pool.name));
        }
    }
    None
}

fn in_flight(facts: &Facts<'_>, plan: &Plan, (pod, pool): (&Pod, &NodePool)) -> bool {
    plan.claims.iter().filter(|c| c.node_pool == pool.name).any(|claim| {
        if claim.requirements.iter().any(|r| r.min_values.is_some()) {
            return false;
        }
        let mut total = sum(pods_of(facts, &claim.pods));
        total.add(&pod.spec.requests);
        alternatives(&pod.spec).iter().any(|wanted| {
            let mut both = claim.requirements.clone();
            both.add_all(wanted);
            let listed = facts.types(pool).iter().filter(|t| claim.instance_types.contains(&t.name));
            claim.requirements.is_compatible(wanted, true)
                && listed.into_iter().any(|t| takes(facts, pool, (t, &both, &total)))
        })
    })
}

fn fresh(facts: &Facts<'_>, pod: &Pod, pool: &NodePool) -> bool {
    let own = pool_requirements(pool);
    alternatives(&pod.spec).iter().any(|wanted| {
        let mut both = own.clone();
        both.add_all(wanted);
        own.is_compatible(wanted, true)
            && facts.types(pool).iter().any(|t| takes(facts, pool, (t, &both, &pod.spec.requests)))
    })
}

fn takes(
    facts: &Facts<'_>,
    pool: &NodePool,
    (t, all, total): (&InstanceType, &joiner_core::model::Requirements, &Resources),
) -> bool {
    let mut total = total.clone();
    total.add(&sum(facts.daemons(pool, t)));
    t.requirements.conflict_with(all).is_none()
        && t.cheapest_available(all).is_some()
        && total.shortfall_in(&t.allocatable()).is_none()
}
