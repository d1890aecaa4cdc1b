//! What all passes over one snapshot have in common, made once: the compiled pools and types, the nodes with their
//! room, the running pods. A simulation then costs what it moves, not what there is.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::claim::Scratch;
use super::class::{ClassContext, Classes};
use super::existing::{ExistingNode, Machine, take_stock};
use super::intake::{Intake, gather, is_currently_reschedulable};
use super::ledger::Ledger;
use super::plan::{Knobs, Plan, PreferencePolicy, Removal};
use super::reason::PoolSkipped;
use super::reserve::ReservationBook;
use super::solve::Pass;
use super::template::Template;
use super::topology::{ClusterPods, RuleOwner, Topology};
use super::topology_surroundings;
use super::volumes::Storage;
use super::world::World;
use crate::model::{Resources, Snapshot, TaintEffect, keys};

/// Decides which pending pods fit on what is there and which machines the others need.
///
/// Deterministic: the same snapshot and knobs give the same plan (scheduling 0 to 8).
pub fn solve(snapshot: &Snapshot, knobs: &Knobs) -> Plan {
    Ground::new(snapshot, knobs).pass(&Removal::default(), false)
}

/// A snapshot made ready for any number of passes.
pub struct Ground<'a> {
    snapshot: &'a Snapshot,
    knobs: Knobs,
    storage: Storage<'a>,
    world: World,
    templates: Vec<Template>,
    skipped_pools: Vec<PoolSkipped>,
    intake: Intake,
    cluster: ClusterPods,
    /// Labels of running pods, no rules yet.
    topology: Topology,
    nodes: Vec<ExistingNode>,
    hosts: usize,
    ledger: Ledger,
    /// Bound pods by node, as indices into the snapshot.
    pods_of: FxHashMap<&'a str, Vec<usize>>,
    /// By node: its pool and what it counts against the pool's limits.
    held: FxHashMap<&'a str, (Arc<str>, Resources)>,
    /// Bound pods that keep others off, and their nodes.
    keepers_off: Vec<(usize, usize)>,
}

impl<'a> Ground<'a> {
    /// Compiles a snapshot.
    pub fn new(snapshot: &'a Snapshot, knobs: &Knobs) -> Self {
        let storage = Storage::new(snapshot);
        let mut world = World::new();
        let intake = gather(snapshot, &storage, knobs.now);
        let (templates, skipped_pools) = Template::collect(snapshot, &mut world, knobs.min_values_policy);
        let inventory = take_stock(snapshot, &storage, &mut world);
        let mut topology = Topology::default();
        let cluster = ClusterPods::collect(inventory.facts, &snapshot.pods, &mut topology);
        let ledger = Ledger::open(snapshot, &templates, &mut world);
        let mut pods_of: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        let mut keepers_off = Vec::new();
        for (index, pod) in snapshot.pods.iter().enumerate() {
            let Some(node) = pod.node_name.as_deref() else { continue };
            pods_of.entry(node).or_default().push(index);
            let keeps_off = !pod.spec.required_anti_affinity.is_empty() && !pod.is_terminal();
            if let Some(at) = cluster.node(node).filter(|_| keeps_off) {
                keepers_off.push((index, at));
            }
        }
        Ground {
            snapshot,
            knobs: *knobs,
            storage,
            world,
            templates,
            skipped_pools,
            intake,
            cluster,
            topology,
            nodes: inventory.targets,
            hosts: inventory.hosts,
            ledger,
            pods_of,
            held: held(snapshot),
            keepers_off,
        }
    }

    /// What would become of the pods if some nodes were taken away (disruption 1.7): the plan for them, for
    /// pending pods, and for those of nodes on their way out.
    pub fn simulate(&mut self, removal: &Removal) -> Plan {
        self.pass(removal, true)
    }

