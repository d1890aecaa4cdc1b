//! Is anything broken that must never be? Looked at after every step, by rules written here and not by asking
//! the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use joiner_core::model::{NamespacedName, ResourceName, Resources, keys};

use crate::ec2::CLAIM_TAG;
use crate::world::World;

/// How long a second machine of a claim, or one without a claim, may live before the sweep has to have ended it.
const SWEEP_TERM: Duration = Duration::from_secs(600);

/// What was found, and what has to be remembered to find it.
#[derive(Debug, Default)]
pub struct Checks {
    /// Broken promises, each said once.
    pub violations: BTreeSet<String>,
    doubled_since: BTreeMap<Arc<str>, Timestamp>,
    taken_back: BTreeSet<Arc<str>>,
    /// EC2 said that status checks fail: then what runs on its machines may be forced out.
    pub(crate) is_failing: bool,
    /// Claims that take the place of others, each with the claims it replaces.
    replaces: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    seen: (u64, usize, usize),
}

impl Checks {
    /// EC2 took an instance back: what happens to its pods is nobody's fault.
    pub(crate) fn taken_back(&mut self, id: &Arc<str>) {
        self.taken_back.insert(Arc::clone(id));
    }
}

impl World {
    /// Looks for what must never be.
    pub(crate) fn check(&mut self) {
        let up = self.ec2.instances.values().filter(|instance| instance.is_up()).count();
        let seen = (self.cluster.version(), self.ec2.instances.len(), up);
        if seen == self.checks.seen && self.checks.doubled_since.is_empty() {
            return;
        }
        self.checks.seen = seen;
        self.check_doubles();
        self.check_limits();
    }

    fn violate(&mut self, what: String) {
        self.checks.violations.insert(what);
    }

    /// At most one machine per claim, once the sweep had its time.
    fn check_doubles(&mut self) {
        let now = self.agenda.now();
        let mut by_claim: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        for instance in self.ec2.instances.values().filter(|instance| instance.is_up()) {
            if let Some(claim) = instance.tags.get(CLAIM_TAG) {
                *by_claim.entry(Arc::clone(claim)).or_default() += 1;
            }
        }
        by_claim.retain(|_, machines| *machines > 1);
        self.checks.doubled_since.retain(|claim, _| by_claim.contains_key(claim));
        for (claim, machines) in by_claim {
            let since = *self.checks.doubled_since.entry(Arc::clone(&claim)).or_insert(now);
            if now.duration_since(since).unsigned_abs() > SWEEP_TERM {
                self.violate(format!("claim {claim} has {machines} machines"));
            }
        }
    }

    /// Remembers which claims stand in for which others.
    fn note_replacements(&mut self) {
        for command in self.keep.commands.values() {
            let replaced: BTreeSet<Arc<str>> = command.nodes.iter().map(|node| node.claim.to_arc()).collect();
            let claims = command.replacements.iter().filter_map(|one| one.claim.as_ref());
            let known = &mut self.checks.replaces;
            claims.for_each(|claim| drop(known.insert(claim.to_arc(), replaced.clone())));
        }
    }

    /// Whether a machine only stands in for others that are still there: it counts once they are gone, as the
    /// peer has it (disruption 2.15).
    fn stands_in(&self, claim: &str) -> bool {
        let replaced = self.checks.replaces.get(claim);
        replaced.is_some_and(|names| names.iter().any(|name| self.cluster.claims.contains_key(name)))
    }

    /// No pool holds more than its limit, counting machines as soon as they exist and until they are to go.
    fn check_limits(&mut self) {
        self.note_replacements();
        let mut held: BTreeMap<Arc<str>, Resources> = BTreeMap::new();
        let mut cpu_milli = 0;
        for instance in self.ec2.instances.values().filter(|instance| instance.is_up()) {
            cpu_milli += instance.capacity.amount(&ResourceName::Cpu).milli();
            let claim = instance.tags.get(CLAIM_TAG).and_then(|claim| self.cluster.claims.get(claim));
            let counts = claim.is_some_and(|claim| {
                claim.object.deletion_at.is_none() && !self.stands_in(&claim.object.name)
            });
            if let Some(pool) = instance.tags.get(keys::NODE_POOL).filter(|_| counts) {
                held.entry(Arc::clone(pool)).or_default().add(&instance.capacity);
            }
        }
        self.book.peak_cpu_milli = self.book.peak_cpu_milli.max(cpu_milli);
        for (pool, held) in held {
            let Some(limits) = self.cluster.pools.get(&pool).map(|pool| pool.limits.clone()) else {
                continue;
            };
            for (name, limit) in limits.iter() {
                if *name != ResourceName::Nodes && held.amount(name) > limit {
                    self.violate(format!(
                        "pool {pool} holds {} {name}, its limit is {limit}",
                        held.amount(name)
                    ));
                }
            }
        }
    }

    /// A pod that says so is not evicted.
    pub(crate) fn check_eviction(&mut self, key: &NamespacedName) {
        let Some(object) = self.cluster.pods.get(key) else { return };
        let protects = object.pod.annotations.get(keys::DO_NOT_DISRUPT).is_some_and(|v| &**v == "true");
        if protects && object.is_active() {
            self.violate(format!("pod {key} was evicted although it holds do-not-disrupt"));
        }
    }

    /// Pods are deleted past their budgets only where a grace period of the claim is over.
    pub(crate) fn check_forced_deletion(&mut self, key: &NamespacedName) {
        let Some(node) = self.cluster.pods.get(key).and_then(|object| object.pod.node_name.clone()) else {
            return;
        };
        let claim = self.cluster.claims.values().find(|claim| claim.object.node_name.as_ref() == Some(&node));
        let is_sick = self.cluster.nodes.get(&node).is_some_and(|node| !node.object.ready);
        let may_be = is_sick || self.checks.is_failing;
        if claim.is_some_and(|claim| claim.object.termination_grace_secs.is_none()) && !may_be {
            self.violate(format!("pod {key} was deleted by force and nothing allowed it"));
        }
    }

    /// A machine is ended only when the pods it ran are gone.
    pub(crate) fn check_termination(&mut self, id: &str) {
        let Some(instance) = self.ec2.instances.get(id).filter(|instance| instance.is_up()) else { return };
        let node = instance.node_name();
        let claim = instance.tags.get(CLAIM_TAG).and_then(|claim| self.cluster.claims.get(claim));
        let has_deadline = claim.is_some_and(|claim| claim.object.termination_grace_secs.is_some());
        let is_alive = self.cluster.nodes.get(&node).is_some_and(|node| node.object.ready);
        if has_deadline || !is_alive || self.checks.taken_back.contains(id) {
            return;
        }
        let left = self.cluster.pods.values().find(|object| {
            object.occupies(&node) && object.pod.deletion_at.is_none() && !object.pod.is_owned_by_daemon_set()
        });
        if let Some(pod) = left.map(|object| object.pod.key.clone()) {
            self.violate(format!("instance {id} was ended while pod {pod} ran on it"));
        }
    }
}
