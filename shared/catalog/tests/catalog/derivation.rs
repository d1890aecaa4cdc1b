//! Capacity, overhead and labels beyond what the recorded outcomes cover.

use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{
    AmiFamily, BlockDevice, CapacityReservation, InstanceType, NetworkInterface, NodeClass, Quantity,
    ResourceName, Resources, keys,
};

use crate::support::{derived, plain_class};

fn class(family: AmiFamily) -> NodeClass {
    plain_class(family, Catalog::embedded())
}

/// Pods, memory reserved for Kubernetes, and the whole memory overhead, of one type.
#[track_caller]
fn check(class: &NodeClass, reserved_enis: u32, name: &str, expected: (i64, &str, &str)) {
    let settings = AwsSettings { reserved_enis, ..AwsSettings::UNSET };
    let instance_type = derived(class, &settings, name);
    let memory = |resources: &Resources| resources.amount(&ResourceName::Memory).to_string();
    let pods = instance_type.capacity.amount(&ResourceName::Pods).units_ceil();
    let (kube, total) =
        (memory(&instance_type.overhead.kube_reserved), memory(&instance_type.overhead.total()));
    assert_eq!((pods, &*kube, &*total), expected, "{name} {:?}", class.ami_family);
}

// behaviour: catalog/pods-follow-the-default-network-card
#[test]
fn pods_follow_the_interfaces_the_settings_and_the_image_family() {
    check(&class(AmiFamily::Al2), 0, "m5.xlarge", (58, "893Mi", "993Mi"));
    check(&class(AmiFamily::Al2023), 0, "t3.large", (35, "640Mi", "740Mi"));
    check(&class(AmiFamily::Al2023), 1, "t3.large", (24, "640Mi", "740Mi"));
    check(&class(AmiFamily::Al2023), 99, "t3.large", (0, "640Mi", "740Mi"));
    check(&class(AmiFamily::Al2023), 0, "m6idn.32xlarge", (394, "4589Mi", "4689Mi"));
    check(&class(AmiFamily::Bottlerocket), 1, "t3.large", (24, "519Mi", "619Mi"));
    check(&class(AmiFamily::Windows2025), 2, "m5.xlarge", (110, "1465Mi", "1565Mi"));
}

// behaviour: catalog/reserve-ignores-pod-limit-where-interfaces-size-it
#[test]
fn a_pod_limit_sizes_the_reserve_only_where_the_image_follows_it() {
    let limited = |family| {
        let mut class = class(family);
        class.kubelet.max_pods = Some(10);
        class
    };
    for family in [AmiFamily::Al2, AmiFamily::Al2023, AmiFamily::Custom] {
        check(&limited(family), 0, "t3.large", (10, "640Mi", "740Mi"));
    }
    for family in [AmiFamily::Bottlerocket, AmiFamily::Windows2019, AmiFamily::Windows2022] {
        check(&limited(family), 0, "t3.large", (10, "365Mi", "465Mi"));
    }
}

#[test]
fn the_hypervisor_takes_the_share_that_is_set() {
    for (vm_memory_overhead_milli, mebibytes) in [(0, "8Gi"), (75, "7577Mi"), (1000, "0")] {
        let settings = AwsSettings { vm_memory_overhead_milli, ..AwsSettings::UNSET };
        let memory =
            derived(&class(AmiFamily::Al2023), &settings, "m5.large").capacity.amount(&ResourceName::Memory);
        assert_eq!(memory.to_string(), mebibytes, "{vm_memory_overhead_milli}");
    }
}

fn interfaces(efa_only: &[(u32, u32, bool)]) -> NodeClass {
    let interface =
        |&(card, device, efa_only): &(u32, u32, bool)| NetworkInterface { card, device, efa_only };
    let network_interfaces = Some(efa_only.iter().map(interface).collect());
    NodeClass { network_interfaces, ..class(AmiFamily::Al2023) }
}

fn amount(instance_type: &InstanceType, resource: &str) -> i64 {
    instance_type.capacity.amount(&resource.into()).units_ceil()
}

// behaviour: catalog/spelled-out-interfaces-set-efa
#[test]
fn interfaces_for_efa_alone_are_counted_as_efa_and_taken_from_pods() {
    let plain = derived(&class(AmiFamily::Al2023), &AwsSettings::UNSET, "p5.48xlarge");
    assert_eq!((amount(&plain, "vpc.amazonaws.com/efa"), amount(&plain, "pods")), (32, 100));
    let spelled_out = interfaces(&[(0, 0, false), (0, 1, true), (1, 1, true)]);
    let efa = derived(&spelled_out, &AwsSettings::UNSET, "p5.48xlarge");
    assert_eq!((amount(&efa, "vpc.amazonaws.com/efa"), amount(&efa, "pods")), (2, 51));
}

