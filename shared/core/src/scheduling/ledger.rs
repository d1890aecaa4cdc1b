//! Limits of pools: what is left after what is there, and what each new claim may take at most
//! (scheduling 3.5, 6.6).

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::amounts::ResourceId;
use super::bits::Bits;
use super::existing::Machine;
use super::reason::Refusal;
use super::template::Template;
use super::types::TypeTable;
use super::world::World;
use crate::model::{NodeClaim, Quantity, ResourceName, Resources, Snapshot, keys};

/// What is left of each limited resource, by template.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    left: Vec<Vec<(ResourceId, i64)>>,
    nodes: ResourceId,
}

impl Ledger {
    /// Limits less the capacity of what is there and stays. Claims that wait for their machine are charged the
    /// largest they may become.
    // behaviour: scheduling/limits-count-capacity-of-active-nodes
    pub(crate) fn open(snapshot: &Snapshot, templates: &[Template], world: &mut World) -> Self {
        let marked: FxHashSet<&str> = snapshot.marked_for_deletion.iter().map(|name| &**name).collect();
        let mut used: FxHashMap<Arc<str>, Resources> = FxHashMap::default();
        for machine in Machine::collect(snapshot).iter().filter(|m| !m.is_leaving(&marked)) {
            if let Some(pool) = machine.labels().get(keys::NODE_POOL) {
                let used = used.entry(pool.clone()).or_default();
                used.add(&machine.capacity());
                used.add(&one_node());
            }
        }
        for claim in &snapshot.node_claims {
            let waits = claim.provider_id.is_none() && claim.deletion_at.is_none();
            if let Some(pool) = claim.node_pool().filter(|_| waits) {
                let used = used.entry(pool.clone()).or_default();
                used.add(&largest_of(claim, snapshot));
                used.add(&one_node());
            }
        }
        let nodes = world.resources.id(&ResourceName::Nodes);
        let left = templates
            .iter()
            .map(|template| {
                let used = used.get(&template.name);
                let left = |(name, limit): (&ResourceName, Quantity)| {
                    let used = used.map_or(Quantity::ZERO, |u| u.amount(name));
                    (world.resources.id(name), limit.minus(used).milli())
                };
                snapshot.node_pools[template.pool].limits.iter().map(left).collect()
            })
            .collect();
        Ledger { left, nodes }
    }

    /// Gives back what a node that is taken away held.
    pub(crate) fn give_back(&mut self, template: usize, capacity: &Resources, world: &World) {
        let nodes = self.nodes;
        for (id, left) in &mut self.left[template] {
            let held = if *id == nodes { 1000 } else { capacity.amount(world.resources.name(*id)).milli() };
            *left = left.saturating_add(held);
        }
    }

    /// Drops the types that would break a limit; says which limit when none is left.
    pub(crate) fn keep_within(
        &self,
        template: usize,
        table: &TypeTable,
        types: &mut Bits,
        world: &World,
    ) -> Result<(), Refusal> {
        for (id, left) in &self.left[template] {
            let needed = if *id == self.nodes { 1000 } else { 0 };
            if needed > *left {
                return Err(self.refusal(*id, *left, needed, world));
            }
        }
        let unlimited = types.clone();
        for (id, left) in &self.left[template] {
            if *id == self.nodes {
                continue;
            }
            let mut smallest = i64::MAX;
            let before = types.clone();
            for at in before.ones() {
                let needed = table.capacity[at].get(*id);
                smallest = smallest.min(needed);
                if needed > *left {
                    types.remove(at);
                }
            }
            if types.is_empty() {
                let least = unlimited.ones().map(|at| table.capacity[at].get(*id)).min();
                return Err(self.refusal(*id, *left, smallest.min(least.unwrap_or(smallest)), world));
            }
        }
        Ok(())
    }

    /// The limit that the least demanding of some types comes nearest to keeping.
    pub(crate) fn nearest(&self, template: usize, table: &TypeTable, types: &Bits, world: &World) -> Refusal {
        let missing = |(id, left): &(ResourceId, i64)| {
            let needed = types.ones().map(|at| table.capacity[at].get(*id)).min().unwrap_or(0);
            (needed > *left).then(|| self.refusal(*id, *left, needed, world))
        };
        let limits = &self.left[template];
        let alone = limits.iter().filter(|(id, _)| *id != self.nodes).find_map(missing);
        alone.unwrap_or_else(|| {
            let (id, left) = limits.first().copied().unwrap_or((self.nodes, 0));
            let needed = types.ones().map(|at| table.capacity[at].get(id)).min().unwrap_or(0);
            self.refusal(id, left, needed, world)
        })
    }

    fn refusal(&self, id: ResourceId, left: i64, needed: i64, world: &World) -> Refusal {
        Refusal::Limit {
            resource: world.resources.name(id).clone(),
            left: world.resources.quantity(id, left),
            needed: world.resources.quantity(id, needed),
        }
    }

    /// Charges a new claim the largest of its types, resource by resource; never given back within a pass.
    pub(crate) fn charge(&mut self, template: usize, table: &TypeTable, types: &Bits) {
        let nodes = self.nodes;
        for (id, left) in &mut self.left[template] {
            let most = if *id == nodes {
                1000
            } else {
                types.ones().map(|at| table.capacity[at].get(*id)).max().unwrap_or(0)
            };
            *left = left.saturating_sub(most);
        }
    }
}

fn one_node() -> Resources {
    [(ResourceName::Nodes, Quantity::from_units(1))].into_iter().collect()
}

fn largest_of(claim: &NodeClaim, snapshot: &Snapshot) -> Resources {
    let mut largest = Resources::new();
    let named = claim.requirements.iter().find(|r| r.key.as_str() == keys::INSTANCE_TYPE);
    let types = snapshot.instance_types.get(&claim.node_class.name);
    for instance_type in types.into_iter().flat_map(|types| types.iter()) {
        if named.is_none_or(|r| r.allowed.admits(&instance_type.name)) {
            largest.raise_to(&instance_type.capacity);
        }
    }
    largest
}
