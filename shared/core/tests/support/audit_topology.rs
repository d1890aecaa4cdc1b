//! The auditor's look at spread, affinity and anti-affinity over the final placement.

use std::collections::{BTreeMap, BTreeSet};

use joiner_core::model::{
    Allowed, LabelKey, Pod, PodTerm, Requirements, Snapshot, TopologySpread, WhenUnsatisfiable, keys,
};
use joiner_core::scheduling::plan::Plan;

use super::audit::pods_of;
use super::audit_facts::{Facts, alternatives, labels_meet, pool_requirements, tolerates};

/// A pod and all it says of where it is.
struct Placed<'a> {
    pod: &'a Pod,
    host: String,
    labels: Requirements,
    /// Values of well-known keys that its machine has not settled on.
    is_new: bool,
    in_pass: bool,
}

impl Placed<'_> {
    /// Domains it may end up in; `None` where nothing is known of the key.
    fn domains(&self, key: &str) -> Option<BTreeSet<String>> {
        if LabelKey::new(key).as_str() == keys::HOSTNAME {
            return Some(BTreeSet::from([self.host.clone()]));
        }
        match self.labels.get(LabelKey::new(key).as_str()).map(|r| &r.allowed) {
            Some(Allowed::Only(values)) => Some(values.iter().map(ToString::to_string).collect()),
            Some(Allowed::AllBut { .. }) | None => None,
        }
    }
}

pub(crate) fn rules(facts: &Facts<'_>, plan: &Plan, wrong: &mut Vec<String>) {
    let placed = placements(facts, plan);
    for one in placed.iter().filter(|p| p.in_pass) {
        for term in &one.pod.spec.required_affinity {
            near(facts.world, one, (term, &placed), wrong);
        }
        for spread in &one.pod.spec.topology_spread {
            if spread.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule {
                even(facts, one, (spread, &placed), wrong);
            }
        }
    }
    for one in &placed {
        for term in &one.pod.spec.required_anti_affinity {
            apart(facts.world, one, (term, &placed), wrong);
        }
    }
}

fn placements<'a>(facts: &Facts<'a>, plan: &Plan) -> Vec<Placed<'a>> {
    let mut all = Vec::new();
    let moved: BTreeSet<_> =
        plan.existing.values().flatten().chain(plan.claims.iter().flat_map(|c| &c.pods)).collect();
    for pod in &facts.world.pods {
        let node = facts.world.nodes.iter().find(|n| Some(&n.name) == pod.node_name.as_ref());
        let gone = pod.is_terminal()
            || pod.deletion_at.is_some()
            || facts.takes_part(pod)
            || moved.contains(&pod.key);
        if let (Some(node), false) = (node, gone) {
            let labels = Requirements::from_labels(&node.labels);
            all.push(Placed { pod, host: node.name.to_string(), labels, is_new: false, in_pass: false });
        }
    }
    let targets = facts.targets();
    for (name, pods) in &plan.existing {
        let labels = targets.iter().find(|t| t.name == *name).map(|t| Requirements::from_labels(t.labels));
        let labels = labels.unwrap_or_default();
        for pod in pods_of(facts, pods) {
            all.push(Placed {
                pod,
                host: name.to_string(),
                labels: labels.clone(),
                is_new: false,
                in_pass: true,
            });
        }
    }
    for (index, claim) in plan.claims.iter().enumerate() {
        for pod in pods_of(facts, &claim.pods) {
            let host = format!("new machine {index}");
            all.push(Placed { pod, host, labels: claim.requirements.clone(), is_new: true, in_pass: true });
        }
    }
    all
}

fn selects(world: &Snapshot, owner: &Pod, term: &PodTerm, other: &Pod) -> bool {
    let own_only = term.namespaces.is_empty() && term.namespace_selector.is_none();
    let labels = world.namespaces.get(&other.key.namespace);
    let chosen = term.namespace_selector.as_ref().is_some_and(|s| labels.is_some_and(|l| s.matches(l)));
    let in_reach = chosen
        || term.namespaces.contains(&other.key.namespace)
        || (own_only && owner.key.namespace == other.key.namespace);
    in_reach && term.selector.as_ref().is_some_and(|s| s.matches(&other.labels))
}

