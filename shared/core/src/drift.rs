//! Does a machine still match its pool and its class, and if not, in what? (disruption 2.10, aws 8.5)

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{
    Allowed, CapacityType, ConditionKind, Image, InstanceType, Labels, NodeClaim, NodeClass, NodePool,
    Requirement, Requirements, keys,
};
use crate::readiness::stamp::{self, StampKeys};

/// A claim this young has been launched from a type that exists.
const TYPE_KNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// In what a machine differs. The order is that in which they are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DriftCause {
    /// The template of its pool changed.
    NodePoolDrifted,
    /// Its labels do not meet the requirements of its pool.
    RequirementsDrifted,
    /// Its type, or the way it was bought, is not offered any more.
    InstanceTypeNotFound,
    /// Its class changed.
    NodeClassDrift,
    /// Its image is not the one its type would be started with today.
    AmiDrift,
    /// Its security groups are not those of its class.
    SecurityGroupDrift,
    /// Its subnet is none of its class.
    SubnetDrift,
    /// Its capacity reservation is none of its class.
    CapacityReservationDrift,
}

impl DriftCause {
    /// Reason of the condition.
    pub const fn as_str(self) -> &'static str {
        match self {
            DriftCause::NodePoolDrifted => "NodePoolDrifted",
            DriftCause::RequirementsDrifted => "RequirementsDrifted",
            DriftCause::InstanceTypeNotFound => "InstanceTypeNotFound",
            DriftCause::NodeClassDrift => "NodeClassDrift",
            DriftCause::AmiDrift => "AMIDrift",
            DriftCause::SecurityGroupDrift => "SecurityGroupDrift",
            DriftCause::SubnetDrift => "SubnetDrift",
            DriftCause::CapacityReservationDrift => "CapacityReservationDrift",
        }
    }
}

/// What the cloud says of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceFacts<'a> {
    /// Its subnet.
    pub subnet_id: Option<&'a str>,
    /// Its security groups.
    pub security_group_ids: &'a [Arc<str>],
    /// The reservation it runs in.
    pub capacity_reservation_id: Option<&'a str>,
}

/// What a claim is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its pool.
    pub pool: &'a NodePool,
    /// Its class, if it exists.
    pub class: Option<&'a NodeClass>,
    /// The types of the class; empty when they cannot be told.
    pub types: &'a [InstanceType],
}

/// Whether a claim has drifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// It matches.
    None,
    /// It does not.
    Found(DriftCause),
    /// It cannot be told: what was said stays.
    Unknown,
}

/// Judges a claim. `instance` is what the cloud says, if it knows the machine.
pub fn judge(
    claim: &NodeClaim,
    wanted: &Wanted<'_>,
    instance: Option<InstanceFacts<'_>>,
    now: Timestamp,
) -> Drift {
    if !claim.is(ConditionKind::Launched) {
        return Drift::None;
    }
    let of_pool = [
        (hash_differs(&wanted.pool.annotations, claim, &stamp::POOL), DriftCause::NodePoolDrifted),
        (requirements_differ(claim, wanted.pool), DriftCause::RequirementsDrifted),
        (type_is_gone(claim, wanted.types, now), DriftCause::InstanceTypeNotFound),
    ];
    if let Some((_, cause)) = of_pool.into_iter().find(|(differs, _)| *differs) {
        return Drift::Found(cause);
    }
    match wanted.class {
        Some(class) => of_class(claim, class, wanted.types, instance),
        None => Drift::None,
    }
}

