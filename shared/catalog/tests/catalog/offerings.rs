//! Which offerings can be had, and at what price.

use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{
    AmiFamily, CapacityReservation, CapacityType, InstanceType, NodeClass, OfferingKey, Reservation,
    Unavailable,
};

use crate::support::{derived, plain_class};

fn class() -> NodeClass {
    plain_class(AmiFamily::Al2023, Catalog::embedded())
}

fn refuse(name: &str, zone: &str, capacity_type: CapacityType) -> Unavailable {
    Unavailable::Offering(OfferingKey { instance_type: name.into(), zone: zone.into(), capacity_type })
}

/// The available offerings of a type as `o`, `s`, `r` and the zone's last letter.
fn available(instance_type: &InstanceType) -> String {
    let available = instance_type.offerings.iter().filter(|offering| offering.available);
    let short = |offering: &joiner_core::model::Offering| {
        format!("{}{}", &offering.capacity_type.as_str()[..1], &offering.zone[offering.zone.len() - 1..])
    };
    available.map(short).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(class: &NodeClass, unavailable: &[Unavailable], name: &str, expected: &str) {
    let types = Catalog::embedded().instance_types(class, &AwsSettings::UNSET, unavailable);
    let instance_type = types.iter().find(|t| &*t.name == name).unwrap();
    assert_eq!(available(instance_type), expected, "{unavailable:?}");
}

// behaviour: catalog/refusals-touch-nothing-else
#[test]
fn what_was_refused_is_not_offered_and_nothing_else_is_touched() {
    let refused = [refuse("m5.large", "us-east-1b", CapacityType::Spot)];
    check(&class(), &[], "m5.large", "oa ob oc sa sb sc");
    check(&class(), &refused, "m5.large", "oa ob oc sa sc");
    check(&class(), &refused, "m5.xlarge", "oa ob oc sa sb sc");
    check(&class(), &[Unavailable::CapacityType(CapacityType::Spot)], "m5.large", "oa ob oc");
    check(&class(), &[Unavailable::FullZone("us-east-1a".into())], "m5.large", "ob oc sb sc");
    check(&class(), &[Unavailable::ShiftedZone("us-east-1c".into())], "m5.large", "oa ob sa sb");
    check(&class(), &[refuse("no.type", "nowhere", CapacityType::Spot)], "m5.large", "oa ob oc sa sb sc");
}

#[test]
fn a_zone_counts_when_the_type_is_sold_there_and_the_class_has_a_subnet() {
    check(&class(), &[], "trn1.32xlarge", "ob oc sb sc");
    check(&class(), &[], "t2.nano", "oa ob oc");
    let mut class = class();
    class.zones.truncate(2);
    check(&class, &[], "trn1.32xlarge", "ob sb");
    class.zones.clear();
    check(&class, &[], "trn1.32xlarge", "");
}

#[test]
fn offerings_that_cannot_be_had_keep_their_price() {
    let refused = [refuse("m5.large", "us-east-1b", CapacityType::Spot)];
    let types = Catalog::embedded().instance_types(&class(), &AwsSettings::UNSET, &refused);
    let m5 = types.iter().find(|t| &*t.name == "m5.large").unwrap();
    let prices: Vec<f64> = m5.offerings.iter().map(|o| o.price.usd_per_hour()).collect();
    assert_eq!(prices, [0.096, 0.096, 0.096, 0.049914, 0.057189, 0.048269]);
}

fn reservation(id: &str, zone: &str, remaining: u32, expiring: bool) -> CapacityReservation {
    CapacityReservation {
        id: id.into(),
        instance_type: "m5.large".into(),
        zone: zone.into(),
        reservation_type: "capacity-block".into(),
        interruptible: true,
        expiring,
        remaining,
    }
}

// behaviour: catalog/reserved-price-is-almost-nothing
#[test]
fn reservations_are_offered_almost_for_free_while_they_last() {
    let mut class = class();
    class.capacity_reservations = vec![
        reservation("cr-1", "us-east-1a", 2, false),
        reservation("cr-2", "us-east-1b", 0, false),
        reservation("cr-3", "us-east-1c", 5, true),
        reservation("cr-4", "us-west-2a", 5, false),
    ];
    check(&class, &[], "m5.large", "oa ob oc sa sb sc ra");
    let refused = [
        refuse("m5.large", "us-east-1a", CapacityType::OnDemand),
        Unavailable::CapacityType(CapacityType::Spot),
        Unavailable::FullZone("us-east-1a".into()),
    ];
    check(&class, &refused, "m5.large", "ob oc ra");
    let used_up = [refuse("m5.large", "us-east-1a", CapacityType::Reserved)];
    check(&class, &used_up, "m5.large", "oa ob oc sa sb sc");
    check(&class, &[Unavailable::ShiftedZone("us-east-1a".into())], "m5.large", "ob oc sb sc");
    let m5 = derived(&class, &AwsSettings::UNSET, "m5.large");
    let reserved: Vec<_> =
        m5.offerings.iter().filter(|o| o.capacity_type == CapacityType::Reserved).collect();
    assert_eq!(reserved.len(), 3, "none for a zone the region does not have");
    assert_eq!(reserved[0].reservation, Some(Reservation { id: "cr-1".into(), remaining: 2 }));
    assert_eq!(reserved[0].price.nano_usd_per_hour, 96_000_000 / 10_000_000);
}

// behaviour: catalog/reservation-keys-are-its-own
#[test]
fn only_a_reservations_own_offering_has_its_keys() {
    let mut class = class();
    class.capacity_reservations = vec![reservation("cr-1", "us-east-1a", 2, false)];
    let m5 = derived(&class, &AwsSettings::UNSET, "m5.large");
    let texts: Vec<String> = m5.offerings.iter().map(|offering| offering.requirements.to_string()).collect();
    let aws = "karpenter.k8s.aws/capacity-reservation";
    assert_eq!(
        texts[0],
        format!(
            "{aws}-id DoesNotExist, {aws}-interruptible DoesNotExist, {aws}-type DoesNotExist, \
             karpenter.sh/capacity-type In [on-demand], topology.k8s.aws/zone-id In [use1-az1], \
             topology.kubernetes.io/zone In [us-east-1a]"
        )
    );
    assert_eq!(
        texts[6],
        format!(
            "{aws}-id In [cr-1], {aws}-interruptible In [true], {aws}-type In [capacity-block], \
             karpenter.sh/capacity-type In [reserved], topology.k8s.aws/zone-id In [use1-az1], \
             topology.kubernetes.io/zone In [us-east-1a]"
        )
    );
}
