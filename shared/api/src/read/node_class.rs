//! EC2 node classes: from their typed shape into the part of it that decisions depend on.

use std::collections::BTreeMap;

use joiner_core::model::{
    AmiFamily, BlockDevice, CapacityReservation, Flaw, Image, KubeletSettings, NetworkInterface, NodeClass,
    Quantity, ResolvedClass, ResourceName, SecurityGroup, Subnet, Threshold, Zone,
};
use serde_json::{Map, Value};

use super::custom;
use super::node_pool::{labels, parsed_requirement, resource};
use super::problem::{Problem, each};
use crate::crd;
use crate::crd::ec2nodeclass as wire;

/// Percent in the unit that thresholds are kept in.
const MILLI_PERCENT: f64 = 1000.0;

/// An EC2NodeClass. Zones are those of its status, if any; it is ready unless it is unusable or its status says
/// otherwise.
pub(super) fn node_class(class: &crd::EC2NodeClass, flaw: Option<Flaw>) -> Result<NodeClass, Problem> {
    let spec = &class.spec;
    let status = class.status.as_ref();
    let kubelet = spec.kubelet.as_ref().map(kubelet).unwrap_or_default();
    let conditions = custom::conditions(status.map_or(&[], |status| &status.conditions));
    let meta = &class.metadata;
    let reservations = status.map_or(&[][..], |status| &status.capacity_reservations);
    Ok(NodeClass {
        name: class.metadata.name.as_deref().unwrap_or_default().into(),
        readiness: custom::readiness(flaw.as_ref(), &conditions),
        deleting: class.metadata.deletion_timestamp.is_some(),
        ami_family: ami_family(spec.resolved_ami_family()),
        kubelet,
        block_devices: each(&spec.block_device_mappings, block_device)
            .map_err(|p| p.under("spec.blockDeviceMappings"))?,
        raid0_instance_store: matches!(spec.instance_store_policy, Some(wire::InstanceStorePolicy::RAID0)),
        network_interfaces: match spec.network_interfaces.as_slice() {
            [] => None,
            interfaces => Some(interfaces.iter().map(network_interface).collect()),
        },
        nested_virtualization: spec
            .cpu_options
            .as_ref()
            .is_some_and(|options| options.nested_virtualization == Some(wire::Switch::Enabled)),
        connection_tracking: spec.connection_tracking.is_some(),
        zones: zones(status.map_or(&[], |status| &status.subnets)),
        capacity_reservations: reservations.iter().map(capacity_reservation).collect(),
        tags: labels(&spec.tags),
        // The certificates of the cluster are not part of a manifest.
        hash: crd::hash::ec2nodeclass_hash(spec, "").into(),
        uid: class.metadata.uid.as_deref().unwrap_or_default().into(),
        resolved: status.map(resolved).transpose()?.unwrap_or_default(),
        generation: meta.generation.unwrap_or(0),
        annotations: meta.annotations.as_ref().map(labels).unwrap_or_default(),
        finalizers: meta.finalizers.iter().flatten().map(|finalizer| finalizer.as_str().into()).collect(),
        flaw,
        conditions,
        document: serde_json::to_string(class).unwrap_or_default().into(),
    })
}

/// What the selectors lead to, as the status says.
fn resolved(status: &wire::Ec2NodeClassStatus) -> Result<ResolvedClass, Problem> {
    let subnet = |subnet: &wire::SubnetStatus| Subnet { id: subnet.id.as_str().into(), zone: zone(subnet) };
    let group = |group: &wire::SecurityGroupStatus| SecurityGroup {
        id: group.id.as_str().into(),
        name: group.name.as_deref().unwrap_or_default().into(),
    };
    Ok(ResolvedClass {
        subnets: status.subnets.iter().map(subnet).collect(),
        security_groups: status.security_groups.iter().map(group).collect(),
        images: each(&status.amis, image).map_err(|p| p.under("status.amis"))?,
        instance_profile: status.instance_profile.as_deref().map(Into::into),
    })
}

fn image(image: &wire::AmiStatus) -> Result<Image, Problem> {
    let requirement =
        |wire: &wire::AmiRequirement| parsed_requirement(&wire.key, wire.operator, &wire.values, None);
    Ok(Image {
        id: image.id.as_str().into(),
        name: image.name.as_deref().unwrap_or_default().into(),
        deprecated: image.deprecated.unwrap_or(false),
        requirements: each(&image.requirements, requirement).map_err(|p| p.under("requirements"))?,
    })
}

