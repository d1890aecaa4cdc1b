//! EC2 node classes: from their typed shape into the part of it that decisions depend on.

use joiner_core::model::{
    AmiFamily, BlockDevice, CapacityReservation, KubeletSettings, NetworkInterface, NodeClass, Quantity,
    Readiness, ResourceName, Threshold, Zone,
};
use serde_json::{Map, Value};

use super::node_pool::{labels, readiness, resource};
use super::problem::{Problem, each};
use crate::crd;
use crate::crd::ec2nodeclass as wire;

/// Percent in the unit that thresholds are kept in.
const MILLI_PERCENT: f64 = 1000.0;

/// An EC2NodeClass. Zones are those of its status, if any; it is ready unless its status says otherwise.
pub(super) fn node_class(class: &crd::EC2NodeClass) -> Result<NodeClass, Problem> {
    let spec = &class.spec;
    let status = class.status.as_ref();
    let (kubelet, unsupported) = match &spec.kubelet {
        Some(settings) => kubelet(settings).map_err(|p| p.under("spec.kubelet"))?,
        None => (KubeletSettings::default(), None),
    };
    let reported = readiness(status.map_or(&[], |status| &status.conditions));
    let reservations = status.map_or(&[][..], |status| &status.capacity_reservations);
    Ok(NodeClass {
        name: class.metadata.name.as_deref().unwrap_or_default().into(),
        readiness: unsupported.unwrap_or(reported),
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
        hash: "".into(),
    })
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
    let zone = |subnet: &wire::SubnetStatus| Zone {
        name: subnet.zone.as_str().into(),
        id: subnet.zone_id.as_deref().map(Into::into),
    };
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

/// Kubelet settings that change what pods get; and, for settings that cannot be computed, why the class is not
/// usable.
fn kubelet(settings: &Map<String, Value>) -> Result<(KubeletSettings, Option<Readiness>), Problem> {
    let mut unsupported = None;
    let mut count = |name: &str| match settings.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(expression)) => {
            unsupported = Some(expression_not_supported(name, expression));
            Ok(None)
        }
        Some(value) => match value.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(Problem::new(name, format!("{value} is not a count"), "write zero or more")),
        },
    };
    let (max_pods, pods_per_core) = (count("maxPods")?, count("podsPerCore")?);
    let eviction = settings.get("evictionHard");
    let threshold = |signal: &str| match eviction.and_then(|map| map.get(signal)) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            threshold(&text_of(value)).map(Some).map_err(|p| p.under(format!("evictionHard.{signal}")))
        }
    };
    let read = KubeletSettings {
        max_pods,
        pods_per_core,
        kube_reserved: reserved(settings, "kubeReserved", &mut unsupported)?,
        system_reserved: reserved(settings, "systemReserved", &mut unsupported)?,
        evict_memory_available: threshold("memory.available")?,
        evict_nodefs_available: threshold("nodefs.available")?,
    };
    Ok((read, unsupported))
}

fn reserved(
    settings: &Map<String, Value>,
    name: &str,
    unsupported: &mut Option<Readiness>,
) -> Result<Vec<(ResourceName, Quantity)>, Problem> {
    let Some(Value::Object(amounts)) = settings.get(name) else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for (key, value) in amounts {
        let text = text_of(value);
        match text.parse::<Quantity>() {
            Ok(amount) => read.push((resource(key), amount)),
            Err(_) => *unsupported = Some(expression_not_supported(&format!("{name}.{key}"), &text)),
        }
    }
    Ok(read)
}

/// Expressions come behind a feature gate that is off by default.
fn expression_not_supported(field: &str, expression: &str) -> Readiness {
    Readiness::NotReady {
        reason: "KubeletExpressionsDisabled".into(),
        message: format!("spec.kubelet.{field} is the expression {expression:?}; write a plain amount")
            .into(),
    }
}

fn threshold(text: &str) -> Result<Threshold, Problem> {
    match text.strip_suffix('%') {
        None => quantity("", text).map(Threshold::Amount),
        Some(percent) => match percent.parse::<f64>() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => {
                Ok(Threshold::MilliPercent((percent * MILLI_PERCENT).round() as u32))
            }
            _ => Err(Problem::new("", format!("{text:?} is not a percentage"), "write 0% to 100%")),
        },
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quantity(path: &str, text: &str) -> Result<Quantity, Problem> {
    let remedy = "write a number with an optional suffix, such as 500m, 2 or 4Gi";
    text.parse().map_err(|_| Problem::new(path, format!("{text:?} is not a quantity"), remedy))
}
