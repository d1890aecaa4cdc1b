//! What may be bought for a claim (aws 6.2, 6.3)?
//!
//! The requirements of the claim meet the types of its class. Of what is left, filters take away what the claim
//! would be worse off with; then the way of paying is chosen, and the cheapest types are kept.

mod filters;
mod truncate;

use joiner_core::model::{CapacityType, InstanceType, Offering, Price, Requirements, Resources, keys};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::{LaunchError, LaunchRequest};

/// A type with the offerings of it that may be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    /// The type.
    pub(super) instance_type: &'a InstanceType,
    /// Its available offerings that the claim admits, in the order of the type.
    pub(super) offerings: Vec<&'a Offering>,
}

impl Candidate<'_> {
    /// Price of its cheapest offering.
    fn cheapest(&self) -> Option<Price> {
        self.offerings.iter().map(|offering| offering.price).min()
    }
}

/// Tenancy of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum HostTenancy {
    /// On shared hardware.
    Shared,
    /// On hardware of the account's own.
    Dedicated,
}

impl HostTenancy {
    /// The value of the tenancy label.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            HostTenancy::Shared => "default",
            HostTenancy::Dedicated => "dedicated",
        }
    }
}

/// What to ask EC2 for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice<'a> {
    /// How it will be paid for.
    pub(super) capacity_type: CapacityType,
    /// Where it will run.
    pub(super) tenancy: HostTenancy,
    /// Types with their offerings of that capacity type, the cheapest type first.
    pub(super) candidates: Vec<Candidate<'a>>,
}

/// Chooses for a request.
///
/// # Errors
/// `NoCapacity` of nothing in particular when nothing can be bought that the claim admits: what it was planned
/// on has gone meanwhile, so it is to be planned again.
// behaviour: launch/offerings-are-filtered-as-the-reference-does
pub(super) fn choose<'a>(request: &LaunchRequest<'a>) -> Result<Choice<'a>, LaunchError> {
    let wanted: Requirements = request.draft.requirements.iter().cloned().collect();
    let found = compatible(request.draft, &wanted, request.instance_types);
    let found = filters::apply(found, &wanted, request.draft);
    let kept = truncate::cheapest(found, &wanted).ok_or_else(nothing)?;
    let capacity_type = capacity_type(&kept).ok_or_else(nothing)?;
    let candidates = only(kept, |offering| offering.capacity_type == capacity_type);
    Ok(Choice { capacity_type, tenancy: tenancy(request.draft), candidates })
}

fn nothing() -> LaunchError {
    LaunchError::NoCapacity(Vec::new())
}

/// Types that the claim admits and fits on, with what can be bought of them.
fn compatible<'a>(
    draft: &ClaimDraft,
    wanted: &Requirements,
    types: &'a [InstanceType],
) -> Vec<Candidate<'a>> {
    let requests = requests(draft);
    let admitted = types.iter().filter(|found| {
        wanted.is_compatible(&found.requirements, true)
            && requests.shortfall_in(&found.allocatable()).is_none()
    });
    let with_offerings = admitted.map(|instance_type| Candidate {
        instance_type,
        offerings: instance_type
            .offerings
            .iter()
            .filter(|offering| offering.available && wanted.is_compatible(&offering.requirements, true))
            .collect(),
    });
    with_offerings.filter(|candidate| !candidate.offerings.is_empty()).collect()
}

/// What the claim asks for that a type must have. Enclaves are asked for by a name that no type lists.
fn requests(draft: &ClaimDraft) -> Resources {
    let asked = draft.requests.iter().filter(|(name, _)| name.as_str() != super::ENCLAVE_REQUEST);
    asked.map(|(name, amount)| (name.clone(), amount)).collect()
}

/// The candidates with only the offerings that pass; those without any fall out.
fn only<'a>(candidates: Vec<Candidate<'a>>, passes: impl Fn(&Offering) -> bool) -> Vec<Candidate<'a>> {
    candidates
        .into_iter()
        .filter_map(|mut candidate| {
            candidate.offerings.retain(|offering| passes(offering));
            (!candidate.offerings.is_empty()).then_some(candidate)
        })
        .collect()
}

/// What is paid for already, else what is spare, else the list price.
fn capacity_type(candidates: &[Candidate<'_>]) -> Option<CapacityType> {
    candidates.iter().flat_map(|candidate| &candidate.offerings).map(|offering| offering.capacity_type).min()
}

/// Shared hardware, unless only hardware of its own will do.
pub(super) fn tenancy(draft: &ClaimDraft) -> HostTenancy {
    let mut required = draft.requirements.iter().filter(|r| r.key.as_str() == keys::INSTANCE_TENANCY);
    let shared = required.all(|requirement| requirement.allowed.admits(HostTenancy::Shared.as_str()));
    if shared { HostTenancy::Shared } else { HostTenancy::Dedicated }
}

#[cfg(test)]
mod tests;
