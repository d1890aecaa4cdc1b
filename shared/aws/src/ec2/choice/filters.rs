//! Which of the offerings that would do are better left alone (aws 6.2)?
//!
//! The order matters: reservations come before the test for exotic types, so that a reserved GPU machine is used
//! although GPU machines are avoided otherwise.

use joiner_core::model::{CapacityType, Offering, Price, Requirements, keys};
use joiner_core::scheduling::plan::ClaimDraft;

use super::{Candidate, only};

/// Resources that make a type exotic.
const EXOTIC: [&str; 5] = [
    "nvidia.com/gpu",
    "amd.com/gpu",
    "aws.amazon.com/neuron",
    "aws.amazon.com/neuroncore",
    "habana.ai/gaudi",
];
/// The value of the reservation type of a capacity block.
const BLOCK: &str = "capacity-block";

/// All filters, in order.
pub(super) fn apply<'a>(
    candidates: Vec<Candidate<'a>>,
    wanted: &Requirements,
    draft: &ClaimDraft,
) -> Vec<Candidate<'a>> {
    let mut left = candidates;
    if admits(wanted, CapacityType::Reserved) {
        left = one_kind_of_reservation(left);
        left = one_capacity_block(left);
        left = fullest_reservation_per_zone(left);
    }
    let flexible = draft.requirements.iter().all(|requirement| requirement.min_values.is_none());
    if flexible {
        left = ordinary(left);
        if admits(wanted, CapacityType::Spot) && admits(wanted, CapacityType::OnDemand) {
            left = spot_worth_it(left);
        }
    }
    left
}

fn admits(wanted: &Requirements, capacity_type: CapacityType) -> bool {
    wanted.get(keys::CAPACITY_TYPE).is_none_or(|r| r.allowed.admits(capacity_type.as_str()))
}

/// How a reservation is paid for, in the order in which equal prices are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ReservationKind {
    Standard,
    Block,
    Interruptible,
}

impl ReservationKind {
    fn of(offering: &Offering) -> Option<Self> {
        offering.reservation.as_ref()?;
        let has = |key: &str, value: &str| {
            offering.requirements.get(key).is_some_and(|requirement| requirement.allowed.admits(value))
        };
        Some(if has(keys::RESERVATION_TYPE, BLOCK) {
            ReservationKind::Block
        } else if has(keys::RESERVATION_INTERRUPTIBLE, "true") {
            ReservationKind::Interruptible
        } else {
            ReservationKind::Standard
        })
    }
}

fn offerings<'b, 'a>(candidates: &'b [Candidate<'a>]) -> impl Iterator<Item = &'a Offering> + use<'b, 'a> {
    candidates.iter().flat_map(|candidate| candidate.offerings.iter().copied())
}

/// One fleet request can use one kind of reservation: the one with the cheapest offering.
fn one_kind_of_reservation(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let cheapest = offerings(&candidates)
        .filter_map(|offering| Some((offering.price, ReservationKind::of(offering)?)))
        .min();
    match cheapest {
        Some((_, kind)) => only(candidates, |offering| ReservationKind::of(offering) == Some(kind)),
        None => candidates,
    }
}

/// A capacity block is bought alone: the cheapest.
fn one_capacity_block(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let blocks = candidates.iter().flat_map(|candidate| {
        let blocks = candidate
            .offerings
            .iter()
            .filter(|offering| ReservationKind::of(offering) == Some(ReservationKind::Block));
        blocks.map(|offering| (offering.price, candidate.instance_type.name.clone(), *offering))
    });
    let cheapest = blocks.min_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    match cheapest {
        Some((_, _, block)) => only(candidates, |offering| std::ptr::eq(offering, block)),
        None => candidates,
    }
}

/// Of the reservations of a type in a zone, the one with most left.
fn fullest_reservation_per_zone(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let reserved: Vec<Candidate<'_>> = candidates
        .iter()
        .filter_map(|candidate| {
            let mut kept: Vec<&Offering> = Vec::new();
            for offering in candidate.offerings.iter().filter(|offering| offering.reservation.is_some()) {
                match kept.iter_mut().find(|other| other.zone == offering.zone) {
                    Some(other) if remaining(offering) > remaining(other) => *other = offering,
                    Some(_) => {}
                    None => kept.push(offering),
                }
            }
            let instance_type = candidate.instance_type;
            (!kept.is_empty()).then_some(Candidate { instance_type, offerings: kept })
        })
        .collect();
    if reserved.is_empty() { candidates } else { reserved }
}

fn remaining(offering: &Offering) -> u32 {
    offering.reservation.as_ref().map_or(0, |reservation| reservation.remaining)
}

/// Without bare metal and accelerators, unless that is all there is.
fn ordinary(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let plain: Vec<Candidate<'_>> =
        candidates.iter().filter(|candidate| !is_exotic(candidate)).cloned().collect();
    if plain.is_empty() { candidates } else { plain }
}

fn is_exotic(candidate: &Candidate<'_>) -> bool {
    let size = candidate.instance_type.name.split_once('.').map_or("", |(_, size)| size);
    let capacity = &candidate.instance_type.capacity;
    size.contains("metal")
        || capacity.iter().any(|(name, amount)| EXOTIC.contains(&name.as_str()) && !amount.is_zero())
}

/// Without spot that is dearer than the cheapest that never goes away.
fn spot_worth_it(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let price_of = |capacity_type: CapacityType| -> Option<Price> {
        let of_type = offerings(&candidates).filter(|offering| offering.capacity_type == capacity_type);
        of_type.map(|offering| offering.price).min()
    };
    match (price_of(CapacityType::OnDemand), price_of(CapacityType::Spot)) {
        (Some(limit), Some(_)) => only(candidates, |offering| {
            offering.capacity_type != CapacityType::Spot || offering.price <= limit
        }),
        _ => candidates,
    }
}