    fn pass(&mut self, removal: &Removal, simulated: bool) -> Plan {
        let pods = self.pods_of_pass(removal);
        let in_pass: FxHashSet<usize> = pods.iter().copied().collect();
        let snapshot = self.snapshot;
        let moving = pods.iter().map(|pod| &snapshot.pods[*pod]);
        self.cluster.set_aside(moving, removal.nodes.iter(), &mut self.topology);
        let mut ledger = self.ledger.clone();
        for node in &removal.nodes {
            let Some((pool, held)) = self.held.get(&**node) else { continue };
            for (at, _) in self.templates.iter().enumerate().filter(|(_, t)| t.name == *pool) {
                ledger.give_back(at, held, &self.world);
            }
        }
        let nodes = self.nodes.iter().filter(|n| !n.node.as_ref().is_some_and(|n| removal.nodes.contains(n)));
        let nodes = nodes.cloned().map(|mut node| {
            node.is_restless = node.node.as_ref().is_some_and(|name| removal.restless.contains(name));
            node
        });
        let prefers =
            |t: &Template| t.taints.iter().any(|taint| taint.effect == TaintEffect::PreferNoSchedule);
        let context = ClassContext {
            snapshot,
            storage: &self.storage,
            templates: &self.templates,
            cluster: &self.cluster,
            respect_preferences: self.knobs.preference_policy == PreferencePolicy::Respect,
            prefer_taints: self.templates.iter().any(prefers),
        };
        let mut topology = self.topology.clone();
        mirror_running(&context, (&self.keepers_off, &in_pass), &mut self.world, &mut topology);
        let mut pass = Pass {
            knobs: &self.knobs,
            context: &context,
            topology,
            classes: Classes::default(),
            nodes: nodes.collect(),
            hosts: self.hosts,
            claims: Vec::new(),
            order: Vec::new(),
            unsorted: None,
            ledger,
            book: ReservationBook::open(&self.templates),
            scratch: self.templates.iter().map(|t| Scratch::new(t.table.len())).collect(),
            placements: 0,
            simulated,
            displaced: &self.intake.displaced,
            world: &mut self.world,
        };
        let mut plan = pass.run(&pods);
        let mut used = pass.topology;
        self.topology.take_domains(&mut used);
        plan.ignored = self.intake.ignored.clone();
        plan.ignored.sort_by(|a, b| a.pod.cmp(&b.pod));
        plan.skipped_pools = self.skipped_pools.clone();
        plan
    }

    /// The pods every pass is about, and those that the removal sets free.
    fn pods_of_pass(&self, removal: &Removal) -> Vec<usize> {
        let budgets = &self.snapshot.pod_disruption_budgets;
        let freed =
            removal.nodes.iter().filter_map(|node| self.pods_of.get(&**node)).flatten().filter(|pod| {
                let moves = is_currently_reschedulable(&self.snapshot.pods[**pod], budgets, self.knobs.now);
                moves && !self.intake.displaced.contains(pod)
            });
        self.intake.pods.iter().chain(freed).copied().collect()
    }
}

/// What each node that stays counts against the limits of its pool.
fn held(snapshot: &Snapshot) -> FxHashMap<&str, (Arc<str>, Resources)> {
    let marked: FxHashSet<&str> = snapshot.marked_for_deletion.iter().map(|name| &**name).collect();
    let machines = Machine::collect(snapshot).into_iter().filter(|m| !m.is_leaving(&marked));
    let entries = machines.filter_map(|machine| {
        let pool = machine.labels().get(keys::NODE_POOL)?.clone();
        Some((&*machine.node?.name, (pool, machine.capacity())))
    });
    entries.collect()
}

/// Required anti-affinity of pods that run already keeps others off.
fn mirror_running(
    context: &ClassContext<'_>,
    (keepers_off, in_pass): (&[(usize, usize)], &FxHashSet<usize>),
    world: &mut World,
    topology: &mut Topology,
) {
    for (index, node) in keepers_off.iter().filter(|(index, _)| !in_pass.contains(index)) {
        let pod = &context.snapshot.pods[*index];
        let mut around = topology_surroundings(context, world);
        let owner = RuleOwner {
            namespace: &pod.key.namespace,
            labels: &pod.labels,
            spec: &pod.spec,
            node_alternatives: &[],
        };
        topology.mirror_running(&mut around, &owner, *node);
    }
}