/// Wherever the pod ends up, a pod it wants is there, or it is one of those itself.
fn near(
    world: &Snapshot,
    one: &Placed<'_>,
    (term, placed): (&PodTerm, &[Placed<'_>]),
    wrong: &mut Vec<String>,
) {
    let itself = selects(world, one.pod, term, one.pod);
    let wanted: BTreeSet<String> = placed
        .iter()
        .filter(|p| p.pod.key != one.pod.key && selects(world, one.pod, term, p.pod))
        .filter_map(|p| p.domains(&term.topology_key).filter(|d| d.len() == 1))
        .flatten()
        .collect();
    let met =
        one.domains(&term.topology_key).is_some_and(|own| own.iter().all(|d| itself || wanted.contains(d)));
    if !met {
        wrong.push(format!("{} is not near what it wants over {}", one.pod.key, term.topology_key));
    }
}

/// No pod it shuns may end up in the same domain.
fn apart(
    world: &Snapshot,
    one: &Placed<'_>,
    (term, placed): (&PodTerm, &[Placed<'_>]),
    wrong: &mut Vec<String>,
) {
    for other in placed.iter().filter(|p| p.pod.key != one.pod.key && (one.in_pass || p.in_pass)) {
        let together = match (one.domains(&term.topology_key), other.domains(&term.topology_key)) {
            (Some(a), Some(b)) => a.intersection(&b).next().is_some(),
            // A machine that leaves a well-known key open may come up anywhere.
            (a, b) => {
                let open = |p: &Placed<'_>, d: Option<_>| d.is_some() || p.is_new;
                LabelKey::new(&term.topology_key).is_well_known() && open(one, a) && open(other, b)
            }
        };
        if together && selects(world, one.pod, term, other.pod) {
            wrong.push(format!("{} may meet {} over {}", one.pod.key, other.pod.key, term.topology_key));
        }
    }
}

/// The domain a pod went to is within the skew, where all pods that count keep the same rule.
fn even(
    facts: &Facts<'_>,
    one: &Placed<'_>,
    (spread, placed): (&TopologySpread, &[Placed<'_>]),
    wrong: &mut Vec<String>,
) {
    let Some(selector) = spread.selector.as_ref() else { return };
    let same_keys =
        |p: &Pod| spread.match_label_keys.iter().all(|k| p.labels.get(k) == one.pod.labels.get(k));
    let counted = |p: &&Placed<'_>| {
        p.pod.key.namespace == one.pod.key.namespace && selector.matches(&p.pod.labels) && same_keys(p.pod)
    };
    let counted: Vec<&Placed<'_>> = placed.iter().filter(counted).collect();
    let alike = counted.iter().filter(|p| p.in_pass).all(|p| p.pod.spec == one.pod.spec);
    if !alike || one.pod.spec.required_node_terms.len() > 1 || !selector.matches(&one.pod.labels) {
        return;
    }
    let mut counts: BTreeMap<String, i32> = BTreeMap::new();
    for domain in universe(facts, one.pod, spread) {
        counts.insert(domain, 0);
    }
    for domain in
        counted.iter().filter_map(|p| p.domains(&spread.topology_key)).filter(|d| d.len() == 1).flatten()
    {
        *counts.entry(domain).or_default() += 1;
    }
    let Some(own) = one.domains(&spread.topology_key).filter(|d| d.len() == 1) else {
        wrong.push(format!("{} has no domain of {}", one.pod.key, spread.topology_key));
        return;
    };
    let is_host = spread.topology_key.as_ref() == keys::HOSTNAME;
    let alternatives = alternatives(&one.pod.spec);
    let Some(wanted) = alternatives.first() else { return };
    let admitted = |d: &&String| wanted.get(&spread.topology_key).is_none_or(|r| r.allowed.admits(d));
    let eligible: Vec<&String> = counts.keys().filter(admitted).collect();
    let few = spread.min_domains.is_some_and(|min| eligible.len() < min as usize);
    let least = if is_host || few { 0 } else { eligible.iter().map(|d| counts[*d]).min().unwrap_or(0) };
    let count = own.first().map_or(0, |d| counts[d]);
    if count - least > spread.max_skew {
        wrong.push(format!("{}: {count} over {least} in {own:?} of {}", one.pod.key, spread.topology_key));
    }
}

/// Domains that pools could make and nodes have.
fn universe(facts: &Facts<'_>, pod: &Pod, spread: &TopologySpread) -> BTreeSet<String> {
    let key = LabelKey::new(&spread.topology_key);
    let mut all = BTreeSet::new();
    for pool in &facts.world.node_pools {
        let off = pool.deleting || pool.replicas.is_some() || !pool.readiness.is_ready();
        if off || (spread.honor_node_taints && !tolerates(&pool.template.taints, &pod.spec, true)) {
            continue;
        }
        let own = pool_requirements(pool).get(key.as_str()).map(|r| r.allowed.clone());
        for t in facts.types(pool) {
            if let Some(Allowed::Only(values)) = t.requirements.get(key.as_str()).map(|r| &r.allowed) {
                let kept = values.iter().filter(|v| own.as_ref().is_none_or(|o| o.admits(v)));
                all.extend(kept.map(ToString::to_string));
            }
        }
        if let Some(Allowed::Only(values)) = own {
            all.extend(values.iter().map(ToString::to_string));
        }
    }
    for (node, _) in facts.machines().filter(|(n, c)| !facts.leaves(*n, *c)) {
        let Some(node) = node else { continue };
        let seen = !spread.honor_node_affinity
            || alternatives(&pod.spec).iter().any(|w| labels_meet(&node.labels, w));
        let tolerated = !spread.honor_node_taints || tolerates(&node.taints, &pod.spec, true);
        let value = node.labels.get(&spread.topology_key).filter(|_| seen && tolerated);
        all.extend(value.map(ToString::to_string));
    }
    all
}
