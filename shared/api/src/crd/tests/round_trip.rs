//! Nothing is lost between a manifest and the types, and nothing unknown goes unnoticed.

use serde_json::{Value, json};

use super::{full_sample, yaml};
use crate::crd::schema::SchemaNode;
use crate::crd::{
    CustomObject, EC2NodeClass, NodeClaim, NodeOverlay, NodePool, ResourceKind, fill_defaults, read,
    unknown_fields,
};

fn written_back<K: CustomObject>(manifest: &Value) -> Value {
    let object: K = serde_json::from_value(manifest.clone()).unwrap();
    serde_json::to_value(object).unwrap()
}

#[test]
fn every_kind_writes_back_what_it_read() {
    let sample = |kind| full_sample(kind);
    let pool = sample(ResourceKind::NodePool);
    assert_eq!(written_back::<NodePool>(&pool), pool);
    let claim = sample(ResourceKind::NodeClaim);
    assert_eq!(written_back::<NodeClaim>(&claim), claim);
    let overlay = sample(ResourceKind::NodeOverlay);
    assert_eq!(written_back::<NodeOverlay>(&overlay), overlay);
    let class = sample(ResourceKind::EC2NodeClass);
    assert_eq!(written_back::<EC2NodeClass>(&class), class);
}

/// Paths of the schema that no value of the sample reaches.
fn unreached(schema: &SchemaNode, values: &[&Value], path: &str, missing: &mut Vec<String>) {
    for (name, field) in &schema.properties {
        let path = format!("{path}.{name}");
        let found: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
        if found.is_empty() {
            missing.push(path);
        } else {
            unreached(field, &found, &path, missing);
        }
    }
    if let Some(items) = &schema.items {
        let found: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        unreached(items, &found, &format!("{path}[]"), missing);
    }
}

#[test]
fn the_samples_hold_every_field_of_the_schemas() {
    for kind in ResourceKind::ALL {
        let mut missing = Vec::new();
        unreached(kind.schema(), &[&full_sample(kind)], "", &mut missing);
        assert_eq!(missing, Vec::<String>::new(), "{kind:?}");
    }
}

#[test]
fn the_samples_have_no_unknown_field_and_need_no_default() {
    for kind in ResourceKind::ALL {
        let sample = full_sample(kind);
        assert_eq!(ResourceKind::of_manifest(&sample), Some(kind));
        assert_eq!(unknown_fields(kind, &sample), Vec::<String>::new(), "{kind:?}");
        let mut filled = sample.clone();
        fill_defaults(kind, &mut filled);
        assert_eq!(filled, sample, "{kind:?}");
    }
}

#[test]
fn unknown_fields_are_named_wherever_they_are() {
    let mut pool = full_sample(ResourceKind::NodePool);
    pool["spce"] = json!({});
    pool["metadata"]["label"] = json!({});
    pool["spec"]["template"]["spec"]["requirements"][1]["vlaues"] = json!([]);
    pool["spec"]["disruption"]["budgets"][0]["node"] = json!("1");
    pool["spec"]["limits"]["example.com/anything"] = json!(1);
    let expected = [
        "metadata.label",
        "spce",
        "spec.disruption.budgets[0].node",
        "spec.template.spec.requirements[1].vlaues",
    ];
    let mut unknown = unknown_fields(ResourceKind::NodePool, &pool);
    unknown.sort();
    assert_eq!(unknown, expected);
}

#[test]
fn kubelet_keys_are_never_unknown_to_the_schema() {
    let mut class = full_sample(ResourceKind::EC2NodeClass);
    class["spec"]["kubelet"]["someNewField"] = json!({"a": 1});
    class["spec"]["kubletConfig"] = json!({});
    assert_eq!(unknown_fields(ResourceKind::EC2NodeClass, &class), ["spec.kubletConfig"]);
}

#[test]
fn absent_fields_get_the_defaults_of_the_reference() {
    let minimal = "
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: small}
spec:
  weight: null
  template: {spec: {requirements: [], nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}}}
";
    let pool = read::<NodePool>(yaml(minimal)).unwrap().object;
    let value = serde_json::to_value(&pool.spec).unwrap();
    assert_eq!(
        value["disruption"],
        json!({"consolidateAfter": "0s", "consolidationPolicy": "WhenEmptyOrUnderutilized", "budgets": [{"nodes": "10%"}]})
    );
    assert_eq!(value["template"]["spec"]["expireAfter"], json!("720h"));
    assert_eq!(value.get("weight"), None);
    assert_eq!(
        serde_json::from_value::<NodePool>(yaml(minimal)).unwrap(),
        pool,
        "types and schema agree on defaults"
    );
}

#[test]
fn metadata_options_default_field_by_field() {
    let mut class = full_sample(ResourceKind::EC2NodeClass);
    class["spec"]["metadataOptions"] = json!({"httpTokens": "optional"});
    fill_defaults(ResourceKind::EC2NodeClass, &mut class);
    let expected = json!({
        "httpEndpoint": "enabled", "httpProtocolIPv6": "disabled", "httpPutResponseHopLimit": 1, "httpTokens": "optional"
    });
    assert_eq!(class["spec"]["metadataOptions"], expected);
}
