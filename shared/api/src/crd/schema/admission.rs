//! The checks that the API server makes on shapes: types, required fields, words, patterns, ranges and sizes.

use serde_json::{Map, Value};

use super::{ResourceKind, SchemaNode, element_path, field_path};
use crate::crd::invalid::Findings;
use crate::crd::patterns;

/// Checks `spec` and `status` of an object whose defaults are filled in.
pub(in crate::crd) fn check(kind: ResourceKind, object: &Value, findings: &mut Findings) {
    check_value(kind.schema(), object, "", findings);
}

fn check_value(schema: &SchemaNode, value: &Value, path: &str, findings: &mut Findings) {
    if !has_type(schema, value) {
        let wanted = wanted_type(schema);
        findings.add(path, format!("must be {wanted}"), value, format!("write {wanted}"));
        return;
    }
    match value {
        Value::Object(object) => check_object(schema, object, path, findings),
        Value::Array(elements) => check_list(schema, elements, path, findings),
        Value::String(text) => check_text(schema, text, path, findings),
        Value::Number(_) => check_range(schema, value, path, findings),
        _ => {}
    }
}

fn has_type(schema: &SchemaNode, value: &Value) -> bool {
    if schema.int_or_string {
        return value.is_i64() || value.is_u64() || value.is_string();
    }
    match schema.type_.as_deref() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    }
}

fn wanted_type(schema: &SchemaNode) -> &'static str {
    match schema.type_.as_deref() {
        _ if schema.int_or_string => "a whole number or a text",
        Some("object") => "a map of fields",
        Some("array") => "a list",
        Some("string") => "a text (in quotes, if it looks like a number)",
        Some("integer") => "a whole number",
        _ => "true or false",
    }
}

fn check_object(schema: &SchemaNode, object: &Map<String, Value>, path: &str, findings: &mut Findings) {
    for name in &schema.required {
        if !object.contains_key(name) {
            findings.add_missing(&field_path(path, name), "is required", format!("add {name}"));
        }
    }
    check_size(schema, object.len(), "entries", path, findings);
    for (name, value) in object {
        if let Some(schema) = schema.field(name) {
            check_value(schema, value, &field_path(path, name), findings);
        }
    }
}

fn check_list(schema: &SchemaNode, elements: &[Value], path: &str, findings: &mut Findings) {
    check_size(schema, elements.len(), "elements", path, findings);
    for (index, element) in elements.iter().enumerate() {
        let path = element_path(path, index);
        if let Some(schema) = &schema.items {
            check_value(schema, element, &path, findings);
        }
        if is_repeated(schema, &elements[..index], element) {
            findings.add(&path, "occurs twice in the list", element, "remove one of the two");
        }
    }
}

fn is_repeated(schema: &SchemaNode, earlier: &[Value], element: &Value) -> bool {
    let same_keys = |other: &Value| schema.list_keys.iter().all(|key| other.get(key) == element.get(key));
    (schema.is_set && earlier.contains(element))
        || (!schema.list_keys.is_empty() && earlier.iter().any(same_keys))
}

fn check_size(schema: &SchemaNode, size: usize, what: &str, path: &str, findings: &mut Findings) {
    let size = size as u64;
    if let (Some(least), _) = schema.size
        && size < least
    {
        findings.add(
            path,
            format!("must have at least {least} of its {what}"),
            &size,
            format!("write at least {least}"),
        );
    }
    if let (_, Some(most)) = schema.size
        && size > most
    {
        findings.add(
            path,
            format!("must have at most {most} {what}"),
            &size,
            format!("remove {}", size - most),
        );
    }
}

fn check_text(schema: &SchemaNode, text: &str, path: &str, findings: &mut Findings) {
    if !schema.allowed.is_empty() && !schema.allowed.iter().any(|word| word == text) {
        findings.add(
            path,
            "is not one of the known words",
            &text,
            format!("write one of {}", schema.allowed.join(", ")),
        );
    }
    let length = text.chars().count() as u64;
    if let (Some(least), _) = schema.size
        && length < least
    {
        findings.add(path, "must not be empty", &text, "write a text");
        return;
    }
    if let (_, Some(most)) = schema.size
        && length > most
    {
        findings.add(
            path,
            format!("must have at most {most} characters"),
            &text,
            format!("shorten it by {}", length - most),
        );
    }
    if let Some(pattern) = &schema.pattern
        && !pattern.is_match(text)
    {
        let (meaning, example) = patterns::describe(pattern.as_str())
            .map_or(("a text of the right form", pattern.as_str()), |known| (known.meaning, known.example));
        findings.add(path, format!("is not {meaning}"), &text, format!("write for example \"{example}\""));
    }
    if schema.format.as_deref() == Some("date-time") && text.parse::<jiff::Timestamp>().is_err() {
        findings.add(path, "is not a time", &text, "write for example \"2026-01-31T12:00:00Z\"");
    }
}

fn check_range(schema: &SchemaNode, value: &Value, path: &str, findings: &mut Findings) {
    let widest = match schema.format.as_deref() {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let least = schema.range.0.unwrap_or(widest.0);
    let most = schema.range.1.unwrap_or(widest.1);
    if value.as_i64().is_some_and(|number| (least..=most).contains(&number)) {
        return;
    }
    let is_low = value.as_i64().is_some_and(|number| number < least);
    let range = match schema.range {
        (Some(least), None) if is_low => format!("{least} or more"),
        _ => format!("from {least} to {most}"),
    };
    findings.add(path, format!("must be {range}"), value, format!("write a number {range}"));
}
