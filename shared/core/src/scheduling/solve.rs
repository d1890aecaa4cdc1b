//! The pass itself: pods in order, each onto the first candidate that takes it (scheduling 2, 3.1, 3.2).

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashSet;

use super::amounts::Amounts;
use super::claim::{Desk, InFlight, No, Scratch};
use super::class::{ClassContext, ClassId, Classes};
use super::existing::ExistingNode;
use super::ledger::Ledger;
use super::plan::{Knobs, Plan, ReservedMode};
use super::reserve::ReservationBook;
use super::sets::{Sets, Undefined};
use super::topology::{HostId, Place, Topology, TopologyNo};
use super::world::World;
use crate::model::PodPhase;

/// State of a pass.
pub(crate) struct Pass<'a> {
    pub(crate) knobs: &'a Knobs,
    pub(crate) context: &'a ClassContext<'a>,
    pub(crate) world: &'a mut World,
    pub(crate) topology: Topology,
    pub(crate) classes: Classes,
    pub(crate) nodes: Vec<ExistingNode>,
    /// Host ids given out.
    pub(crate) hosts: HostId,
    pub(crate) claims: Vec<InFlight>,
    /// Claims with the fewest pods first, as a stable sort before each pod leaves them.
    pub(crate) order: Vec<u32>,
    /// Position in the order of the claim that changed since it was sorted.
    pub(crate) unsorted: Option<usize>,
    pub(crate) ledger: Ledger,
    pub(crate) book: ReservationBook,
    pub(crate) scratch: Vec<Scratch>,
    /// Pods placed so far: when nothing has been placed since a class failed, it fails again.
    pub(crate) placements: u64,
    /// Whether nodes are only taken away in thought.
    pub(crate) simulated: bool,
    /// Pods whose nodes are on their way out anyway.
    pub(crate) displaced: &'a FxHashSet<usize>,
}

/// How an attempt ended when the pod was not placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing takes it, however relaxed.
    NowhereToGo(ClassId),
    /// It waits for a reservation.
    Reserved,
}

impl<'a> Pass<'a> {
    pub(crate) fn run(&mut self, pods: &[usize]) -> Plan {
        let mut queue = self.queue(pods);
        let mut last_len: Vec<usize> = vec![0; self.context.snapshot.pods.len()];
        let mut failures: BTreeMap<usize, Failure> = BTreeMap::new();
        while let Some((pod, class)) = queue.pop_front() {
            // A whole round without success: nothing will change any more.
            if last_len[pod] == queue.len() + 1 {
                break;
            }
            match self.place(pod, class) {
                Ok(()) => {
                    failures.remove(&pod);
                }
                Err(failure) => {
                    failures.insert(pod, failure);
                    queue.push_back((pod, class));
                    last_len[pod] = queue.len();
                }
            }
        }
        self.finish(&failures)
    }

    /// Largest first, so that small ones fill the gaps (scheduling 2.1).
    // behaviour: scheduling/queue-order-cpu-memory-age-uid
    fn queue(&mut self, pods: &[usize]) -> VecDeque<(usize, ClassId)> {
        use crate::model::ResourceName::{Cpu, Memory};
        let snapshot = self.context.snapshot;
        let rank = |at: usize| {
            let pod = &snapshot.pods[at];
            let size = |name| Reverse(pod.spec.requests.amount(&name).milli());
            (size(Cpu), size(Memory), pod.created_at)
        };
        let mut order: Vec<_> = pods.iter().map(|pod| (rank(*pod), *pod)).collect();
        order.sort_unstable_by(|(rank_a, a), (rank_b, b)| {
            let (a, b) = (&snapshot.pods[*a], &snapshot.pods[*b]);
            rank_a.cmp(rank_b).then_with(|| a.uid.cmp(&b.uid)).then_with(|| a.key.cmp(&b.key))
        });
        // Classes are made in this order too: who comes first decides about what a rule's sharers begin with.
        let mut class_of =
            |pod| self.classes.of(&snapshot.pods[pod], self.context, self.world, &mut self.topology);
        order.into_iter().map(|(_, pod)| (pod, class_of(pod))).collect()
    }

