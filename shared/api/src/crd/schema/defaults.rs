//! What the API server does to a value before it checks it: nulls dropped, defaults filled in.

use serde_json::Value;

use super::{ResourceKind, SchemaNode};

/// Drops nulls and fills in the defaults of the kind, as the API server would on writing the object.
pub fn fill_defaults(kind: ResourceKind, object: &mut Value) {
    fill(kind.schema(), object);
}

fn fill(schema: &SchemaNode, value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, field| !(field.is_null() && schema.field(name).is_some()));
            for (name, field) in &schema.properties {
                if let Some(default) = &field.default {
                    object.entry(name.clone()).or_insert_with(|| default.clone());
                }
            }
            for (name, field) in object {
                if let Some(schema) = schema.field(name) {
                    fill(schema, field);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(schema) = &schema.items {
                elements.iter_mut().for_each(|element| fill(schema, element));
            }
        }
        _ => {}
    }
}
