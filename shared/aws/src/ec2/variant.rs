//! Which types share a launch template (aws 4.3)?
//!
//! A template holds everything about a machine but its type and its place: types that differ in their image, in
//! how many pods the kubelet is told to take, or in their network cards need templates of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::model::{InstanceType, NodeClass, Offering, Quantity, ResourceName, keys};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::LaunchError;

use super::EFA_RESOURCE;
use super::choice::{Candidate, Choice};

/// The reservation a template launches into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ReservationTarget {
    /// Its id, `cr-...`.
    pub(super) id: Arc<str>,
    /// Whether it is a capacity block.
    pub(super) block: bool,
    /// Whether EC2 may take it back.
    pub(super) interruptible: bool,
}

/// What types of one template have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Variant {
    /// Their image.
    pub(super) image: Arc<str>,
    /// Their EFA interfaces; zero unless the claim asks for EFA.
    pub(super) efa: u32,
    /// Most pods of a node.
    pub(super) pods: i64,
    /// Where they run.
    pub(super) reservation: Option<ReservationTarget>,
}

/// One way to buy with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way<'a> {
    /// The type.
    pub(super) instance_type: &'a InstanceType,
    /// The offering.
    pub(super) offering: &'a Offering,
}

/// What a choice needs templates for, in a fixed order; ways within one are in the order of the choice.
///
/// # Errors
/// `Rejected`, when the class has an image for none of the types.
pub(super) fn of_choice<'a>(
    choice: &Choice<'a>,
    class: &NodeClass,
    draft: &ClaimDraft,
) -> Result<BTreeMap<Variant, Vec<Way<'a>>>, LaunchError> {
    let asks_efa = !draft.requests.amount(&ResourceName::from(EFA_RESOURCE)).is_zero();
    let mut variants: BTreeMap<Variant, Vec<Way<'a>>> = BTreeMap::new();
    for candidate in &choice.candidates {
        let Some(image) = image(class, candidate.instance_type) else { continue };
        for offering in &candidate.offerings {
            let variant = Variant {
                image: Arc::clone(&image),
                efa: if asks_efa { count(candidate, EFA_RESOURCE) } else { 0 },
                pods: candidate.instance_type.capacity.amount(&ResourceName::Pods).units_ceil(),
                reservation: target(offering),
            };
            let ways = variants.entry(variant).or_default();
            let way = Way { instance_type: candidate.instance_type, offering };
            // Offerings that differ only in what EC2 is not told, such as a partition, are one way.
            let same = |other: &Way<'_>| {
                other.instance_type.name == way.instance_type.name && other.offering.zone == way.offering.zone
            };
            if !ways.iter().any(same) {
                ways.push(way);
            }
        }
    }
    if variants.is_empty() {
        let message =
            format!("EC2NodeClass {}: its status has no image for any type that would do", class.name);
        return Err(LaunchError::Rejected { reason: "AMINotFound".to_owned(), message });
    }
    Ok(variants)
}

/// The first image of the class that the type can start (aws 3.2).
pub(super) fn image(class: &NodeClass, instance_type: &InstanceType) -> Option<Arc<str>> {
    let starts = |image: &&joiner_core::model::Image| {
        let needs = image.requirements.iter().cloned().collect();
        instance_type.requirements.is_compatible(&needs, true)
    };
    class.resolved.images.iter().find(starts).map(|image| Arc::clone(&image.id))
}

fn count(candidate: &Candidate<'_>, resource: &str) -> u32 {
    let amount: Quantity = candidate.instance_type.capacity.amount(&ResourceName::from(resource));
    u32::try_from(amount.units_ceil()).unwrap_or(0)
}

fn target(offering: &Offering) -> Option<ReservationTarget> {
    let reservation = offering.reservation.as_ref()?;
    let has = |key: &str, value: &str| {
        offering.requirements.get(key).is_some_and(|requirement| requirement.allowed.admits(value))
    };
    Some(ReservationTarget {
        id: Arc::clone(&reservation.id),
        block: has(keys::RESERVATION_TYPE, "capacity-block"),
        interruptible: has(keys::RESERVATION_INTERRUPTIBLE, "true"),
    })
}
