//! Is what may be bought filtered as the reference filters it (aws_checklist N)?

use std::collections::BTreeSet;

use super::*;
use crate::ec2::samples::{al2023, among, draft, names, request, types};
use joiner_core::model::{InstanceType, Requirement, ResourceName};

/// What is chosen for requirements, of some types.
fn chosen(requirements: Vec<Requirement>, types: &[InstanceType]) -> Option<(CapacityType, Vec<String>)> {
    let (class, names, draft) = (al2023(), names(), draft(requirements));
    let choice = choose(&request(&names, &draft, &class, types)).ok()?;
    let listed = choice.candidates.iter().map(|candidate| candidate.instance_type.name.to_string());
    Some((choice.capacity_type, listed.collect()))
}

fn named(names: &[&str]) -> Vec<InstanceType> {
    types(&al2023()).into_iter().filter(|found| names.contains(&&*found.name)).collect()
}

fn ways(ways: &[&str]) -> Requirement {
    among(keys::CAPACITY_TYPE, ways)
}

// behaviour: launch/offerings-are-filtered-as-the-reference-does
#[test]
fn spot_comes_before_on_demand_and_only_where_it_is_worth_it() {
    let mut types = named(&["m5.large", "m5.xlarge"]);
    let both = vec![ways(&["spot", "on-demand"])];
    assert_eq!(chosen(both.clone(), &types).map(|(way, _)| way), Some(CapacityType::Spot));
    for offering in types[1].offerings.iter_mut().filter(|o| o.capacity_type == CapacityType::Spot) {
        offering.price = Price::from_usd_per_hour(9.0);
    }
    assert_eq!(chosen(both.clone(), &types), Some((CapacityType::Spot, vec!["m5.large".to_owned()])));
    for found in &mut types {
        found.offerings.iter_mut().for_each(|o| o.available &= o.capacity_type != CapacityType::Spot);
    }
    let all = vec!["m5.large".to_owned(), "m5.xlarge".to_owned()];
    assert_eq!(chosen(both, &types), Some((CapacityType::OnDemand, all)));
}

// behaviour: launch/offerings-are-filtered-as-the-reference-does
#[test]
fn exotic_types_are_left_alone_unless_they_are_all_there_is_or_floors_are_set() {
    let types = named(&["m5.large", "m5.metal", "g4dn.xlarge", "inf2.xlarge"]);
    let listed = |requirements| chosen(requirements, &types).map(|(_, names)| names);
    assert_eq!(listed(vec![ways(&["on-demand"])]), Some(vec!["m5.large".to_owned()]));
    let metal = among("karpenter.k8s.aws/instance-size", &["metal"]);
    assert_eq!(listed(vec![ways(&["on-demand"]), metal]), Some(vec!["m5.metal".to_owned()]));
    let mut floor = ways(&["on-demand"]);
    floor.min_values = Some(1);
    assert_eq!(listed(vec![floor]).map(|names| names.len()), Some(4));
}

// behaviour: launch/at-most-sixty-types-that-keep-the-floors
#[test]
fn sixty_of_the_cheapest_types_are_named() {
    let class = al2023();
    let all = types(&class);
    let (_, listed) = chosen(vec![ways(&["on-demand"])], &all).unwrap();
    assert_eq!(listed.len(), 60);
    let price = |name: &str| {
        let found = all.iter().find(|found| *found.name == *name).unwrap();
        found.cheapest_available(&[ways(&["on-demand"])].into_iter().collect()).unwrap().price
    };
    let prices: Vec<Price> = listed.iter().map(|name| price(name)).collect();
    assert!(prices.is_sorted());
}