fn zone(subnet: &wire::SubnetStatus) -> Zone {
    Zone { name: subnet.zone.as_str().into(), id: subnet.zone_id.as_deref().map(Into::into) }
}

fn ami_family(family: crd::AmiFamily) -> AmiFamily {
    match family {
        crd::AmiFamily::AL2 => AmiFamily::Al2,
        crd::AmiFamily::AL2023 => AmiFamily::Al2023,
        crd::AmiFamily::Bottlerocket => AmiFamily::Bottlerocket,
        crd::AmiFamily::Custom => AmiFamily::Custom,
        crd::AmiFamily::Windows2019 => AmiFamily::Windows2019,
        crd::AmiFamily::Windows2022 => AmiFamily::Windows2022,
        crd::AmiFamily::Windows2025 => AmiFamily::Windows2025,
    }
}

/// Zones of subnets, each once, in name order.
fn zones(subnets: &[wire::SubnetStatus]) -> Vec<Zone> {
    let mut zones: Vec<Zone> = subnets.iter().map(zone).collect();
    zones.sort();
    zones.dedup_by(|later, earlier| later.name == earlier.name);
    zones
}

/// A reservation of the status. How many instances it still holds is not written there: one is assumed.
fn capacity_reservation(reservation: &wire::CapacityReservationStatus) -> CapacityReservation {
    CapacityReservation {
        id: reservation.id.as_str().into(),
        instance_type: reservation.instance_type.as_str().into(),
        zone: reservation.availability_zone.as_str().into(),
        reservation_type: match reservation.reservation_type {
            wire::CapacityReservationType::Default => "default".into(),
            wire::CapacityReservationType::CapacityBlock => "capacity-block".into(),
        },
        interruptible: reservation.interruptible.unwrap_or(false),
        expiring: reservation.state == wire::CapacityReservationState::Expiring,
        remaining: 1,
    }
}

fn block_device(mapping: &wire::BlockDeviceMapping) -> Result<BlockDevice, Problem> {
    let size = mapping.ebs.as_ref().and_then(|ebs| ebs.volume_size.as_deref());
    Ok(BlockDevice {
        device_name: mapping.device_name.as_deref().map(Into::into),
        is_root: mapping.root_volume.unwrap_or(false),
        volume_size: size.map(|size| quantity("ebs.volumeSize", size)).transpose()?,
    })
}

fn network_interface(interface: &wire::NetworkInterfaceSpec) -> NetworkInterface {
    NetworkInterface {
        card: u32::try_from(interface.network_card_index).unwrap_or(0),
        device: u32::try_from(interface.device_index).unwrap_or(0),
        efa_only: interface.interface_type == wire::InterfaceType::EfaOnly,
    }
}

/// Kubelet settings that change what pods get. What cannot be computed is left out: validation has found the class
/// unusable for it.
fn kubelet(settings: &Map<String, Value>) -> KubeletSettings {
    let typed: wire::KubeletSettings =
        serde_json::from_value(Value::Object(settings.clone())).unwrap_or_default();
    let count = |number: i32| u32::try_from(number).ok();
    let threshold = |signal: &str| typed.eviction_hard.get(signal).and_then(|text| threshold(text));
    KubeletSettings {
        max_pods: match typed.max_pods {
            Some(wire::NumberOrExpression::Number(number)) => count(number),
            Some(wire::NumberOrExpression::Expression(_)) | None => None,
        },
        pods_per_core: typed.pods_per_core.and_then(count),
        kube_reserved: reserved(&typed.kube_reserved),
        system_reserved: reserved(&typed.system_reserved),
        evict_memory_available: threshold("memory.available"),
        evict_nodefs_available: threshold("nodefs.available"),
    }
}

fn reserved(amounts: &BTreeMap<String, String>) -> Vec<(ResourceName, Quantity)> {
    amounts.iter().filter_map(|(name, text)| Some((resource(name), text.parse().ok()?))).collect()
}

fn threshold(text: &str) -> Option<Threshold> {
    match text.strip_suffix('%') {
        None => text.parse().ok().map(Threshold::Amount),
        Some(percent) => {
            let percent: f64 = percent.parse().ok()?;
            Some(Threshold::MilliPercent((percent.clamp(0.0, 100.0) * MILLI_PERCENT).round() as u32))
        }
    }
}

fn quantity(path: &str, text: &str) -> Result<Quantity, Problem> {
    let remedy = "write a number with an optional suffix, such as 500m, 2 or 4Gi";
    text.parse().map_err(|_| Problem::new(path, format!("{text:?} is not a quantity"), remedy))
}
