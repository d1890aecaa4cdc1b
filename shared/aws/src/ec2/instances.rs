//! Which instances are there, and how do they end (aws 6.8)?
//!
//! EC2 shows a new instance to describing calls only after a moment. What this process launched lately counts as
//! there until EC2 has had time to know it.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_ec2::types::{
    CapacityReservationPreference, Filter, Instance as Ec2Instance, InstanceLifecycleType, InstanceStateName,
};
use jiff::{SignedDuration, Timestamp};
use joiner_core::model::{CapacityType, Labels, keys};
use joiner_ports::{ClaimName, ClusterName, Instance, InstanceId, InstanceState, LaunchToken, Termination};

use super::failure::Ec2Failure;
use super::launched::{Purchase, provider_id};
use super::tags::{self, CLAIM_TAG, CLUSTER_TAG, TOKEN_TAG};
use crate::expiring::Expiring;

/// How long EC2 may take to show an instance.
const APPEARS_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// How long an instance is remembered as asked to end; asking again is only dearer.
const ENDS_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// Most instances of one page.
const PAGE: i32 = 1000;
/// States of instances that still exist.
const EXISTING: [InstanceStateName; 5] = [
    InstanceStateName::Pending,
    InstanceStateName::Running,
    InstanceStateName::Stopping,
    InstanceStateName::Stopped,
    InstanceStateName::ShuttingDown,
];

/// What this process launched and ended lately.
#[derive(Debug)]
pub(super) struct Lately {
    launched: Expiring<InstanceId, ()>,
    ended: Expiring<InstanceId, ()>,
}

impl Default for Lately {
    fn default() -> Self {
        Lately { launched: Expiring::lasting(APPEARS_WITHIN), ended: Expiring::lasting(ENDS_WITHIN) }
    }
}

impl Lately {
    /// Remembers a launch.
    pub(super) fn launched(&self, instance: &InstanceId, now: Timestamp) {
        self.launched.put(instance.clone(), (), now);
    }

    fn may_not_show_yet(&self, instance: &InstanceId, now: Timestamp) -> bool {
        self.launched.get(instance, now).is_some()
    }
}

/// Every instance launched for a cluster, whichever process or product launched it, in order of ids.
pub(super) async fn list(
    client: &aws_sdk_ec2::Client,
    cluster: &ClusterName,
) -> Result<Vec<Instance>, Ec2Failure> {
    // behaviour: launch/instances-of-other-clusters-are-not-listed
    let mut pages = client
        .describe_instances()
        .filters(filter("tag-key", [keys::NODE_POOL]))
        .filters(filter("tag-key", [keys::NODE_CLASS]))
        .filters(filter(&format!("tag:{CLUSTER_TAG}"), [cluster.as_str()]))
        .filters(filter("instance-state-name", EXISTING.iter().map(InstanceStateName::as_str)))
        .max_results(PAGE)
        .into_paginator()
        .send();
    let mut instances = Vec::new();
    while let Some(page) = pages.next().await {
        let reservations = page.map_err(Ec2Failure::of)?.reservations.unwrap_or_default();
        let found = reservations.iter().flat_map(|reservation| reservation.instances());
        instances.extend(found.filter_map(listed));
    }
    instances.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(instances)
}

/// What a token launched.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An instance that exists.
    Live(Box<Purchase>),
    /// Only one that is ending or has ended.
    Ended,
    /// None that EC2 shows.
    Nothing,
}

/// Looks for the instance of a token.
pub(super) async fn of_token(
    client: &aws_sdk_ec2::Client,
    cluster: &ClusterName,
    token: &LaunchToken,
) -> Result<Found, Ec2Failure> {
    let answer = client
        .describe_instances()
        .filters(filter(&format!("tag:{TOKEN_TAG}"), [token.as_str()]))
        .filters(filter(&format!("tag:{CLUSTER_TAG}"), [cluster.as_str()]))
        .send()
        .await
        .map_err(Ec2Failure::of)?;
    let all: Vec<&Ec2Instance> = answer.reservations().iter().flat_map(|found| found.instances()).collect();
    let mut live: Vec<Purchase> = all
        .iter()
        .filter(|instance| matches!(state(instance), Some(InstanceState::Pending | InstanceState::Running)))
        .filter_map(|instance| purchase(instance))
        .collect();
    live.sort_by(|a, b| a.instance.cmp(&b.instance));
    Ok(match live.into_iter().next() {
        Some(purchase) => Found::Live(Box::new(purchase)),
        None if all.is_empty() => Found::Nothing,
        None => Found::Ended,
    })
}

/// Whether an instance exists.
pub(super) async fn exists(
    client: &aws_sdk_ec2::Client,
    lately: &Lately,
    instance: &InstanceId,
    now: Timestamp,
) -> Result<bool, Ec2Failure> {
    Ok(match look(client, instance).await? {
        Sight::There(_) => true,
        Sight::Ended => false,
        // behaviour: launch/a-new-instance-exists-before-ec2-shows-it
        Sight::Unknown => lately.may_not_show_yet(instance, now),
    })
}

/// What EC2 shows of an instance.
enum Sight {
    /// It exists.
    There(InstanceState),
    /// It has ended.
    Ended,
    /// EC2 does not know it, or not yet.
    Unknown,
}

