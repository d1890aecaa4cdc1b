//! Every rule of the reference on both sides of its limit. The cases are text files under `cases`.
//!
//! A case is a title after `---`, a patch of the base object of its file (lists replace, null removes), and what is
//! found: `=> ok`, or one line `=> ...` for each finding.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{full_sample, yaml};
use crate::crd::{
    CustomObject, EC2NodeClass, NodeClaim, NodeOverlay, NodePool, ResourceKind, Stage, ValidationSettings,
    read, validate, validate_transition,
};

/// Findings as lines; those that only the runtime makes start with the reason of the condition.
fn findings<K: CustomObject>(manifest: &Value, settings: &ValidationSettings) -> Vec<String> {
    let found = match read::<K>(manifest.clone()) {
        Ok(read) => validate(&read.object, settings),
        Err(found) => found,
    };
    let line = |found: &crate::crd::Invalid| match found.stage {
        Stage::Admission => found.to_string(),
        Stage::Runtime { reason } => format!("({reason}) {found}"),
    };
    found.iter().map(line).collect()
}

fn findings_of(kind: ResourceKind, manifest: &Value, settings: &ValidationSettings) -> Vec<String> {
    match kind {
        ResourceKind::EC2NodeClass => findings::<EC2NodeClass>(manifest, settings),
        ResourceKind::NodeClaim => findings::<NodeClaim>(manifest, settings),
        ResourceKind::NodeOverlay => findings::<NodeOverlay>(manifest, settings),
        ResourceKind::NodePool => findings::<NodePool>(manifest, settings),
    }
}

fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Map::new());
    }
    for (name, value) in patch {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            _ => merge(&mut base[name], value),
        }
    }
}

/// Runs the cases of one file. On a difference it prints the file as it would be right.
fn check(kind: ResourceKind, file: &str) {
    let settings = ValidationSettings::default();
    let (base, cases) = file.split_once("\n---").unwrap();
    let base = yaml(base);
    assert_eq!(findings_of(kind, &base, &settings), Vec::<String>::new(), "the base object is valid");
    let mut rewritten = String::new();
    let mut wrong = Vec::new();
    for case in cases.split("\n---") {
        let (title, rest) = case.split_once('\n').unwrap();
        let (patch, expected) = rest.split_once("\n=>").unwrap();
        let mut manifest = base.clone();
        merge(&mut manifest, &yaml(patch));
        let mut found = findings_of(kind, &manifest, &settings);
        if found.is_empty() {
            found.push("ok".to_owned());
        }
        let expected: Vec<&str> = expected.split("\n=>").map(str::trim).collect();
        if found != expected {
            wrong.push(title.trim());
        }
        write!(rewritten, "---{title}\n{patch}\n=> {}\n", found.join("\n=> ")).unwrap();
    }
    assert!(wrong.is_empty(), "{rewritten}\nwrong: {wrong:#?}");
}

#[test]
fn nodepool_rules() {
    check(ResourceKind::NodePool, include_str!("cases/nodepool.txt"));
}

#[test]
fn nodeclaim_rules() {
    check(ResourceKind::NodeClaim, include_str!("cases/nodeclaim.txt"));
}

#[test]
fn nodeoverlay_rules() {
    check(ResourceKind::NodeOverlay, include_str!("cases/nodeoverlay.txt"));
}

#[test]
fn ec2nodeclass_rules() {
    check(ResourceKind::EC2NodeClass, include_str!("cases/ec2nodeclass.txt"));
}

#[test]
fn kubelet_rules() {
    check(ResourceKind::EC2NodeClass, include_str!("cases/kubelet.txt"));
}

fn base(file: &str) -> Value {
    yaml(file.split_once("\n---").unwrap().0)
}

/// Lists and maps with a largest size: file of the base object, place, one element (`#` becomes its number), size.
#[test]
fn lists_and_maps_stop_at_their_largest_size() {
    use ResourceKind::{EC2NodeClass, NodeClaim, NodeOverlay, NodePool};
    let requirement = json!({"key": "example.com/a#", "operator": "Exists"});
    let interface = json!({"networkCardIndex": "#", "deviceIndex": 0, "interfaceType": "interface"});
    let limits = [
        (NodePool, "/spec/template/spec/requirements", requirement.clone(), 100),
        (NodePool, "/spec/disruption/budgets", json!({"nodes": "#"}), 50),
        (NodeClaim, "/spec/requirements", requirement.clone(), 100),
        (NodeOverlay, "/spec/requirements", requirement, 100),
        (EC2NodeClass, "/spec/subnetSelectorTerms", json!({"id": "subnet-#"}), 30),
        (EC2NodeClass, "/spec/securityGroupSelectorTerms", json!({"id": "sg-#"}), 30),
        (EC2NodeClass, "/spec/capacityReservationSelectorTerms", json!({"id": "cr-#"}), 30),
        (EC2NodeClass, "/spec/amiSelectorTerms", json!({"id": "ami-#"}), 30),
        (EC2NodeClass, "/spec/blockDeviceMappings", json!({"deviceName": "/dev/x#"}), 50),
        (EC2NodeClass, "/spec/networkInterfaces", interface, 150),
    ];
    for (kind, place, element, most) in limits {
        let filled = |count: usize| {
            let elements = (0..count).map(|index| {
                yaml(
                    &element
                        .to_string()
                        .replace("\"#\"", &index.to_string())
                        .replace('#', &index.to_string()),
                )
            });
            let mut patch = elements.map(text_numbers).collect::<Value>();
            for field in place.rsplit('/').filter(|field| !field.is_empty()) {
                patch = json!({field: patch});
            }
            let mut manifest = base_of(kind);
            merge(&mut manifest, &patch);
            findings_of(kind, &manifest, &ValidationSettings::default())
        };
        assert_eq!(filled(most), Vec::<String>::new(), "{kind:?} {place} at {most}");
        let name = kind.as_str();
        let path = place[1..].replace('/', ".");
        let expected =
            format!("{name} base: {path}: must have at most {most} elements, got {}; remove 1", most + 1);
        assert_eq!(filled(most + 1), [expected]);
    }
}

