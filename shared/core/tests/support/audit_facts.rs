//! What the rules say of a world before any plan: who takes part, what daemons cost, which machines take pods.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_core::model::{
    Allowed, ConditionKind, Expression, InstanceType, LabelKey, Labels, NamespacedName, Node, NodeClaim,
    NodePool, NodeTerm, Pod, PodSpec, PodVolume, Requirement, Requirements, Resources, Snapshot, Taint,
    TaintEffect, keys, untolerated,
};
use joiner_core::scheduling::is_currently_reschedulable;
use joiner_core::scheduling::plan::Knobs;

/// A world and the settings it is decided under.
pub(crate) struct Facts<'a> {
    pub(crate) world: &'a Snapshot,
    pub(crate) knobs: &'a Knobs,
}

/// A machine that may take pods.
pub(crate) struct Target<'a> {
    pub(crate) name: Arc<str>,
    pub(crate) labels: &'a Labels,
    pub(crate) taints: Vec<Taint>,
    pub(crate) node: Option<&'a Node>,
    /// Allocatable less what runs there and what daemons will still take.
    pub(crate) room: Resources,
    pub(crate) bound: Vec<&'a Pod>,
}

fn is_true(labels: &Labels, key: &str) -> bool {
    labels.get(key).is_some_and(|v| &**v == "true")
}

/// Expressions as requirements.
pub(crate) fn read(expressions: &[Expression]) -> Requirements {
    expressions
        .iter()
        .filter_map(|e| Requirement::from_expression(&e.key, e.operator, &e.values).ok())
        .collect()
}

/// What a pod may ask of its node: its selector with each alternative that does not contradict it.
pub(crate) fn alternatives(spec: &PodSpec) -> Vec<Requirements> {
    let selector: Vec<Requirement> = Requirements::from_labels(&spec.node_selector).iter().cloned().collect();
    let terms = spec.required_node_terms.iter().map(|t| &t.expressions[..]);
    let none = spec.required_node_terms.is_empty().then_some(&[][..]);
    let with = |term: &[Expression]| {
        let mut parts = selector.clone();
        parts.extend(
            term.iter().filter_map(|e| Requirement::from_expression(&e.key, e.operator, &e.values).ok()),
        );
        let all: Requirements = parts.iter().cloned().collect();
        let lost = |r: &Requirement| {
            !r.allowed.tolerates_absence() && all.get(r.key.as_str()).is_some_and(|met| met.allowed.is_none())
        };
        (!parts.iter().any(lost)).then_some(all)
    };
    none.into_iter().chain(terms).filter_map(with).collect()
}

/// Whether labels meet requirements: a missing key only where absence is allowed.
pub(crate) fn labels_meet(labels: &Labels, wanted: &Requirements) -> bool {
    wanted.iter().all(|r| match labels.iter().find(|(k, _)| LabelKey::new(k) == r.key) {
        Some((_, value)) => r.allowed.admits(value),
        None => r.allowed.tolerates_absence(),
    })
}

pub(crate) fn tolerates(taints: &[Taint], spec: &PodSpec, soft_too: bool) -> bool {
    untolerated(taints, &spec.tolerations).all(|t| !soft_too && t.effect == TaintEffect::PreferNoSchedule)
}

pub(crate) fn sum<'p>(pods: impl IntoIterator<Item = &'p Pod>) -> Resources {
    let mut sum = Resources::new();
    pods.into_iter().for_each(|pod| sum.add(&pod.spec.requests));
    sum
}

impl<'a> Facts<'a> {
    pub(crate) fn of(world: &'a Snapshot, knobs: &'a Knobs) -> Self {
        Facts { world, knobs }
    }

    pub(crate) fn takes_part(&self, pod: &Pod) -> bool {
        let leaving = || {
            let node = pod.node_name.as_deref();
            self.machines().any(|(n, c)| n.is_some_and(|n| Some(&*n.name) == node) && self.leaves(n, c))
        };
        let budgets = &self.world.pod_disruption_budgets;
        pod.is_provisionable() || (leaving() && is_currently_reschedulable(pod, budgets, self.knobs.now))
    }

