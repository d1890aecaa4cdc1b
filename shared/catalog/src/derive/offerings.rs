//! The ways to buy a type: each zone on demand and as spot, and the class's reservations (aws 1.8).

use std::sync::Arc;

use joiner_core::model::{
    CapacityReservation, CapacityType, NodeClass, Offering, Price, Requirements, Reservation, Unavailable,
    Zone,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::words::{KEYS, absent, one};
use crate::Catalog;
use crate::facts::TypeFacts;

/// A reserved machine is paid for already: its price only orders it among reserved ones, below all others.
const RESERVED_DISCOUNT: i64 = 10_000_000;

/// What every type's offering in a zone has in common.
struct ZoneOffer {
    name: Arc<str>,
    /// Whether the class has a subnet there.
    has_subnet: bool,
    full: bool,
    shifted: bool,
    on_demand: Arc<Requirements>,
    spot: Arc<Requirements>,
    reserved: Arc<Requirements>,
}

/// Makes the offerings of types for one node class.
pub(super) struct Offers<'a> {
    zones: Vec<ZoneOffer>,
    reservations: FxHashMap<&'a str, Vec<&'a CapacityReservation>>,
    refused: FxHashSet<(&'a str, &'a str, CapacityType)>,
    refused_capacity_types: Vec<CapacityType>,
}

impl<'a> Offers<'a> {
    pub(super) fn new(catalog: &Catalog, class: &'a NodeClass, unavailable: &'a [Unavailable]) -> Self {
        let mut offers = Offers {
            zones: catalog.zones.iter().map(|zone| ZoneOffer::new(zone, class)).collect(),
            reservations: FxHashMap::default(),
            refused: FxHashSet::default(),
            refused_capacity_types: Vec::new(),
        };
        for reservation in &class.capacity_reservations {
            offers.reservations.entry(&reservation.instance_type).or_default().push(reservation);
        }
        for refusal in unavailable {
            offers.refuse(refusal);
        }
        offers
    }

    fn refuse(&mut self, refusal: &'a Unavailable) {
        match refusal {
            Unavailable::Offering(key) => {
                self.refused.insert((&key.instance_type, &key.zone, key.capacity_type));
            }
            Unavailable::CapacityType(capacity_type) => self.refused_capacity_types.push(*capacity_type),
            Unavailable::FullZone(name) => {
                self.zones.iter_mut().filter(|z| z.name == *name).for_each(|z| z.full = true);
            }
            Unavailable::ShiftedZone(name) => {
                self.zones.iter_mut().filter(|z| z.name == *name).for_each(|z| z.shifted = true);
            }
        }
    }

    /// The class's reservations of a type.
    pub(super) fn reservations(&self, facts: &TypeFacts) -> &[&'a CapacityReservation] {
        self.reservations.get(&*facts.name).map_or(&[], |held| held)
    }

    /// The offerings of a type: on demand by zone, spot by zone, reserved in the order of the class. `runs` says
    /// whether the class can run on the type at all.
    pub(super) fn of(&self, facts: &TypeFacts, runs: bool) -> Vec<Offering> {
        let reservations = self.reservations(facts);
        let sold = usize::from(facts.on_demand) + usize::from(facts.spot);
        let mut offerings = Vec::with_capacity(self.zones.len() * sold + reservations.len());
        for (sold, capacity_type) in
            [(facts.on_demand, CapacityType::OnDemand), (facts.spot, CapacityType::Spot)]
        {
            if sold {
                let zones = 0..self.zones.len();
                offerings.extend(zones.map(|at| self.base(facts, at, capacity_type, runs)));
            }
        }
        offerings.extend(reservations.iter().filter_map(|held| self.reserved(facts, held, runs)));
        offerings
    }

    fn base(&self, facts: &TypeFacts, at: usize, capacity_type: CapacityType, runs: bool) -> Offering {
        let (zone, zone_facts) = (&self.zones[at], &facts.zones[at]);
        let (price, requirements) = match capacity_type {
            CapacityType::Spot => (zone_facts.spot_price, &zone.spot),
            CapacityType::OnDemand | CapacityType::Reserved => (facts.on_demand_price, &zone.on_demand),
        };
        // behaviour: catalog/refusals-touch-nothing-else
        let refused = zone.full
            || self.refused_capacity_types.contains(&capacity_type)
            || self.refused.contains(&(&facts.name, &zone.name, capacity_type));
        Offering {
            requirements: requirements.clone(),
            capacity_type,
            zone: zone.name.clone(),
            price: price.unwrap_or_default(),
            available: runs && zone.takes(zone_facts.offered) && price.is_some() && !refused,
            reservation: None,
        }
    }

    /// The offering of a reservation; none for a zone that the region does not have.
    fn reserved(&self, facts: &TypeFacts, held: &CapacityReservation, runs: bool) -> Option<Offering> {
        let at = self.zones.iter().position(|zone| zone.name == held.zone)?;
        let zone = &self.zones[at];
        // behaviour: catalog/reserved-price-is-almost-nothing
        let list_price = facts.on_demand_price.unwrap_or_default().nano_usd_per_hour;
        let mut requirements = (*zone.reserved).clone();
        requirements.add(one(&KEYS.reservation_id, held.id.clone()));
        requirements.add(one(&KEYS.reservation_type, held.reservation_type.clone()));
        let interruptible = if held.interruptible { "true" } else { "false" };
        requirements.add(one(&KEYS.reservation_interruptible, interruptible.into()));
        Some(Offering {
            requirements: Arc::new(requirements),
            capacity_type: CapacityType::Reserved,
            zone: zone.name.clone(),
            price: Price { nano_usd_per_hour: list_price / RESERVED_DISCOUNT },
            available: runs
                && zone.takes(facts.zones[at].offered)
                && held.remaining > 0
                && !held.expiring
                && !self.refused.contains(&(&facts.name, &zone.name, CapacityType::Reserved)),
            reservation: Some(Reservation { id: held.id.clone(), remaining: held.remaining }),
        })
    }
}

impl ZoneOffer {
    fn new(zone: &Zone, class: &NodeClass) -> Self {
        let subnet_zone = class.zones.iter().find(|known| known.name == zone.name);
        let place = |capacity_type: CapacityType| {
            let mut requirements = Requirements::new();
            requirements.add(one(&KEYS.capacity_type, capacity_type.as_str().into()));
            requirements.add(one(&KEYS.zone, zone.name.clone()));
            if let Some(id) = subnet_zone.and_then(|known| known.id.clone()) {
                requirements.add(one(&KEYS.zone_id, id));
            }
            requirements
        };
        // behaviour: catalog/reservation-keys-are-its-own
        // Only a reservation's own offering has its keys, so that a pod asking for one gets no other.
        let unreserved = |capacity_type: CapacityType| {
            let mut requirements = place(capacity_type);
            for key in [&KEYS.reservation_id, &KEYS.reservation_type, &KEYS.reservation_interruptible] {
                requirements.add(absent(key));
            }
            Arc::new(requirements)
        };
        ZoneOffer {
            name: zone.name.clone(),
            has_subnet: subnet_zone.is_some(),
            full: false,
            shifted: false,
            on_demand: unreserved(CapacityType::OnDemand),
            spot: unreserved(CapacityType::Spot),
            reserved: Arc::new(place(CapacityType::Reserved)),
        }
    }

    /// Whether machines that EC2 offers here can be launched here.
    fn takes(&self, offered: bool) -> bool {
        offered && self.has_subnet && !self.shifted
    }
}