/// What the class says; what it does not tell yet is neither drift nor none.
fn of_class(
    claim: &NodeClaim,
    class: &NodeClass,
    types: &[InstanceType],
    instance: Option<InstanceFacts<'_>>,
) -> Drift {
    if hash_differs(&class.annotations, claim, &stamp::CLASS) {
        return Drift::Found(DriftCause::NodeClassDrift);
    }
    let resolved = &class.resolved;
    let (Some(image), Some(wanted)) = (&claim.image_id, image_of(claim, &resolved.images, types)) else {
        return Drift::Unknown;
    };
    // behaviour: drift/an-older-image-drifts-even-while-it-is-listed
    if **image != *wanted.id {
        return Drift::Found(DriftCause::AmiDrift);
    }
    let Some(instance) =
        instance.filter(|_| !resolved.subnets.is_empty() && !resolved.security_groups.is_empty())
    else {
        return Drift::Unknown;
    };
    let has: BTreeSet<&str> = instance.security_group_ids.iter().map(|id| &**id).collect();
    if has != resolved.security_groups.iter().map(|group| &*group.id).collect() {
        return Drift::Found(DriftCause::SecurityGroupDrift);
    }
    if instance.subnet_id.is_some_and(|id| resolved.subnets.iter().all(|subnet| *subnet.id != *id)) {
        return Drift::Found(DriftCause::SubnetDrift);
    }
    let is_reserved =
        claim.labels.get(keys::CAPACITY_TYPE).is_some_and(|how| &**how == CapacityType::Reserved.as_str());
    let unknown = |id: &str| class.capacity_reservations.iter().all(|reservation| *reservation.id != *id);
    if is_reserved && instance.capacity_reservation_id.is_some_and(unknown) {
        return Drift::Found(DriftCause::CapacityReservationDrift);
    }
    Drift::None
}

/// Whether hashes that can be compared differ.
// behaviour: drift/hashes-of-another-version-are-not-compared
fn hash_differs(owner: &Labels, claim: &NodeClaim, keys: &StampKeys) -> bool {
    let of = |annotations: &Labels| {
        Some((annotations.get(keys.version)?.clone(), annotations.get(keys.hash)?.clone()))
    };
    match (of(owner), of(&claim.annotations)) {
        (Some((version, hash)), Some((own_version, own_hash))) => version == own_version && hash != own_hash,
        _ => false,
    }
}

/// Whether the labels of a claim do not meet what its pool requires now. A label it lacks does not meet a requirement
/// that asks for one.
fn requirements_differ(claim: &NodeClaim, pool: &NodePool) -> bool {
    let required: Requirements = pool.template.requirements.iter().cloned().collect();
    !Requirements::from_labels(&claim.labels).is_compatible(&required, false)
}

/// Whether nothing like it is offered, to be had at the moment or not.
fn type_is_gone(claim: &NodeClaim, types: &[InstanceType], now: Timestamp) -> bool {
    let age = claim.created_at.map_or(SignedDuration::ZERO, |created| now.duration_since(created));
    if types.is_empty() || age <= TYPE_KNOWN_FOR {
        return false;
    }
    let Some(found) = type_of(claim, types) else { return true };
    let mut labels = claim.labels.clone();
    // A reservation may end, and the instance goes on as an on-demand one.
    let was_reserved =
        labels.get(keys::CAPACITY_TYPE).is_some_and(|how| &**how == CapacityType::Reserved.as_str());
    if was_reserved {
        let of_reservation = [
            keys::CAPACITY_TYPE,
            keys::RESERVATION_ID,
            keys::RESERVATION_TYPE,
            keys::RESERVATION_INTERRUPTIBLE,
        ];
        labels.retain(|key, _| !of_reservation.contains(&&**key));
    }
    let mut own = Requirements::from_labels(&labels);
    if was_reserved {
        let either = [CapacityType::Reserved, CapacityType::OnDemand].map(|how| how.as_str().into());
        own.add(Requirement::new(keys::CAPACITY_TYPE, Allowed::Only(either.into())));
    }
    found.offerings.iter().all(|offering| own.conflict_with(&offering.requirements).is_some())
}

/// The type a claim was launched as.
fn type_of<'a>(claim: &NodeClaim, types: &'a [InstanceType]) -> Option<&'a InstanceType> {
    let name = claim.labels.get(keys::INSTANCE_TYPE)?;
    types.iter().find(|found| found.name == *name)
}