    /// Claims with their nodes, and nodes without a claim.
    pub(crate) fn machines(&self) -> impl Iterator<Item = (Option<&'a Node>, Option<&'a NodeClaim>)> {
        let world = self.world;
        let launched = world.node_claims.iter().filter(|c| c.provider_id.is_some());
        let joined = launched.map(|c| (world.nodes.iter().find(|n| n.provider_id == c.provider_id), Some(c)));
        let claimed = |n: &&Node| world.node_claims.iter().any(|c| c.provider_id == n.provider_id);
        joined.chain(world.nodes.iter().filter(move |n| !claimed(n)).map(|n| (Some(n), None)))
    }

    pub(crate) fn leaves(&self, node: Option<&Node>, claim: Option<&NodeClaim>) -> bool {
        let marked = |name: &str| self.world.marked_for_deletion.iter().any(|m| **m == *name);
        claim.is_some_and(|c| {
            c.deletion_at.is_some() || c.is(ConditionKind::InstanceTerminating) || marked(&c.name)
        }) || node.is_some_and(|n| marked(&n.name) || (claim.is_none() && n.deletion_at.is_some()))
    }

    pub(crate) fn targets(&self) -> Vec<Target<'a>> {
        self.machines().filter(|(n, c)| !self.leaves(*n, *c)).map(|(n, c)| self.target(n, c)).collect()
    }

    fn target(&self, node: Option<&'a Node>, claim: Option<&'a NodeClaim>) -> Target<'a> {
        let ready = claim.is_none() || node.is_some_and(|n| is_true(&n.labels, keys::INITIALIZED));
        let seen = node.filter(|n| claim.is_none() || is_true(&n.labels, keys::REGISTERED));
        let (name, labels, taints) = match (seen, claim) {
            (Some(n), _) => (&n.name, &n.labels, &n.taints),
            (None, Some(c)) => (&c.name, &c.labels, &c.taints),
            (None, None) => unreachable!("a machine is a node or a claim"),
        };
        let startup = claim.map_or(&[][..], |c| &c.startup_taints);
        let passes = |t: &&Taint| !ready && (t.is_ephemeral() || startup.iter().any(|s| s.matches(t)));
        let taints: Vec<Taint> = taints.iter().filter(|t| !passes(t)).cloned().collect();
        let mut room = node.map_or_else(Resources::new, |n| n.allocatable.clone());
        for (resource, amount) in claim.filter(|_| !ready).iter().flat_map(|c| c.allocatable.iter()) {
            if room.amount(resource).is_zero() {
                room.set(resource.clone(), amount);
            }
        }
        let on = |p: &&Pod| node.is_some_and(|n| p.node_name.as_ref() == Some(&n.name)) && !p.is_terminal();
        let bound: Vec<&Pod> = self.world.pods.iter().filter(on).collect();
        room.subtract(&sum(bound.iter().copied()));
        room.subtract(&self.missing_daemons(labels, &taints, (name, &bound)));
        Target { name: name.clone(), labels, taints, node, room, bound }
    }

    fn missing_daemons(
        &self,
        labels: &Labels,
        taints: &[Taint],
        (name, bound): (&Arc<str>, &[&Pod]),
    ) -> Resources {
        let mut labels = labels.clone();
        labels.entry(keys::HOSTNAME.into()).or_insert_with(|| name.clone());
        let belongs = |spec: &PodSpec| {
            !spec.has_resource_claims
                && tolerates(taints, spec, true)
                && alternatives(spec).first().is_some_and(|wanted| labels_meet(&labels, wanted))
        };
        let daemons = self.world.daemon_sets.iter().map(|d| &d.template).filter(|t| belongs(&t.spec));
        let mut missing = sum(daemons);
        missing.subtract(&sum(bound.iter().copied().filter(|p| p.is_owned_by_daemon_set())));
        missing.iter().filter(|(_, a)| a.milli() > 0).map(|(n, a)| (n.clone(), a)).collect()
    }

    pub(crate) fn pool(&self, name: &str) -> Option<&'a NodePool> {
        self.world.node_pools.iter().find(|p| &*p.name == name)
    }

    pub(crate) fn types(&self, pool: &NodePool) -> &'a [InstanceType] {
        self.world.instance_types.get(&pool.template.node_class.name).map_or(&[], |t| &t[..])
    }

    /// What daemons take on a machine of a type made by a pool.
    pub(crate) fn daemons(&self, pool: &NodePool, instance_type: &InstanceType) -> Vec<&'a Pod> {
        let own = pool_requirements(pool);
        let runs = |spec: &PodSpec| {
            !spec.has_resource_claims
                && tolerates(&pool.template.taints, spec, false)
                && alternatives(spec).iter().any(|wanted| {
                    own.is_compatible(wanted, true)
                        && instance_type.requirements.conflict_with(wanted).is_none()
                })
        };
        self.world.daemon_sets.iter().map(|d| &d.template).filter(|t| runs(&t.spec)).collect()
    }

    /// Where each of a pod's volumes can be reached from: alternatives per volume.
    pub(crate) fn reach(&self, pod: &Pod) -> Vec<Vec<Requirements>> {
        pod.spec
            .volumes
            .iter()
            .map(|v| self.claim_reach(&claim_key(pod, v)))
            .filter(|r| !r.is_empty())
            .collect()
    }

    fn claim_reach(&self, key: &NamespacedName) -> Vec<Requirements> {
        let Some(claim) = self.world.volume_claims.iter().find(|c| c.key == *key) else { return Vec::new() };
        let volume = self.world.volumes.iter().find(|v| Some(&v.name) == claim.volume_name.as_ref());
        let class = self.world.storage_classes.iter().find(|s| Some(&s.name) == claim.storage_class.as_ref());
        let (terms, is_local) = match (volume, class) {
            (Some(volume), _) => (&volume.node_terms[..], volume.is_local),
            (None, Some(class)) => (&class.allowed_topologies[..], false),
            (None, None) => (&[][..], false),
        };
        let kept = |e: &&Expression| !(is_local && &*e.key == keys::HOSTNAME);
        let read_kept = |t: &NodeTerm| read(&t.expressions.iter().filter(kept).cloned().collect::<Vec<_>>());
        terms.iter().map(read_kept).collect()
    }
}

/// The claim behind a volume.
pub(crate) fn claim_key(pod: &Pod, volume: &PodVolume) -> NamespacedName {
    let name = match volume {
        PodVolume::Claim(name) => name.to_string(),
        PodVolume::Ephemeral(name) => format!("{}-{name}", pod.key.name),
    };
    NamespacedName { namespace: pod.key.namespace.clone(), name: name.into() }
}

/// What every machine of a pool is.
pub(crate) fn pool_requirements(pool: &NodePool) -> Requirements {
    let class = &pool.template.node_class;
    let mut all: Requirements = pool.template.requirements.iter().cloned().collect();
    all.add_all(&Requirements::from_labels(&pool.template.labels));
    for (key, value) in [
        (keys::NODE_POOL, &*pool.name),
        (&*class.label_key(), &*class.name),
        (keys::REGISTERED, "true"),
        (keys::INITIALIZED, "true"),
    ] {
        all.add(Requirement::new(key, Allowed::one(value)));
    }
    all
}

/// Keys whose values overlays may have changed.
pub(crate) fn overlaid(world: &Snapshot) -> BTreeSet<String> {
    world.node_overlays.iter().flat_map(|o| &o.capacity).map(|(name, _)| name.to_string()).collect()
}
