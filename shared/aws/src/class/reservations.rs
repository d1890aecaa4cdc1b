//! Which capacity reservations do the terms of a class select (aws 5.5)?

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{CapacityReservation, Filter};
use jiff::{SignedDuration, Timestamp};
use joiner_api::crd::ec2nodeclass::{
    CapacityReservationSelectorTerm, CapacityReservationState, CapacityReservationStatus,
    CapacityReservationType, InstanceMatchCriteria,
};
use joiner_ports::CloudError;

use super::{Asked, selector};
use crate::ec2::failure::Ec2Failure;

/// Largest page EC2 gives.
const RESERVATIONS_PER_PAGE: i32 = 1000;
/// EC2 starts to take a capacity block back half an hour before its end; machines leave ten minutes earlier.
const BLOCK_LEAVES_BEFORE_END: SignedDuration = SignedDuration::from_mins(40);
/// Start of the codes by which EC2 says that there is no such reservation.
const NO_RESERVATION: &str = "InvalidCapacityReservationId.";

/// Active reservations that any term selects, by id. None is no fault: machines are bought another way then.
pub(super) async fn resolve(
    asked: &Asked<'_>,
    terms: &[CapacityReservationSelectorTerm],
) -> Result<Vec<CapacityReservationStatus>, CloudError> {
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let question = format!("{terms:?}");
    let known = asked.memory.reservations.get(&question, asked.now);
    let mut found = match known {
        Some(found) => found,
        None => {
            let answers =
                futures::future::try_join_all(terms.iter().map(|term| describe(asked, term))).await?;
            let statuses = answers.iter().flatten().filter_map(status);
            let by_id: BTreeMap<_, _> = statuses.map(|status| (status.id.clone(), status)).collect();
            let found: Vec<_> = by_id.into_values().collect();
            asked.memory.reservations.put(question, found.clone(), asked.now);
            found
        }
    };
    found.retain(|held| held.end_time.is_none_or(|end| end > asked.now));
    for held in &mut found {
        held.state = state(held, asked.now);
    }
    Ok(found)
}

async fn describe(
    asked: &Asked<'_>,
    term: &CapacityReservationSelectorTerm,
) -> Result<Vec<CapacityReservation>, CloudError> {
    let request = asked.clients.ec2().describe_capacity_reservations();
    // Pages and ids exclude each other.
    let request = match &term.id {
        Some(id) => request.capacity_reservation_ids(id).filters(selector::filter("state", ["active"])),
        None => request.set_filters(Some(filters(term))).max_results(RESERVATIONS_PER_PAGE),
    };
    let pages = request.into_paginator().items().send();
    match pages.collect::<Result<Vec<_>, _>>().await.map_err(Ec2Failure::of) {
        Ok(found) => Ok(found),
        Err(Ec2Failure::Refused { code, .. }) if code.starts_with(NO_RESERVATION) => Ok(Vec::new()),
        Err(failure) => Err(failure.into()),
    }
}

fn filters(term: &CapacityReservationSelectorTerm) -> Vec<Filter> {
    let mut filters = selector::tags(&term.tags);
    filters.extend(term.owner_id.as_deref().map(|owner| selector::filter("owner-id", [owner])));
    filters.extend(term.instance_match_criteria.map(|criteria| {
        let criteria = match criteria {
            InstanceMatchCriteria::Open => "open",
            InstanceMatchCriteria::Targeted => "targeted",
        };
        selector::filter("instance-match-criteria", [criteria])
    }));
    filters.push(selector::filter("state", ["active"]));
    filters
}

