//! Fingerprints of what nodes are made from. A node whose fingerprint differs from its owner's has drifted.
//!
//! They leave out what does not change a node (requirements, selector terms, budgets ...) and the way a value is
//! written: `24h` and `1440m`, the order of a list of taints, `{}` and absent give the same fingerprint.
//! They carry a version of their own, so that nodes of another autoscaler are adopted instead of replaced.
//! Source: reference, sections 2.6 and 3.6.

use joiner_core::model::keys;
use serde_json::{Value, json};

use super::duration::DurationOrNever;
use super::ec2nodeclass::{BlockDevice, Ec2NodeClassSpec};
use super::nodepool::NodePoolSpec;
use super::parts::TaintSpec;
use super::quantity::QuantityText;

/// Version of the fingerprints below; changes with anything that changes a fingerprint.
pub const HASH_VERSION: &str = keys::HASH_VERSION;

/// Annotation that holds the fingerprint of a NodePool.
pub const NODEPOOL_HASH: &str = keys::POOL_HASH;
/// Annotation that holds the version of [`NODEPOOL_HASH`].
pub const NODEPOOL_HASH_VERSION: &str = keys::POOL_HASH_VERSION;
/// Annotation that holds the fingerprint of an EC2NodeClass.
pub const EC2NODECLASS_HASH: &str = keys::CLASS_HASH;
/// Annotation that holds the version of [`EC2NODECLASS_HASH`].
pub const EC2NODECLASS_HASH_VERSION: &str = keys::CLASS_HASH_VERSION;

/// Fingerprint of the template of a NodePool, without its requirements.
pub fn nodepool_hash(spec: &NodePoolSpec) -> String {
    let (metadata, template) = (&spec.template.metadata, &spec.template.spec);
    fingerprint(&json!({
        "labels": metadata.labels,
        "annotations": metadata.annotations,
        "taints": unordered(template.taints.iter().map(taint)),
        "startupTaints": unordered(template.startup_taints.iter().map(taint)),
        "nodeClassRef": template.node_class_ref,
        "terminationGracePeriod": template.termination_grace_period.as_ref().map(|period| period.secs()),
        "expireAfter": DurationOrNever::secs(&template.expire_after),
    }))
}

/// Fingerprint of an EC2NodeClass, without what only selects. The CA bundle is part of the user data of its nodes.
pub fn ec2nodeclass_hash(spec: &Ec2NodeClassSpec, ca_bundle: &str) -> String {
    fingerprint(&json!({
        "amiFamily": spec.resolved_ami_family(),
        "caBundle": ca_bundle,
        "kubelet": spec.kubelet,
        "placementGroupSelector": spec.placement_group_selector,
        "associatePublicIPAddress": spec.associate_public_ip_address,
        "userData": spec.user_data,
        "role": spec.role,
        "instanceProfile": spec.instance_profile,
        "tags": spec.tags,
        "blockDeviceMappings": unordered(spec.block_device_mappings.iter().map(|mapping| json!({
            "deviceName": mapping.device_name,
            "rootVolume": mapping.root_volume,
            "ebs": mapping.ebs.as_ref().map(block_device),
        }))),
        "instanceStorePolicy": spec.instance_store_policy,
        "networkInterfaces": unordered(spec.network_interfaces.iter().map(|interface| json!(interface))),
        "detailedMonitoring": spec.detailed_monitoring,
        "metadataOptions": spec.metadata_options,
        "connectionTracking": spec.connection_tracking,
        "context": spec.context,
        "cpuOptions": spec.cpu_options,
    }))
}

fn taint(taint: &TaintSpec) -> Value {
    json!(taint)
}

fn block_device(device: &BlockDevice) -> Value {
    let size = device.volume_size.as_deref().map(QuantityText::from);
    let mut value = json!(device);
    value["volumeSize"] = match size.as_ref().and_then(QuantityText::nanos) {
        Some(nanos) => Value::String(nanos.to_string()),
        None => json!(size),
    };
    value
}

/// The elements in an order of their own.
fn unordered(elements: impl Iterator<Item = Value>) -> Value {
    let mut texts: Vec<String> = elements.map(|element| canonical(&element)).collect();
    texts.sort();
    json!(texts)
}

/// 64-bit FNV-1a of the canonical text, as a decimal number.
fn fingerprint(value: &Value) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash =
        canonical(value).bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    hash.to_string()
}

/// JSON with sorted keys, without what is null or empty.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut fields: Vec<String> = object
                .iter()
                .filter(|(_, field)| !is_empty(field))
                .map(|(name, field)| format!("{}:{}", Value::from(name.as_str()), canonical(field)))
                .collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        other => other.to_string(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(object) => object.values().all(is_empty),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}
