//! Capacity reservations within a pass: who holds which, so that none is promised twice (scheduling 7.1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bits::Bits;
use super::sets::SetId;
use super::template::Template;
use super::topology::HostId;
use super::types::TypeTable;
use super::world::World;

/// Reservations that a claim may be launched into.
pub(crate) type Reservations = BTreeSet<Arc<str>>;

/// What is left of each reservation, and who holds what.
#[derive(Debug, Default)]
pub(crate) struct ReservationBook {
    left: BTreeMap<Arc<str>, u32>,
    held: BTreeMap<HostId, Reservations>,
}

impl ReservationBook {
    /// Opens the book with the least that any pool has seen of each reservation.
    pub(crate) fn open(templates: &[Template]) -> Self {
        let mut left: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        let classes = templates.iter().flat_map(|t| &t.table.offerings);
        for (id, remaining) in classes.filter_map(|class| class.reservation.as_ref()) {
            let entry = left.entry(id.clone()).or_insert(*remaining);
            *entry = (*entry).min(*remaining);
        }
        ReservationBook { left, held: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(crate) fn held(&self, host: HostId) -> Option<&Reservations> {
        self.held.get(&host).filter(|held| !held.is_empty())
    }

    fn can_hold(&self, host: HostId, id: &Arc<str>) -> bool {
        self.held.get(&host).is_some_and(|held| held.contains(id))
            || self.left.get(id).is_some_and(|n| *n > 0)
    }

    /// The reservations a claim would hold. `Err` when there are matching ones but none can be had, or when it
    /// would lose the ones it holds: then it must wait rather than pay elsewhere.
    // behaviour: scheduling/contended-reservation-waits
    pub(crate) fn wanted(
        &self,
        host: HostId,
        table: &TypeTable,
        (set, types): (SetId, &Bits),
        (world, strict): (&World, bool),
    ) -> Result<Reservations, ()> {
        let mut any = false;
        let mut wanted = Reservations::new();
        for class in &table.offerings {
            let Some((id, _)) = &class.reservation else { continue };
            if class.available.meets(types) && world.sets.intersects(&world.universe, set, class.requirements)
            {
                any = true;
                if self.can_hold(host, id) {
                    wanted.insert(id.clone());
                }
            }
        }
        if strict && wanted.is_empty() && (any || self.held(host).is_some()) {
            return Err(());
        }
        Ok(wanted)
    }

    /// Holds exactly these for a claim and lets go of the others.
    pub(crate) fn hold(&mut self, host: HostId, wanted: Reservations) {
        let before = self.held.remove(&host).unwrap_or_default();
        for id in before.difference(&wanted) {
            if let Some(left) = self.left.get_mut(id) {
                *left += 1;
            }
        }
        for id in wanted.difference(&before) {
            if let Some(left) = self.left.get_mut(id) {
                *left = left.saturating_sub(1);
            }
        }
        self.held.insert(host, wanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_go_can_be_held_by_another() {
        let id: Arc<str> = "cr-1".into();
        let mut book = ReservationBook { left: BTreeMap::from([(id.clone(), 1)]), held: BTreeMap::new() };
        book.hold(0, Reservations::from([id.clone()]));
        assert!(book.can_hold(0, &id) && !book.can_hold(1, &id));
        book.hold(0, Reservations::from([id.clone()]));
        assert_eq!(book.left[&id], 0, "holding twice takes one");
        book.hold(0, Reservations::new());
        assert!(book.can_hold(1, &id));
    }
}