    /// Places a pod, relaxing it step by step.
    fn place(&mut self, pod: usize, root: ClassId) -> Result<(), Failure> {
        if self.classes.get(root).spec.has_resource_claims {
            return Err(Failure::NowhereToGo(root));
        }
        let mut class = root;
        let failed_before = !self.nodes.iter().any(|node| node.is_restless)
            && self.classes.get(root).failed_at == Some(self.placements);
        loop {
            if !failed_before {
                self.topology.begin_attempt();
                match self.add(pod, class) {
                    Ok(()) => {
                        self.placements += 1;
                        return Ok(());
                    }
                    Err(No::Reserved) => return Err(Failure::Reserved),
                    Err(No::Never | No::NotNow) => {}
                }
            }
            match self.classes.relaxed(class, self.context, self.world, &mut self.topology) {
                Some(next) => class = next,
                None => break,
            }
        }
        self.classes.get_mut(root).failed_at = Some(self.placements);
        Err(Failure::NowhereToGo(class))
    }

    /// Existing nodes, then machines in flight, then new ones; the first that takes the pod gets it.
    fn add(&mut self, pod: usize, class: ClassId) -> Result<(), No> {
        if self.classes.get(class).contradiction.is_some() {
            return Err(No::Never);
        }
        if self.add_to_existing(pod, class) || self.add_to_in_flight(pod, class) {
            return Ok(());
        }
        self.open_new(pod, class)
    }

    fn add_to_existing(&mut self, pod: usize, class: ClassId) -> bool {
        let must_move =
            self.context.snapshot.pods[pod].phase == PodPhase::Pending || self.displaced.contains(&pod);
        for at in 0..self.nodes.len() {
            if self.classes.get(class).refused_nodes.has(at) || (self.nodes[at].is_restless && !must_move) {
                continue;
            }
            match self.admit_existing(at, class) {
                Ok(()) => {
                    self.settle_on_existing(at, pod, class);
                    return true;
                }
                Err(No::Never) => self.classes.get_mut(class).refused_nodes.add(at),
                Err(No::NotNow | No::Reserved) => {}
            }
        }
        false
    }

    /// The checks of scheduling 3.3, in their order. Everything is held against the node's labels alone: what
    /// pods shun or ask for never becomes part of a node.
    // behaviour: scheduling/nodes-keep-their-labels
    fn admit_existing(&mut self, at: usize, class: ClassId) -> Result<(), No> {
        let (node, class) = (&self.nodes[at], self.classes.get(class));
        if crate::model::untolerated(&node.taints, &class.spec.tolerations).next().is_some()
            || !node.takes_volumes(&class.volumes)
            || node.has_port_conflict(&class.spec.host_ports)
            || !class.requests.fits_in(&node.remaining)
        {
            return Err(No::Never);
        }
        let World { universe, sets, .. } = &mut *self.world;
        let meets = |sets: &mut Sets, set| sets.merge(universe, node.set, set, Undefined::Refused).is_ok();
        if !node.is_admitted_by(class.host_rule.as_ref(), universe) || !meets(sets, class.set) {
            return Err(No::Never);
        }
        let mut no = No::Never;
        for reach in &class.reach {
            if !node.is_admitted_by(reach.host_rule.as_ref(), universe) || !meets(sets, reach.set) {
                continue;
            }
            match self.topology.tighten((universe, sets), &class.asker(), node.set, node.host) {
                Ok(tightened) => {
                    let topology = sets.intern(tightened.into_vec());
                    if meets(sets, topology) {
                        return Ok(());
                    }
                    no = No::NotNow;
                }
                Err(TopologyNo::Never(_)) => {}
                Err(TopologyNo::NotNow(_)) => no = No::NotNow,
            }
        }
        Err(no)
    }

    fn settle_on_existing(&mut self, at: usize, pod: usize, class: ClassId) {
        let node = &mut self.nodes[at];
        let class = self.classes.get(class);
        node.remaining.subtract(&class.requests);
        node.ports.extend(class.spec.host_ports.iter().cloned());
        node.add_volumes(class.volumes.iter().cloned());
        node.pods.push(pod);
        let place = Place { set: node.set, host: node.host, taints: &node.taints };
        let World { universe, sets, .. } = &mut *self.world;
        self.topology.record((universe, sets), &class.asker(), &class.mirrors, &place);
    }