/// The image a claim would be started with today.
fn image_of<'a>(claim: &NodeClaim, images: &'a [Image], types: &[InstanceType]) -> Option<&'a Image> {
    let found = type_of(claim, types)?;
    let runs = |image: &&Image| {
        let wanted: Requirements = image.requirements.iter().cloned().collect();
        found.requirements.conflict_with(&wanted).is_none()
    };
    images.iter().find(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Offering, Operator, Price, ResolvedClass, SecurityGroup, Subnet, Zone};
    use crate::samples::{self, at, holds};

    fn image(id: &str, arch: &str) -> Image {
        let requirements = vec![Requirement::new(keys::ARCH, Allowed::one(arch))];
        Image { id: id.into(), name: id.into(), deprecated: false, requirements }
    }

    fn class() -> NodeClass {
        let zone = Zone { name: "zone-a".into(), id: None };
        let resolved = ResolvedClass {
            subnets: vec![Subnet { id: "subnet-1".into(), zone }],
            security_groups: vec![SecurityGroup { id: "sg-1".into(), name: "one".into() }],
            images: vec![image("ami-arm", "arm64"), image("ami-2", "amd64"), image("ami-1", "amd64")],
            instance_profile: None,
        };
        NodeClass { resolved, ..samples::class() }
    }

    fn types() -> Vec<InstanceType> {
        let mut found = samples::instance_types()["default"][0].clone();
        found.requirements.add(Requirement::new(keys::ARCH, Allowed::one("amd64")));
        let bought = [(keys::CAPACITY_TYPE, "on-demand"), (keys::ZONE, "zone-a")];
        let bought: Requirements =
            bought.into_iter().map(|(key, value)| Requirement::new(key, Allowed::one(value))).collect();
        found.offerings = vec![Offering {
            requirements: Arc::new(bought),
            capacity_type: CapacityType::OnDemand,
            zone: "zone-a".into(),
            price: Price::from_usd_per_hour(0.1),
            available: false,
            reservation: None,
        }];
        vec![found]
    }

    fn claim() -> NodeClaim {
        let mut claim = samples::claim("general", "a");
        let labels =
            [(keys::INSTANCE_TYPE, "m5.large"), (keys::CAPACITY_TYPE, "on-demand"), (keys::ZONE, "zone-a")];
        claim.labels.extend(labels.map(|(key, value)| (key.into(), value.into())));
        claim.conditions = vec![holds(ConditionKind::Launched, at(5))];
        claim.image_id = Some("ami-2".into());
        claim
    }

    fn stamped(keys: &StampKeys, version: &str, hash: &str) -> Labels {
        Labels::from([(keys.version.into(), version.into()), (keys.hash.into(), hash.into())])
    }

    struct Case {
        claim: NodeClaim,
        pool: NodePool,
        class: NodeClass,
        types: Vec<InstanceType>,
        groups: Vec<Arc<str>>,
        subnet: &'static str,
        reservation: Option<&'static str>,
        second: i64,
    }

    /// A claim in good order, with something changed.
    fn case(change: impl FnOnce(&mut Case)) -> Drift {
        let mut case = Case {
            claim: claim(),
            pool: samples::pool("general"),
            class: class(),
            types: types(),
            groups: vec!["sg-1".into()],
            subnet: "subnet-1",
            reservation: None,
            second: 100,
        };
        change(&mut case);
        let facts = InstanceFacts {
            subnet_id: Some(case.subnet),
            security_group_ids: &case.groups,
            capacity_reservation_id: case.reservation,
        };
        let wanted = Wanted { pool: &case.pool, class: Some(&case.class), types: &case.types };
        judge(&case.claim, &wanted, Some(facts), at(case.second))
    }

    #[test]
    fn a_claim_in_good_order_has_not_drifted_and_one_that_is_not_launched_neither() {
        assert_eq!(case(|_| {}), Drift::None);
        let unlaunched = case(|case| {
            case.claim.conditions.clear();
            case.class.resolved.images.clear();
        });
        assert_eq!(unlaunched, Drift::None);
    }

    // behaviour: drift/hashes-of-another-version-are-not-compared
    #[test]
    fn hashes_count_when_both_have_one_of_the_same_version() {
        for (own, owner, drifts) in [
            (Some(("joiner.v1", "1")), Some(("joiner.v1", "2")), true),
            (Some(("joiner.v1", "1")), Some(("joiner.v1", "1")), false),
            (Some(("v3", "1")), Some(("joiner.v1", "2")), false),
            (None, Some(("joiner.v1", "2")), false),
            (Some(("joiner.v1", "1")), None, false),
        ] {
            let of = |keys: &StampKeys, stamp: Option<(&str, &str)>| {
                stamp.map(|(version, hash)| stamped(keys, version, hash)).unwrap_or_default()
            };
            let found = |cause| if drifts { Drift::Found(cause) } else { Drift::None };
            let of_pool = case(|case| {
                case.claim.annotations = of(&stamp::POOL, own);
                case.pool.annotations = of(&stamp::POOL, owner);
            });
            assert_eq!(of_pool, found(DriftCause::NodePoolDrifted), "{own:?} {owner:?}");
            let of_class = case(|case| {
                case.claim.annotations = of(&stamp::CLASS, own);
                case.class.annotations = of(&stamp::CLASS, owner);
            });
            assert_eq!(of_class, found(DriftCause::NodeClassDrift), "{own:?} {owner:?}");
        }
    }

    #[test]
    fn labels_that_do_not_meet_the_requirements_drift_and_wider_ones_do_not() {
        for (key, operator, values, drifts) in [
            (keys::ZONE, Operator::In, vec!["zone-b"], true),
            (keys::ZONE, Operator::In, vec!["zone-a", "zone-b"], false),
            (keys::ZONE, Operator::Exists, vec![], false),
            (keys::ZONE, Operator::DoesNotExist, vec![], true),
            ("team", Operator::In, vec!["a"], true),
            ("team", Operator::NotIn, vec!["a"], false),
            (keys::REGION, Operator::In, vec!["us-east-1"], true),
        ] {
            let found = case(|case| {
                let requirement = Requirement::from_expression(key, operator, &values).unwrap();
                case.pool.template.requirements = vec![requirement];
            });
            let expected = if drifts { Drift::Found(DriftCause::RequirementsDrifted) } else { Drift::None };
            assert_eq!(found, expected, "{key} {operator:?} {values:?}");
        }
    }

    #[test]
    fn a_type_that_is_not_offered_any_more_drifts_after_an_hour() {
        let gone = |second| {
            case(|case| {
                case.types[0].offerings[0].requirements =
                    Arc::new([Requirement::new(keys::ZONE, Allowed::one("zone-b"))].into_iter().collect());
                case.second = second;
            })
        };
        assert_eq!(gone(3600), Drift::None);
        assert_eq!(gone(3601), Drift::Found(DriftCause::InstanceTypeNotFound));
        let untold = case(|case| {
            case.types.clear();
            case.second = 9000;
        });
        assert_eq!(untold, Drift::Unknown, "what cannot be told is no drift");
        let reserved = case(|case| {
            case.claim.labels.insert(keys::CAPACITY_TYPE.into(), "reserved".into());
            case.claim.labels.insert(keys::RESERVATION_ID.into(), "cr-1".into());
            case.second = 9000;
        });
        assert_eq!(reserved, Drift::None, "it goes on as an on-demand one");
    }

    // behaviour: drift/an-older-image-drifts-even-while-it-is-listed
    #[test]
    fn the_image_is_compared_with_the_newest_for_the_type() {
        let older = case(|case| case.claim.image_id = Some("ami-1".into()));
        assert_eq!(older, Drift::Found(DriftCause::AmiDrift));
        assert_eq!(case(|case| case.claim.image_id = None), Drift::Unknown);
        assert_eq!(case(|case| case.class.resolved.images.clear()), Drift::Unknown);
    }

    #[test]
    fn groups_subnet_and_reservation_are_compared_with_the_status() {
        let groups =
            |groups: &[&str]| case(|case| case.groups = groups.iter().map(|id| (*id).into()).collect());
        assert_eq!(groups(&["sg-1", "sg-2"]), Drift::Found(DriftCause::SecurityGroupDrift));
        assert_eq!(groups(&[]), Drift::Found(DriftCause::SecurityGroupDrift));
        assert_eq!(case(|case| case.subnet = "subnet-9"), Drift::Found(DriftCause::SubnetDrift));
        assert_eq!(case(|case| case.class.resolved.subnets.clear()), Drift::Unknown);
        let reserved = |how: &'static str| {
            case(|case| {
                case.claim.labels.insert(keys::CAPACITY_TYPE.into(), how.into());
                case.reservation = Some("cr-1");
            })
        };
        assert_eq!(reserved("reserved"), Drift::Found(DriftCause::CapacityReservationDrift));
        assert_eq!(reserved("on-demand"), Drift::None, "an open reservation it matched by chance");
    }
}
