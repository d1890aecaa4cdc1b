//! Fields that the schema does not know: the API server drops them in silence, we name them.

use serde_json::Value;

use super::{ResourceKind, SchemaNode, element_path, field_path};

/// The fields of object metadata.
const METADATA_FIELDS: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Paths of the fields of this object that its kind does not have, in the order of the object.
pub fn unknown_fields(kind: ResourceKind, object: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    for (name, field) in object.as_object().into_iter().flatten() {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => collect_metadata(field, &mut unknown),
            _ => collect_field(kind.schema(), name, field, "", &mut unknown),
        }
    }
    unknown
}

fn collect_metadata(metadata: &Value, unknown: &mut Vec<String>) {
    let names = metadata.as_object().into_iter().flatten().map(|(name, _)| name);
    unknown.extend(
        names
            .filter(|name| !METADATA_FIELDS.contains(&name.as_str()))
            .map(|name| field_path("metadata", name)),
    );
}

fn collect_field(schema: &SchemaNode, name: &str, value: &Value, parent: &str, unknown: &mut Vec<String>) {
    let path = field_path(parent, name);
    match schema.field(name) {
        Some(schema) => collect(schema, value, &path, unknown),
        None if schema.keeps_unknown => {}
        None => unknown.push(path),
    }
}

fn collect(schema: &SchemaNode, value: &Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, field)| collect_field(schema, name, field, path, unknown));
        }
        Value::Array(elements) => {
            let Some(schema) = &schema.items else { return };
            for (index, element) in elements.iter().enumerate() {
                collect(schema, element, &element_path(path, index), unknown);
            }
        }
        _ => {}
    }
}
