//! Reading what the golden cases are written in, without the crate that defines the manifests.

use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{
    AmiFamily, BlockDevice, InstanceType, KubeletSettings, Labels, NodeClass, Quantity, Readiness,
    ResourceName, Threshold,
};
use serde_json::Value;

/// The folder of the recorded outcomes.
pub(crate) fn golden_types() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/types")
}

pub(crate) fn json(path: &std::path::Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut plain = Vec::new();
        GzDecoder::new(&*bytes).read_to_end(&mut plain).unwrap();
        return serde_json::from_slice(&plain).unwrap();
    }
    serde_json::from_slice(&bytes).unwrap()
}

/// A class with nothing set, ready, with a subnet in every zone of the catalog.
pub(crate) fn plain_class(ami_family: AmiFamily, catalog: &Catalog) -> NodeClass {
    NodeClass {
        name: "default".into(),
        readiness: Readiness::Ready,
        deleting: false,
        ami_family,
        kubelet: KubeletSettings::default(),
        block_devices: Vec::new(),
        raid0_instance_store: false,
        network_interfaces: None,
        nested_virtualization: false,
        connection_tracking: false,
        zones: catalog.zones().to_vec(),
        capacity_reservations: Vec::new(),
        tags: Labels::new(),
        uid: "".into(),
        resolved: joiner_core::model::ResolvedClass::default(),
        generation: 1,
        annotations: Labels::new(),
        finalizers: Vec::new(),
        flaw: None,
        conditions: Vec::new(),
        document: "{}".into(),
        hash: "1".into(),
    }
}

/// The fields of an EC2NodeClass that the golden cases use.
pub(crate) fn class_of(manifest: &Value, catalog: &Catalog) -> NodeClass {
    let spec = &manifest["spec"];
    let kubelet = &spec["kubelet"];
    NodeClass {
        name: manifest["metadata"]["name"].as_str().unwrap().into(),
        kubelet: KubeletSettings {
            max_pods: kubelet["maxPods"].as_u64().map(|n| n as u32),
            pods_per_core: kubelet["podsPerCore"].as_u64().map(|n| n as u32),
            kube_reserved: amounts(&kubelet["kubeReserved"]),
            system_reserved: amounts(&kubelet["systemReserved"]),
            evict_memory_available: threshold(&kubelet["evictionHard"]["memory.available"]),
            evict_nodefs_available: threshold(&kubelet["evictionHard"]["nodefs.available"]),
        },
        block_devices: spec["blockDeviceMappings"].as_array().into_iter().flatten().map(device).collect(),
        raid0_instance_store: spec["instanceStorePolicy"] == "RAID0",
        ..plain_class(family(spec), catalog)
    }
}

fn family(spec: &Value) -> AmiFamily {
    let alias = spec["amiSelectorTerms"][0]["alias"].as_str().unwrap_or("");
    match spec["amiFamily"].as_str().unwrap_or_else(|| alias.split('@').next().unwrap()) {
        "al2" => AmiFamily::Al2,
        "al2023" | "AL2023" => AmiFamily::Al2023,
        "bottlerocket" => AmiFamily::Bottlerocket,
        "windows2022" => AmiFamily::Windows2022,
        "Custom" => AmiFamily::Custom,
        other => panic!("no case uses the family {other}"),
    }
}

fn quantity(text: &Value) -> Quantity {
    text.as_str().unwrap().parse().unwrap()
}

fn amounts(map: &Value) -> Vec<(ResourceName, Quantity)> {
    let entries = map.as_object().into_iter().flatten();
    entries.map(|(name, amount)| (ResourceName::from(&**name), quantity(amount))).collect()
}

fn threshold(value: &Value) -> Option<Threshold> {
    let text = value.as_str()?;
    Some(match text.strip_suffix('%') {
        Some(percent) => Threshold::MilliPercent((percent.parse::<f64>().unwrap() * 1000.0).round() as u32),
        None => Threshold::Amount(quantity(value)),
    })
}

fn device(mapping: &Value) -> BlockDevice {
    let size = &mapping["ebs"]["volumeSize"];
    BlockDevice {
        device_name: mapping["deviceName"].as_str().map(Into::into),
        is_root: mapping["rootVolume"] == true,
        volume_size: size.is_string().then(|| quantity(size)),
    }
}

/// Two dozen types of the recording that the embedded table was made from.
pub(crate) const SMALL_RECORDING: &[u8] = include_bytes!("../data/small-recording.json.gz");

/// The small recording, to be changed.
pub(crate) fn small_recording() -> Value {
    serde_json::from_reader(GzDecoder::new(SMALL_RECORDING)).unwrap()
}

/// One type of the embedded catalog under a class.
pub(crate) fn derived(class: &NodeClass, settings: &AwsSettings, name: &str) -> InstanceType {
    let types = Catalog::embedded().instance_types(class, settings, &[]);
    types.into_iter().find(|instance_type| &*instance_type.name == name).unwrap()
}
