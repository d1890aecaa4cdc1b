//! Fingerprints: what changes them and what does not.

use serde_json::{Value, json};

use super::{full_sample, typed};
use crate::crd::hash::{ec2nodeclass_hash, nodepool_hash};
use crate::crd::{Ec2NodeClassSpec, NodePoolSpec, ResourceKind};

const POOL: &str = "
template:
  metadata: {labels: {team: a}}
  spec:
    taints: [{key: a, effect: NoSchedule}, {key: b, effect: NoSchedule}]
    requirements: []
    nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
    expireAfter: 24h
";

fn pool_hash_with(change: fn(&mut Value)) -> String {
    let mut value = super::yaml(POOL);
    change(&mut value);
    nodepool_hash(&serde_json::from_value(value).unwrap())
}

#[test]
fn the_fingerprint_of_a_pool_is_stable() {
    // A change of this number drifts every node; it needs a new HASH_VERSION.
    assert_eq!(nodepool_hash(&typed::<NodePoolSpec>(POOL)), "12664478902159020120");
}

#[test]
fn writing_the_same_pool_differently_keeps_the_fingerprint() {
    let same: [fn(&mut Value); 7] = [
        |pool| pool["template"]["spec"]["expireAfter"] = json!("1440m"),
        |pool| pool["template"]["spec"]["taints"].as_array_mut().unwrap().reverse(),
        |pool| pool["template"]["metadata"]["annotations"] = json!({}),
        |pool| pool["template"]["spec"]["requirements"] = json!([{"key": "a", "operator": "Exists"}]),
        |pool| pool["weight"] = json!(5),
        |pool| pool["limits"] = json!({"cpu": 10}),
        |pool| pool["disruption"] = json!({"consolidateAfter": "Never"}),
    ];
    for (index, change) in same.iter().enumerate() {
        assert_eq!(pool_hash_with(*change), pool_hash_with(|_| {}), "change {index}");
    }
}

#[test]
fn changing_what_nodes_are_made_from_changes_the_fingerprint() {
    let other: [fn(&mut Value); 8] = [
        |pool| pool["template"]["spec"]["expireAfter"] = json!("Never"),
        |pool| pool["template"]["spec"]["terminationGracePeriod"] = json!("1h"),
        |pool| pool["template"]["metadata"]["labels"]["team"] = json!("b"),
        |pool| pool["template"]["metadata"]["annotations"] = json!({"team": "a"}),
        |pool| pool["template"]["spec"]["taints"][0]["value"] = json!("x"),
        |pool| pool["template"]["spec"]["taints"][0]["effect"] = json!("NoExecute"),
        |pool| pool["template"]["spec"]["startupTaints"] = json!([{"key": "a", "effect": "NoSchedule"}]),
        |pool| pool["template"]["spec"]["nodeClassRef"]["name"] = json!("other"),
    ];
    let mut hashes: Vec<String> = other.iter().map(|change| pool_hash_with(*change)).collect();
    hashes.push(pool_hash_with(|_| {}));
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), other.len() + 1);
}

fn class_hash_with(change: impl Fn(&mut Value)) -> String {
    let mut spec = full_sample(ResourceKind::EC2NodeClass)["spec"].clone();
    change(&mut spec);
    ec2nodeclass_hash(&serde_json::from_value::<Ec2NodeClassSpec>(spec).unwrap(), "bundle")
}

#[test]
fn what_only_selects_keeps_the_fingerprint_of_a_class() {
    let none = class_hash_with(|_| {});
    assert_eq!(none, "6037193803580390468");
    assert_eq!(class_hash_with(|spec| spec["subnetSelectorTerms"] = json!([])), none);
    assert_eq!(class_hash_with(|spec| spec["securityGroupSelectorTerms"] = json!([])), none);
    assert_eq!(class_hash_with(|spec| spec["capacityReservationSelectorTerms"] = json!([])), none);
    assert_eq!(class_hash_with(|spec| spec["amiSelectorTerms"] = json!([])), none);
    assert_eq!(class_hash_with(|spec| spec["ipPrefixCount"] = json!(7)), none);
    assert_eq!(class_hash_with(|spec| spec["networkInterfaces"].as_array_mut().unwrap().reverse()), none);
    let size = |text: &'static str| {
        class_hash_with(move |spec| spec["blockDeviceMappings"][0]["ebs"]["volumeSize"] = json!(text))
    };
    assert_eq!(size("1024Gi"), size("1Ti"));
    assert_ne!(size("1024G"), size("1Ti"));
}

#[test]
fn every_other_field_changes_the_fingerprint_of_a_class() {
    let ignored = [
        "subnetSelectorTerms",
        "securityGroupSelectorTerms",
        "capacityReservationSelectorTerms",
        "amiSelectorTerms",
        "ipPrefixCount",
        // Without it the alias gives the same family.
        "amiFamily",
    ];
    let sample = full_sample(ResourceKind::EC2NodeClass);
    let none = class_hash_with(|_| {});
    for field in sample["spec"].as_object().unwrap().keys().filter(|field| !ignored.contains(&field.as_str()))
    {
        let without = class_hash_with(|spec| {
            spec.as_object_mut().unwrap().remove(field);
        });
        assert_ne!(without, none, "{field}");
    }
    let spec: Ec2NodeClassSpec = serde_json::from_value(sample["spec"].clone()).unwrap();
    assert_ne!(ec2nodeclass_hash(&spec, "other"), none);
}
