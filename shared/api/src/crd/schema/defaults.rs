//! What happens to a value before it is checked: nulls dropped, defaults filled in, `1e3` taken for 1000.

use serde_json::Value;

use super::{ResourceKind, SchemaNode};

/// Drops nulls and fills in the defaults of the kind, as the API server would on writing the object. Whole numbers
/// written with an exponent or a fraction of zero become integers, as they do on their way to the API server.
pub fn fill_defaults(kind: ResourceKind, object: &mut Value) {
    fill(kind.schema(), object);
}

/// 2^53: beyond it, not every integer is a floating point number.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

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
        Value::Number(number) if schema.takes_integers() => {
            if let Some(float) =
                number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < LARGEST_EXACT)
                && number.is_f64()
            {
                *value = Value::from(float as i64);
            }
        }
        _ => {}
    }
}