    fn add_to_in_flight(&mut self, pod: usize, class_id: ClassId) -> bool {
        self.sort_claims();
        for position in 0..self.order.len() {
            let at = self.order[position] as usize;
            if self.classes.get(class_id).refused_claims.has(at) {
                continue;
            }
            let claim = &self.claims[at];
            let template = &self.context.templates[claim.template];
            let class = self.classes.get(class_id);
            let mut desk = Desk {
                world: &mut *self.world,
                topology: &mut self.topology,
                book: &self.book,
                scratch: &mut self.scratch[claim.template],
                min_values_policy: self.knobs.min_values_policy,
                strict_reservations: self.knobs.reserved_mode == ReservedMode::Strict,
            };
            match claim.candidate(template).admit(class, claim.template, &mut desk) {
                Ok(admission) => {
                    self.settle(at, pod, class_id, admission);
                    self.unsorted = Some(position);
                    return true;
                }
                Err(No::Never) => self.classes.get_mut(class_id).refused_claims.add(at),
                Err(No::NotNow | No::Reserved) => {}
            }
        }
        false
    }

    fn open_new(&mut self, pod: usize, class_id: ClassId) -> Result<(), No> {
        let mut no = No::Never;
        for (index, template) in self.context.templates.iter().enumerate() {
            if template.types.is_empty() || self.classes.get(class_id).refused_templates.has(index) {
                continue;
            }
            let mut types = template.types.clone();
            if self.ledger.keep_within(index, &template.table, &mut types, self.world).is_err() {
                continue;
            }
            let candidate = super::claim::Candidate {
                template,
                set: template.set,
                types: &types,
                requests: &Amounts::default(),
                host: self.hosts,
                ports: &[],
                min_values: &template.min_values,
                is_new: true,
            };
            let mut desk = Desk {
                world: &mut *self.world,
                topology: &mut self.topology,
                book: &self.book,
                scratch: &mut self.scratch[index],
                min_values_policy: self.knobs.min_values_policy,
                strict_reservations: self.knobs.reserved_mode == ReservedMode::Strict,
            };
            match candidate.admit(self.classes.get(class_id), index, &mut desk) {
                Ok(admission) => {
                    let at = self.open_claim(index, types);
                    self.settle(at, pod, class_id, admission);
                    self.ledger.charge(index, &template.table, &self.claims[at].types);
                    self.sort_claims();
                    self.unsorted = Some(self.order.len());
                    self.order.push(at as u32);
                    return Ok(());
                }
                // A lighter pool must not be paid for only because the reservation is contended.
                Err(No::Reserved) => return Err(No::Reserved),
                Err(No::NotNow) => no = No::NotNow,
                // Limits only become tighter, so what never fits now never will.
                Err(No::Never) => self.classes.get_mut(class_id).refused_templates.add(index),
            }
        }
        Err(no)
    }

    fn open_claim(&mut self, template_index: usize, types: super::bits::Bits) -> usize {
        let template = &self.context.templates[template_index];
        self.claims.push(InFlight {
            template: template_index,
            set: template.set,
            types,
            requests: Amounts::default(),
            host: self.hosts,
            pods: Vec::new(),
            ports: Vec::new(),
            min_values: template.min_values.clone(),
            min_values_relaxed: false,
        });
        self.hosts += 1;
        self.claims.len() - 1
    }

    fn settle(&mut self, at: usize, pod: usize, class: ClassId, mut admission: super::claim::Admission) {
        let template = self.claims[at].template;
        let class = self.classes.get(class);
        let claim = &mut self.claims[at];
        if let Some(reservations) = admission.reservations.take() {
            self.book.hold(claim.host, reservations);
        }
        claim.take(pod, class, admission, &self.scratch[template].survivors);
        let place =
            Place { set: claim.set, host: claim.host, taints: &self.context.templates[template].taints };
        let World { universe, sets, .. } = &mut *self.world;
        self.topology.record((universe, sets), &class.asker(), &class.mirrors, &place);
    }

    /// Puts the claim that changed last where a stable sort by pods would put it. Done before the next look,
    /// not at once, so that claims come out in the order the reference leaves them in.
    fn sort_claims(&mut self) {
        let Some(from) = self.unsorted.take() else { return };
        let pods = |at: &u32| self.claims[*at as usize].pods.len();
        let changed = pods(&self.order[from]);
        let before = self.order[..from].partition_point(|at| pods(at) <= changed);
        if before < from {
            self.order[before..=from].rotate_right(1);
        } else {
            let after = self.order[from + 1..].partition_point(|at| pods(at) < changed);
            self.order[from..=from + after].rotate_left(1);
        }
    }
}