/// Budgets take their number as text.
fn text_numbers(mut element: Value) -> Value {
    if let Some(nodes) = element.get_mut("nodes") {
        *nodes = json!(nodes.to_string());
    }
    element
}

fn base_of(kind: ResourceKind) -> Value {
    let mut object = base(match kind {
        ResourceKind::EC2NodeClass => include_str!("cases/ec2nodeclass.txt"),
        ResourceKind::NodeClaim => include_str!("cases/nodeclaim.txt"),
        ResourceKind::NodeOverlay => include_str!("cases/nodeoverlay.txt"),
        ResourceKind::NodePool => include_str!("cases/nodepool.txt"),
    });
    if kind == ResourceKind::EC2NodeClass {
        object["spec"]["amiFamily"] = json!("AL2023");
    }
    object
}

#[test]
fn template_labels_and_selector_tags_stop_at_their_largest_number() {
    let entries = |count: usize| -> Value {
        (0..count).map(|index| (format!("k{index}"), json!("v"))).collect::<Map<_, _>>().into()
    };
    let labels = |count| {
        let mut pool = base_of(ResourceKind::NodePool);
        pool["spec"]["template"]["metadata"] = json!({"labels": entries(count)});
        findings_of(ResourceKind::NodePool, &pool, &ValidationSettings::default()).len()
    };
    assert_eq!((labels(100), labels(101)), (0, 1));
    let tags = |count| {
        let mut class = base_of(ResourceKind::EC2NodeClass);
        class["spec"]["subnetSelectorTerms"] = json!([{"tags": entries(count)}]);
        findings_of(ResourceKind::EC2NodeClass, &class, &ValidationSettings::default()).len()
    };
    assert_eq!((tags(20), tags(21)), (0, 1));
}

#[test]
fn label_keys_and_values_stop_at_their_largest_length() {
    let long_key = |length: usize| format!("{}/{}", "d".repeat(length - 64), "n".repeat(63));
    let found = |key: &str, value: &str| {
        let mut claim = base_of(ResourceKind::NodeClaim);
        claim["spec"]["requirements"] = json!([{"key": key, "operator": "In", "values": [value]}]);
        findings_of(ResourceKind::NodeClaim, &claim, &ValidationSettings::default()).len()
    };
    assert_eq!((found(&long_key(316), "a"), found(&long_key(317), "a")), (0, 1));
    assert_eq!((found("a", &"v".repeat(63)), found("a", &"v".repeat(64))), (0, 1));
}

fn transition<K: CustomObject>(sample: &Value, change: impl Fn(&mut Value)) -> Vec<String> {
    let mut changed = sample.clone();
    change(&mut changed);
    let typed = |value: &Value| serde_json::from_value::<K>(value.clone()).unwrap();
    validate_transition(&typed(sample), &typed(&changed)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_nodepool_keeps_its_mode_and_the_kind_of_its_class() {
    let pool = base_of(ResourceKind::NodePool);
    let reference = |field: &'static str| {
        move |pool: &mut Value| pool["spec"]["template"]["spec"]["nodeClassRef"][field] = json!("other")
    };
    assert_eq!(transition::<NodePool>(&pool, reference("name")), Vec::<String>::new());
    assert_eq!(
        transition::<NodePool>(&pool, reference("kind")),
        [
            "NodePool base: spec.template.spec.nodeClassRef.kind: is immutable, got \"other\"; write EC2NodeClass, or make another NodePool"
        ]
    );
    assert_eq!(transition::<NodePool>(&pool, reference("group")).len(), 1);
    let replicas = |count: i64| move |pool: &mut Value| pool["spec"]["replicas"] = json!(count);
    assert_eq!(
        transition::<NodePool>(&pool, replicas(0)),
        [
            "NodePool base: spec.replicas: can neither be added to a NodePool nor removed from it, got 0; make another NodePool"
        ]
    );
    let mut fixed = pool.clone();
    fixed["spec"]["replicas"] = json!(2);
    assert_eq!(transition::<NodePool>(&fixed, replicas(5)), Vec::<String>::new());
}

#[test]
fn the_spec_of_a_nodeclaim_is_immutable() {
    let claim = full_sample(ResourceKind::NodeClaim);
    let grace =
        |text: &'static str| move |claim: &mut Value| claim["spec"]["terminationGracePeriod"] = json!(text);
    assert_eq!(
        transition::<NodeClaim>(&claim, |claim| claim["status"]["nodeName"] = json!("x")),
        Vec::<String>::new()
    );
    assert_eq!(transition::<NodeClaim>(&claim, grace("91s")).len(), 1);
}

#[test]
fn kubelet_expressions_are_accepted_when_they_are_turned_on() {
    let mut class = base_of(ResourceKind::EC2NodeClass);
    class["spec"]["kubelet"] =
        json!({"maxPods": "min(max_pods, 110)", "kubeReserved": {"cpu": "vcpus * 10"}});
    let found = |kubelet_expressions| {
        findings_of(ResourceKind::EC2NodeClass, &class, &ValidationSettings { kubelet_expressions }).len()
    };
    assert_eq!((found(true), found(false)), (0, 2));
}