// behaviour: catalog/class-that-a-type-cannot-run
#[test]
fn a_class_that_a_type_cannot_run_leaves_it_nothing_to_buy() {
    let available = |class: &NodeClass, name: &str| {
        derived(class, &AwsSettings::UNSET, name)
            .offerings
            .iter()
            .filter(|offering| offering.available)
            .count()
    };
    let nested = NodeClass { nested_virtualization: true, ..class(AmiFamily::Al2023) };
    let tracked = NodeClass { connection_tracking: true, ..class(AmiFamily::Al2023) };
    let two_cards = interfaces(&[(0, 0, false), (1, 1, true)]);
    let third_device = interfaces(&[(0, 0, false), (0, 2, false)]);
    for (class, name, expected) in [
        (&class(AmiFamily::Al2), "a1.large", 6),
        (&class(AmiFamily::Al2023), "a1.large", 0),
        (&nested, "c8i.large", 6),
        (&nested, "m5.large", 0),
        (&tracked, "m5.large", 6),
        (&tracked, "c1.medium", 0),
        (&tracked, "m5.metal", 0),
        (&two_cards, "p5.48xlarge", 6),
        (&two_cards, "m5.large", 0),
        (&third_device, "m5.large", 6),
        (&third_device, "p5.48xlarge", 0),
        (&third_device, "c1.medium", 0),
    ] {
        assert_eq!(available(class, name), expected, "{name} {class:?}");
    }
}

// behaviour: catalog/storage-is-the-volume-that-holds-pods
#[test]
fn storage_is_the_volume_that_holds_pods() {
    let volume = |device_name: &str, gib: Option<i64>, is_root| BlockDevice {
        device_name: Some(device_name.into()),
        is_root,
        volume_size: gib.map(|gib| Quantity::from_bytes(gib << 30)),
    };
    let xvda = volume("/dev/xvda", Some(30), false);
    let xvdb = volume("/dev/xvdb", Some(40), false);
    let root = volume("/dev/sdz", Some(60), true);
    let unsized_root = volume("/dev/sdz", None, true);
    for (family, devices, expected) in [
        (AmiFamily::Al2023, vec![], "20Gi"),
        (AmiFamily::Al2023, vec![xvda.clone(), xvdb.clone()], "30Gi"),
        (AmiFamily::Bottlerocket, vec![xvda.clone(), xvdb.clone()], "40Gi"),
        (AmiFamily::Bottlerocket, vec![xvda.clone()], "20Gi"),
        (AmiFamily::Windows2022, vec![xvda.clone()], "50Gi"),
        (AmiFamily::Custom, vec![xvda.clone(), xvdb.clone()], "40Gi"),
        (AmiFamily::Custom, vec![], "20Gi"),
        (AmiFamily::Custom, vec![root.clone(), xvdb.clone()], "60Gi"),
        (AmiFamily::Al2, vec![xvda.clone(), root], "60Gi"),
        (AmiFamily::Al2, vec![xvda, unsized_root], "30Gi"),
        (AmiFamily::Al2, vec![volume("/dev/xvda", None, false)], "20Gi"),
    ] {
        let class = NodeClass { block_devices: devices, ..class(family) };
        let storage =
            derived(&class, &AwsSettings::UNSET, "m5.large").capacity.amount(&ResourceName::EphemeralStorage);
        assert_eq!(storage.to_string(), expected, "{family:?} {:?}", class.block_devices);
    }
}

#[test]
fn a_class_narrows_the_zones_and_its_reservations_add_labels() {
    let mut class = class(AmiFamily::Al2023);
    class.zones.remove(1);
    class.zones[1].id = None;
    class.capacity_reservations = vec![CapacityReservation {
        id: "cr-1".into(),
        instance_type: "m5.large".into(),
        zone: "us-east-1a".into(),
        reservation_type: "default".into(),
        interruptible: false,
        expiring: false,
        remaining: 3,
    }];
    let label = |name: &str, key: &str| {
        let instance_type = derived(&class, &AwsSettings::UNSET, name);
        let requirement =
            instance_type.requirements.get(key).map(|requirement| requirement.allowed.to_owned());
        requirement.map(|allowed| allowed.values().iter().map(|v| v.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(label("m5.large", keys::ZONE).unwrap(), ["us-east-1a", "us-east-1c"]);
    assert_eq!(label("m5.large", keys::ZONE_ID).unwrap(), ["use1-az1"]);
    assert_eq!(label("trn1.32xlarge", keys::ZONE_ID), None, "only in zones without a known id");
    assert_eq!(label("m5.large", keys::CAPACITY_TYPE).unwrap(), ["on-demand", "reserved", "spot"]);
    assert_eq!(label("m5.xlarge", keys::CAPACITY_TYPE).unwrap(), ["on-demand", "spot"]);
    assert_eq!(label("m5.large", keys::RESERVATION_ID).unwrap(), ["cr-1"]);
    assert_eq!(label("m5.large", keys::RESERVATION_TYPE).unwrap(), ["default"]);
    assert_eq!(label("m5.large", keys::RESERVATION_INTERRUPTIBLE).unwrap(), ["false"]);
    assert!(label("m5.xlarge", keys::RESERVATION_ID).unwrap().is_empty(), "said to be absent");
}

#[test]
fn types_come_in_name_order_whatever_the_class() {
    let types = Catalog::embedded().instance_types(&class(AmiFamily::Windows2019), &AwsSettings::UNSET, &[]);
    assert_eq!(types.len(), 1235);
    assert!(types.is_sorted_by(|a, b| a.name < b.name));
}
