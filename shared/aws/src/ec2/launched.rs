//! What is told of a machine that was bought (aws 6.7)?

use std::sync::Arc;

use joiner_core::model::{
    Allowed, CapacityType, InstanceType, Labels, Operator, Requirements, ResourceName, Resources, keys,
};
use joiner_ports::{InstanceId, LaunchRequest, Launched};

use super::EFA_RESOURCE;
use super::choice::HostTenancy;

/// The instance profile a claim was launched with.
const PROFILE: &str = "karpenter.k8s.aws/instance-profile-name";
/// Labels that come from the reservation, never from what a type could run in.
const RESERVATION_KEYS: [&str; 3] =
    [keys::RESERVATION_ID, keys::RESERVATION_TYPE, keys::RESERVATION_INTERRUPTIBLE];

/// A machine that EC2 has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purchase {
    /// Its id.
    pub(super) instance: InstanceId,
    /// Its type.
    pub(super) instance_type: Arc<str>,
    /// Its zone.
    pub(super) zone: Arc<str>,
    /// Its subnet.
    pub(super) subnet: Option<Arc<str>>,
    /// How it is paid for.
    pub(super) capacity_type: CapacityType,
    /// Its image.
    pub(super) image_id: Option<Arc<str>>,
    /// The reservation it runs in.
    pub(super) reservation_id: Option<Arc<str>>,
}

/// Where an instance is, as nodes name it.
pub(super) fn provider_id(zone: &str, instance: &InstanceId) -> Arc<str> {
    format!("aws:///{zone}/{instance}").into()
}

/// Tells of a purchase. A type that is not listed any more leaves amounts and labels of its own out.
pub(super) fn launched(purchase: Purchase, request: &LaunchRequest<'_>, tenancy: HostTenancy) -> Launched {
    let instance_type = request.instance_types.iter().find(|found| found.name == purchase.instance_type);
    let with_efa = !request.draft.requests.amount(&ResourceName::from(EFA_RESOURCE)).is_zero()
        || request.class.network_interfaces.is_some();
    Launched {
        provider_id: provider_id(&purchase.zone, &purchase.instance),
        capacity: instance_type.map(|t| listed(&t.capacity, with_efa)).unwrap_or_default(),
        allocatable: instance_type.map(|t| listed(&t.allocatable(), with_efa)).unwrap_or_default(),
        labels: labels(&purchase, request, instance_type, tenancy),
        annotations: annotations(request),
        instance: purchase.instance,
        instance_type: purchase.instance_type,
        zone: purchase.zone,
        capacity_type: purchase.capacity_type,
        image_id: purchase.image_id,
    }
}

/// Amounts that are not zero; EFA only where interfaces for it are configured.
fn listed(amounts: &Resources, with_efa: bool) -> Resources {
    amounts
        .iter()
        .filter(|(name, amount)| !amount.is_zero() && (with_efa || name.as_str() != EFA_RESOURCE))
        .map(|(name, amount)| (name.clone(), amount))
        .collect()
}

// behaviour: launch/labels-of-the-machine-that-was-bought
fn labels(
    purchase: &Purchase,
    request: &LaunchRequest<'_>,
    instance_type: Option<&InstanceType>,
    tenancy: HostTenancy,
) -> Labels {
    let mut labels = instance_type.map(|found| single_values(&found.requirements)).unwrap_or_default();
    for key in RESERVATION_KEYS {
        labels.remove(key);
    }
    labels.insert(keys::INSTANCE_TYPE.into(), Arc::clone(&purchase.instance_type));
    labels.insert(keys::ZONE.into(), Arc::clone(&purchase.zone));
    let zone = request.class.zones.iter().find(|zone| zone.name == purchase.zone);
    labels.extend(zone.and_then(|zone| Some((keys::ZONE_ID.into(), zone.id.clone()?))));
    labels.insert(keys::CAPACITY_TYPE.into(), purchase.capacity_type.as_str().into());
    labels.insert(keys::INSTANCE_TENANCY.into(), tenancy.as_str().into());
    let pool = request.draft.labels.get(keys::NODE_POOL).cloned();
    labels.extend(pool.map(|pool| (keys::NODE_POOL.into(), pool)));
    labels.extend(reservation_labels(purchase, instance_type));
    labels
}

/// What the reservation of a machine is called.
fn reservation_labels(purchase: &Purchase, instance_type: Option<&InstanceType>) -> Labels {
    let Some(id) = &purchase.reservation_id else { return Labels::new() };
    let offerings = instance_type.map_or(&[][..], |found| &found.offerings);
    let held = offerings.iter().find(|o| o.reservation.as_ref().is_some_and(|r| r.id == *id));
    let mut labels = held.map(|offering| single_values(&offering.requirements)).unwrap_or_default();
    labels.retain(|key, _| RESERVATION_KEYS.contains(&&**key));
    labels.insert(keys::RESERVATION_ID.into(), Arc::clone(id));
    labels
}

/// Keys with exactly one admitted value.
fn single_values(requirements: &Requirements) -> Labels {
    let single = requirements.iter().filter(|requirement| requirement.allowed.operator() == Operator::In);
    single
        .filter_map(|requirement| match &requirement.allowed {
            Allowed::Only(values) if values.len() == 1 => {
                Some((requirement.key.as_str().into(), Arc::clone(values.first()?)))
            }
            Allowed::Only(_) | Allowed::AllBut { .. } => None,
        })
        .collect()
}

fn annotations(request: &LaunchRequest<'_>) -> Labels {
    let mut annotations = Labels::from([
        (keys::CLASS_HASH.into(), Arc::clone(&request.class.hash)),
        (keys::CLASS_HASH_VERSION.into(), keys::HASH_VERSION.into()),
    ]);
    let profile = request.class.resolved.instance_profile.clone();
    annotations.extend(profile.map(|profile| (PROFILE.into(), profile)));
    annotations
}
