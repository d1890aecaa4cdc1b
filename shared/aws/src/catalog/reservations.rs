//! How many machines the reservations of a class still hold: EC2 counts, for a minute at a time (aws 5.5).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::error::DisplayErrorContext;
use aws_sdk_ec2::types::{CapacityReservation, Filter};
use jiff::{SignedDuration, Timestamp};
use joiner_core::model::NodeClass;
use joiner_ports::BoxError;

use crate::expiring::Expiring;

/// How long a count is believed.
const LIFETIME: SignedDuration = SignedDuration::from_mins(1);
/// Largest page EC2 gives.
const RESERVATIONS_PER_PAGE: i32 = 1000;

/// Machines still to be had, by reservation id.
type Counts = Arc<BTreeMap<String, u32>>;

/// The counts of one process.
#[derive(Debug)]
pub(super) struct ReservationCounts {
    known: Expiring<(), Counts>,
}

impl ReservationCounts {
    pub(super) fn new() -> Self {
        ReservationCounts { known: Expiring::lasting(LIFETIME) }
    }

    /// The class with the counts EC2 gives now. When EC2 does not answer, the last counts stand, and without any
    /// those of the class: a launch into a full reservation is refused and tried another way.
    pub(super) async fn fill<'a>(
        &self,
        ec2: &aws_sdk_ec2::Client,
        class: &'a NodeClass,
        now: Timestamp,
    ) -> Cow<'a, NodeClass> {
        if class.capacity_reservations.is_empty() {
            return Cow::Borrowed(class);
        }
        let Some(counts) = self.counts(ec2, now).await else { return Cow::Borrowed(class) };
        let mut class = class.clone();
        for held in &mut class.capacity_reservations {
            // behaviour: catalog/a-reservation-that-is-gone-holds-nothing
            held.remaining = counts.get(&*held.id).copied().unwrap_or(0);
        }
        Cow::Owned(class)
    }

    async fn counts(&self, ec2: &aws_sdk_ec2::Client, now: Timestamp) -> Option<Counts> {
        if let Some(counts) = self.known.get(&(), now) {
            return Some(counts);
        }
        match count(ec2).await {
            Ok(counts) => {
                let counts = Arc::new(counts);
                self.known.put((), Arc::clone(&counts), now);
                Some(counts)
            }
            Err(error) => {
                let error = DisplayErrorContext(&*error);
                tracing::warn!(%error, "EC2 does not count its capacity reservations");
                self.known.last_known(&())
            }
        }
    }
}

/// Every active reservation the account may use. Asked without ids: one that is gone would make EC2 refuse all.
async fn count(ec2: &aws_sdk_ec2::Client) -> Result<BTreeMap<String, u32>, BoxError> {
    let pages = ec2
        .describe_capacity_reservations()
        .filters(Filter::builder().name("state").values("active").build())
        .max_results(RESERVATIONS_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let found = pages.collect::<Result<Vec<CapacityReservation>, _>>().await?;
    let remaining = |held: &CapacityReservation| {
        let id = held.capacity_reservation_id()?.to_owned();
        let available = held.available_instance_count().unwrap_or(0);
        Some((id, u32::try_from(available).unwrap_or(0)))
    };
    Ok(found.iter().filter_map(remaining).collect())
}