async fn look(client: &aws_sdk_ec2::Client, instance: &InstanceId) -> Result<Sight, Ec2Failure> {
    let answer = client.describe_instances().instance_ids(instance.as_str()).send().await;
    match answer.map_err(Ec2Failure::of) {
        Ok(answer) => {
            let mut found = answer.reservations().iter().flat_map(|reservation| reservation.instances());
            Ok(found.next().map_or(Sight::Unknown, |found| state(found).map_or(Sight::Ended, Sight::There)))
        }
        Err(failure) if failure.is_no_instance() => Ok(Sight::Unknown),
        Err(failure) => Err(failure),
    }
}

/// Ends an instance. One that was asked to end before is only looked at: looking is cheap, ending is not.
pub(super) async fn terminate(
    client: &aws_sdk_ec2::Client,
    lately: &Lately,
    instance: &InstanceId,
    now: Timestamp,
) -> Result<Termination, Ec2Failure> {
    if lately.ended.get(instance, now).is_some() {
        match look(client, instance).await? {
            Sight::Ended | Sight::Unknown => return Ok(Termination::Gone),
            Sight::There(InstanceState::ShuttingDown) => return Ok(Termination::Asked),
            Sight::There(_) => {}
        }
    }
    let answer = client.terminate_instances().instance_ids(instance.as_str()).send().await;
    match answer.map_err(Ec2Failure::of) {
        Ok(answer) => {
            let now_state = answer.terminating_instances().first().and_then(|change| change.current_state());
            if now_state.and_then(|state| state.name()) == Some(&InstanceStateName::Terminated) {
                return Ok(Termination::Gone);
            }
            lately.ended.put(instance.clone(), (), now);
            Ok(Termination::Asked)
        }
        Err(failure) if failure.is_no_instance() && lately.may_not_show_yet(instance, now) => {
            Ok(Termination::Asked)
        }
        Err(failure) if failure.is_no_instance() => Ok(Termination::Gone),
        Err(failure) => Err(failure),
    }
}

/// Sets tags; an instance that is gone needs none.
pub(super) async fn tag(
    client: &aws_sdk_ec2::Client,
    instance: &InstanceId,
    labels: &Labels,
) -> Result<(), Ec2Failure> {
    if labels.is_empty() {
        return Ok(());
    }
    let answer =
        client.create_tags().resources(instance.as_str()).set_tags(Some(tags::wire(labels))).send().await;
    match answer.map_err(Ec2Failure::of) {
        Err(failure) if !failure.is_no_instance() => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    let values = values.into_iter().map(str::to_owned).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// The state of an instance, unless it has ended.
fn state(instance: &Ec2Instance) -> Option<InstanceState> {
    match instance.state()?.name()? {
        InstanceStateName::Pending => Some(InstanceState::Pending),
        InstanceStateName::Running => Some(InstanceState::Running),
        InstanceStateName::Stopping | InstanceStateName::Stopped => Some(InstanceState::Stopped),
        InstanceStateName::ShuttingDown => Some(InstanceState::ShuttingDown),
        _ => None,
    }
}

fn zone(instance: &Ec2Instance) -> Option<&str> {
    instance.placement()?.availability_zone()
}

/// The reservation an instance was launched into on purpose; one that EC2 matched by itself does not count.
fn reservation(instance: &Ec2Instance) -> Option<&str> {
    let specification = instance.capacity_reservation_specification()?;
    let on_purpose = specification.capacity_reservation_preference()
        == Some(&CapacityReservationPreference::CapacityReservationsOnly);
    instance.capacity_reservation_id().filter(|_| on_purpose)
}

fn purchase(instance: &Ec2Instance) -> Option<Purchase> {
    let reservation = reservation(instance);
    let is_spot = instance.instance_lifecycle() == Some(&InstanceLifecycleType::Spot)
        || instance.spot_instance_request_id().is_some();
    let capacity_type = match (is_spot, reservation) {
        (true, _) => CapacityType::Spot,
        (false, Some(_)) => CapacityType::Reserved,
        (false, None) => CapacityType::OnDemand,
    };
    Some(Purchase {
        instance: InstanceId::new(instance.instance_id()?).ok()?,
        instance_type: instance.instance_type()?.as_str().into(),
        zone: zone(instance)?.into(),
        subnet: instance.subnet_id().map(Into::into),
        capacity_type,
        image_id: instance.image_id().map(Into::into),
        reservation_id: reservation.map(Into::into),
    })
}

fn listed(instance: &Ec2Instance) -> Option<Instance> {
    let id = InstanceId::new(instance.instance_id()?).ok()?;
    let tags: Labels = instance
        .tags()
        .iter()
        .filter_map(|tag| Some((tag.key()?.into(), tag.value().unwrap_or_default().into())))
        .collect();
    let groups: BTreeSet<Arc<str>> =
        instance.security_groups().iter().filter_map(|group| group.group_id().map(Into::into)).collect();
    Some(Instance {
        provider_id: provider_id(zone(instance)?, &id),
        id,
        state: state(instance)?,
        launched_at: instance
            .launch_time()
            .and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok())
            .unwrap_or_default(),
        node_pool: tags.get(keys::NODE_POOL).cloned(),
        claim: tags.get(CLAIM_TAG).and_then(|claim| ClaimName::new(claim).ok()),
        token: tags.get(TOKEN_TAG).and_then(|token| LaunchToken::new(token).ok()),
        image_id: instance.image_id().map(Into::into),
        subnet_id: instance.subnet_id().map(Into::into),
        security_group_ids: groups.into_iter().collect(),
        capacity_reservation_id: reservation(instance).map(Into::into),
        tags,
    })
}