/// The reservation as the status shows it; none of a kind that is not known, which is said in the log.
fn status(held: &CapacityReservation) -> Option<CapacityReservationStatus> {
    let id = held.capacity_reservation_id()?.to_owned();
    let known = criteria(held).zip(reservation_type(held));
    let Some((instance_match_criteria, reservation_type)) = known else {
        tracing::warn!(reservation = %id, "a capacity reservation of an unknown kind is left out");
        return None;
    };
    Some(CapacityReservationStatus {
        availability_zone: held.availability_zone()?.to_owned(),
        end_time: held.end_date().and_then(|end| Timestamp::from_second(end.secs()).ok()),
        id,
        instance_match_criteria,
        instance_type: held.instance_type()?.to_owned(),
        interruptible: Some(held.interruptible().unwrap_or(false)),
        owner_id: held.owner_id()?.to_owned(),
        reservation_type,
        state: CapacityReservationState::Active,
    })
}

fn criteria(held: &CapacityReservation) -> Option<InstanceMatchCriteria> {
    match held.instance_match_criteria()?.as_str() {
        "open" => Some(InstanceMatchCriteria::Open),
        "targeted" => Some(InstanceMatchCriteria::Targeted),
        _ => None,
    }
}

/// Reservations made before there were several types do not name one.
fn reservation_type(held: &CapacityReservation) -> Option<CapacityReservationType> {
    match held.reservation_type().map_or("default", |kind| kind.as_str()) {
        "default" => Some(CapacityReservationType::Default),
        "capacity-block" => Some(CapacityReservationType::CapacityBlock),
        _ => None,
    }
}

fn state(held: &CapacityReservationStatus, now: Timestamp) -> CapacityReservationState {
    // behaviour: class/capacity-blocks-expire-before-their-end
    let is_block = held.reservation_type == CapacityReservationType::CapacityBlock;
    match held.end_time {
        Some(end) if is_block && now >= end - BLOCK_LEAVES_BEFORE_END => CapacityReservationState::Expiring,
        _ => CapacityReservationState::Active,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::primitives::DateTime;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reservation(kind: &str) -> CapacityReservation {
        CapacityReservation::builder()
            .capacity_reservation_id("cr-1")
            .availability_zone("us-east-1a")
            .end_date(DateTime::from_secs(10_000))
            .instance_match_criteria("targeted".into())
            .instance_type("p5.48xlarge")
            .owner_id("111122223333")
            .reservation_type(kind.into())
            .build()
    }

    // behaviour: class/capacity-blocks-expire-before-their-end
    #[test]
    fn a_capacity_block_expires_forty_minutes_before_its_end_and_a_default_reservation_does_not() {
        let block = status(&reservation("capacity-block")).unwrap();
        let states = [7_599, 7_600].map(|now| state(&block, at(now)));
        assert_eq!(states, [CapacityReservationState::Active, CapacityReservationState::Expiring]);
        let default = status(&reservation("default")).unwrap();
        assert_eq!(state(&default, at(9_999)), CapacityReservationState::Active);
    }

    #[test]
    fn a_reservation_is_shown_with_what_launches_need() {
        let expected = CapacityReservationStatus {
            availability_zone: "us-east-1a".to_owned(),
            end_time: Some(at(10_000)),
            id: "cr-1".to_owned(),
            instance_match_criteria: InstanceMatchCriteria::Targeted,
            instance_type: "p5.48xlarge".to_owned(),
            interruptible: Some(false),
            owner_id: "111122223333".to_owned(),
            reservation_type: CapacityReservationType::CapacityBlock,
            state: CapacityReservationState::Active,
        };
        assert_eq!(status(&reservation("capacity-block")), Some(expected));
        assert_eq!(status(&reservation("of-the-future")), None);
    }

    #[test]
    fn terms_without_an_id_are_filters_that_all_must_match() {
        let term = CapacityReservationSelectorTerm {
            tags: [("team".to_owned(), "ml".to_owned())].into(),
            id: None,
            owner_id: Some("111122223333".to_owned()),
            instance_match_criteria: Some(InstanceMatchCriteria::Open),
        };
        let expected = [
            selector::filter("tag:team", ["ml"]),
            selector::filter("owner-id", ["111122223333"]),
            selector::filter("instance-match-criteria", ["open"]),
            selector::filter("state", ["active"]),
        ];
        assert_eq!(filters(&term), expected);
    }
}