// behaviour: launch/at-most-sixty-types-that-keep-the-floors
#[test]
fn floors_are_kept_by_dearer_types_or_nothing_is_chosen() {
    let class = al2023();
    let all = types(&class);
    let mut families =
        Requirement::new("karpenter.k8s.aws/instance-family", joiner_core::model::Allowed::any());
    families.min_values = Some(50);
    let (_, listed) = chosen(vec![ways(&["on-demand"]), families.clone()], &all).unwrap();
    let kinds: BTreeSet<&str> = listed.iter().filter_map(|name| Some(name.split_once('.')?.0)).collect();
    assert_eq!((listed.len(), kinds.len() >= 50), (60, true));
    families.min_values = Some(61);
    let (class, names) = (al2023(), names());
    let draft = draft(vec![ways(&["on-demand"]), families]);
    let refused = choose(&request(&names, &draft, &class, &all)).unwrap_err();
    assert!(matches!(&refused, LaunchError::NoCapacity(marks) if marks.is_empty()), "{refused:?}");
}

#[test]
fn types_that_are_too_small_or_elsewhere_are_not_chosen() {
    let types = named(&["m5.large", "m5.4xlarge"]);
    let (class, names) = (al2023(), names());
    let mut draft = draft(vec![ways(&["on-demand"]), among(keys::ZONE, &["us-east-1b"])]);
    draft.requests.set(ResourceName::Cpu, "7".parse().unwrap());
    let choice = choose(&request(&names, &draft, &class, &types)).unwrap();
    let listed: Vec<(&str, Vec<&str>)> = choice
        .candidates
        .iter()
        .map(|c| (&*c.instance_type.name, c.offerings.iter().map(|o| &*o.zone).collect()))
        .collect();
    assert_eq!(listed, [("m5.4xlarge", vec!["us-east-1b"])]);
}

mod reserved {
    use super::*;
    use joiner_core::model::CapacityReservation;

    fn held(id: &str, name: &str, kind: &str, interruptible: bool, remaining: u32) -> CapacityReservation {
        CapacityReservation {
            id: id.into(),
            instance_type: name.into(),
            zone: "us-east-1a".into(),
            reservation_type: kind.into(),
            interruptible,
            expiring: false,
            remaining,
        }
    }

    /// Ids of the reservations that are chosen.
    fn reservations(held: Vec<CapacityReservation>) -> Vec<String> {
        let (mut class, names) = (al2023(), names());
        class.capacity_reservations = held;
        let types = types(&class);
        let draft = draft(vec![ways(&["reserved", "spot", "on-demand"])]);
        let choice = choose(&request(&names, &draft, &class, &types)).unwrap();
        let offerings = choice.candidates.iter().flat_map(|candidate| &candidate.offerings);
        offerings.filter_map(|offering| Some(offering.reservation.as_ref()?.id.to_string())).collect()
    }

    // behaviour: launch/offerings-are-filtered-as-the-reference-does
    #[test]
    fn what_is_paid_for_comes_first_one_kind_at_a_time() {
        let held = vec![
            held("cr-dear", "m5.4xlarge", "default", false, 1),
            held("cr-cheap", "m5.large", "capacity-block", false, 1),
            held("cr-other", "m5.xlarge", "capacity-block", false, 1),
        ];
        assert_eq!(reservations(held), ["cr-cheap"]);
    }

    // behaviour: launch/offerings-are-filtered-as-the-reference-does
    #[test]
    fn of_one_type_in_one_zone_the_reservation_with_most_left_is_used() {
        let held = vec![
            held("cr-1", "m5.large", "default", false, 1),
            held("cr-2", "m5.large", "default", false, 5),
            held("cr-3", "m5.xlarge", "default", false, 1),
            held("cr-4", "m5.large", "default", true, 9),
        ];
        assert_eq!(reservations(held), ["cr-2", "cr-3"]);
    }

    // behaviour: launch/offerings-are-filtered-as-the-reference-does
    #[test]
    fn reserved_accelerators_are_used_although_accelerators_are_avoided() {
        assert_eq!(reservations(vec![held("cr-gpu", "g4dn.xlarge", "default", false, 1)]), ["cr-gpu"]);
    }

    #[test]
    fn nothing_left_in_reservations_falls_back() {
        assert_eq!(reservations(vec![held("cr-1", "m5.large", "default", false, 0)]), Vec::<String>::new());
    }
}
