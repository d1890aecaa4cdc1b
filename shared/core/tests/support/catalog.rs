//! A dozen instance types: three zones, spot in two of them, one architecture, system or device each for the odd
//! ones. Every well-known trait a type lacks is spelled out as absent.

use std::sync::Arc;

use joiner_core::model::{
    Allowed, CapacityType, InstanceType, LabelKey, Offering, Overhead, Price, Quantity, Requirement,
    Requirements, ResourceName, Resources, keys,
};

pub(crate) const ZONES: [&str; 3] = ["a", "b", "c"];
const SPOT_ZONES: [&str; 2] = ["a", "b"];

struct Kind {
    name: &'static str,
    arch: &'static str,
    os: &'static str,
    cpu: i64,
    gib: i64,
    pods: i64,
    device: Option<&'static str>,
}

const fn kind(name: &'static str, cpu: i64, gib: i64, pods: i64) -> Kind {
    Kind { name, arch: "amd64", os: "linux", cpu, gib, pods, device: None }
}

/// In name order. Each costs a dime per core and GiB, spot two fifths of that, a device a dollar.
const KINDS: [Kind; 12] = [
    Kind { arch: "arm64", ..kind("arm.l", 16, 128, 30) },
    Kind { arch: "arm64", ..kind("arm.s", 4, 8, 10) },
    Kind { device: Some("nvidia.com/gpu"), ..kind("gpu", 8, 32, 10) },
    kind("l", 8, 16, 10),
    kind("m", 4, 4, 5),
    kind("nano", 1, 1, 3),
    Kind { device: Some("aws.amazon.com/neuron"), ..kind("neuron", 8, 32, 10) },
    kind("one", 4, 4, 1),
    kind("s", 2, 2, 5),
    Kind { os: "windows", ..kind("win", 4, 8, 10) },
    kind("xl", 16, 64, 30),
    kind("xxl", 32, 128, 60),
];

/// The catalog, in name order.
pub(crate) fn types() -> Vec<InstanceType> {
    KINDS.iter().map(build).collect()
}

fn build(kind: &Kind) -> InstanceType {
    let devices = i64::from(kind.device.is_some());
    let price = 0.1 * (kind.cpu + kind.gib) as f64 + devices as f64;
    let on_demand = ZONES.map(|zone| offering(CapacityType::OnDemand, zone, price));
    let spot = SPOT_ZONES.map(|zone| offering(CapacityType::Spot, zone, 0.4 * price));
    let mut capacity: Resources = [
        (ResourceName::Cpu, Quantity::from_units(kind.cpu)),
        (ResourceName::Memory, Quantity::from_bytes(kind.gib << 30)),
        (ResourceName::Pods, Quantity::from_units(kind.pods)),
    ]
    .into_iter()
    .collect();
    if let Some(device) = kind.device {
        capacity.set(device.into(), Quantity::from_units(2));
    }
    let kube_reserved = [
        (ResourceName::Cpu, Quantity::from_milli(100)),
        (ResourceName::Memory, Quantity::from_bytes(10 << 20)),
    ];
    InstanceType {
        name: kind.name.into(),
        requirements: traits(kind),
        capacity,
        overhead: Overhead { kube_reserved: kube_reserved.into_iter().collect(), ..Overhead::default() },
        offerings: on_demand.into_iter().chain(spot).collect(),
    }
}

fn among(key: &str, values: &[&str]) -> Requirement {
    Requirement::new(key, Allowed::Only(values.iter().map(|v| Arc::from(*v)).collect()))
}

fn traits(kind: &Kind) -> Requirements {
    let cpu = kind.cpu.to_string();
    let mut traits = vec![
        among(keys::INSTANCE_TYPE, &[kind.name]),
        among(keys::ARCH, &[kind.arch]),
        among(keys::OS, &[kind.os]),
        among(keys::REGION, &["region"]),
        among(keys::ZONE, &ZONES),
        among(keys::ZONE_ID, &ZONES.map(zone_id).each_ref().map(String::as_str)),
        among(keys::CAPACITY_TYPE, &["on-demand", "spot"]),
        among("karpenter.k8s.aws/instance-cpu", &[&cpu]),
        among("karpenter.k8s.aws/instance-size", &[if kind.cpu > 4 { "large" } else { "small" }]),
    ];
    if kind.device == Some("nvidia.com/gpu") {
        traits.push(among("karpenter.k8s.aws/instance-gpu-count", &["2"]));
    }
    if kind.name == "xxl" {
        traits.push(among("karpenter.k8s.aws/instance-local-nvme", &["900"]));
    }
    let said: Requirements = traits.into_iter().collect();
    let absent = LabelKey::well_known()
        .filter(|key| key.as_str() != keys::NODE_POOL && said.get(key.as_str()).is_none())
        .map(|key| Requirement::new(key.as_str(), Allowed::none()));
    said.iter().cloned().chain(absent).collect()
}

fn zone_id(zone: &str) -> String {
    format!("az-{zone}")
}

/// An offering that can be bought.
pub(crate) fn offering(capacity_type: CapacityType, zone: &str, usd: f64) -> Offering {
    let requirements = [
        among(keys::CAPACITY_TYPE, &[capacity_type.as_str()]),
        among(keys::ZONE, &[zone]),
        among(keys::ZONE_ID, &[&zone_id(zone)]),
    ];
    Offering {
        requirements: Arc::new(requirements.into_iter().collect()),
        capacity_type,
        zone: zone.into(),
        price: Price::from_usd_per_hour(usd),
        available: true,
        reservation: None,
    }
}

/// Gives a type an offering of a capacity reservation, with the traits that go with it.
pub(crate) fn reserve(instance_type: &mut InstanceType, zone: &str, id: &str, remaining: u32) {
    let mut reserved = offering(CapacityType::Reserved, zone, 0.000_001);
    let mut requirements = (*reserved.requirements).clone();
    requirements.add(among(keys::RESERVATION_ID, &[id]));
    reserved.requirements = Arc::new(requirements);
    reserved.available = remaining > 0;
    reserved.reservation = Some(joiner_core::model::Reservation { id: id.into(), remaining });
    instance_type.offerings.push(reserved);
    widen(instance_type, keys::CAPACITY_TYPE, "reserved");
    widen(instance_type, keys::RESERVATION_ID, id);
}

fn widen(instance_type: &mut InstanceType, key: &str, value: &str) {
    let mut values = match instance_type.requirements.remove(key).map(|r| r.allowed) {
        Some(Allowed::Only(values)) => values,
        Some(Allowed::AllBut { .. }) | None => panic!("types list the values of {key}"),
    };
    values.insert(value.into());
    instance_type.requirements.add(Requirement::new(key, Allowed::Only(values)));
}
