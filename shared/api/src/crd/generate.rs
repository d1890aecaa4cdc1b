//! The CustomResourceDefinitions, generated from the types, as values and as YAML.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Number, Value};

use super::{EC2NodeClass, NodeClaim, NodeOverlay, NodePool};

/// The CustomResourceDefinitions of all kinds, in the order of their names.
pub fn crds() -> Vec<CustomResourceDefinition> {
    [EC2NodeClass::crd(), NodeClaim::crd(), NodeOverlay::crd(), NodePool::crd()].map(structural).into()
}

/// One CustomResourceDefinition as a YAML document, without a separator.
pub fn crd_yaml(crd: &CustomResourceDefinition) -> Result<String, serde_saphyr::SerializeError> {
    serde_saphyr::to_string(&sorted(serde_json::to_value(crd).unwrap_or_default()))
}

/// All CustomResourceDefinitions as one stream of YAML documents, ready for `kubectl apply -f -`.
pub fn crds_yaml() -> Result<String, serde_saphyr::SerializeError> {
    let documents: Result<Vec<String>, _> = crds().iter().map(crd_yaml).collect();
    Ok(documents?.iter().map(|document| format!("---\n{document}")).collect())
}

/// Takes out of the derived schema what the API server or the reference does not have.
fn structural(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let Some(schema) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut())
        else {
            continue;
        };
        let mut value = serde_json::to_value(&*schema).unwrap_or_default();
        tidy(&mut value);
        if let Ok(tidied) = serde_json::from_value(value) {
            *schema = tidied;
        }
    }
    crd
}

/// Absent and null are the same thing in these kinds, so no field is nullable: null is dropped before defaulting.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true)) {
                object.remove("nullable");
            }
            if object.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
                object.insert("anyOf".into(), serde_json::json!([{"type": "integer"}, {"type": "string"}]));
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Same value with the keys of every object in alphabetical order and bounds without a fraction, so that the text
/// depends on nothing but the types.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(String, Value)> = object.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Number(number) => whole(number),
        other => other,
    }
}

/// `64.0` as `64`: bounds are floating point numbers in the API, although every one of ours is whole.
fn whole(number: Number) -> Value {
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => Value::from(float as i64),
        _ => Value::Number(number),
    }
}
