//! Which merge patch makes one document of another (RFC 7386)?

use serde_json::{Map, Value};

/// The patch that makes `wanted` of `current`; none when they are equal. Lists are replaced whole.
pub(super) fn difference(current: &Value, wanted: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (current, wanted) else {
        return (current != wanted).then(|| wanted.clone());
    };
    let mut patch = Map::new();
    for (key, value) in new {
        let changed = match old.get(key) {
            Some(before) => difference(before, value),
            None => Some(value.clone()),
        };
        if let Some(changed) = changed {
            patch.insert(key.clone(), changed);
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Whether a patch replaces a list.
pub(super) fn replaces_list(patch: &Value) -> bool {
    match patch {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(replaces_list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_names_only_what_differs() {
        let current = json!({"a": 1, "b": {"c": 1, "d": [1, 2]}, "e": {"f": 1}, "g": {}});
        for (wanted, patch) in [
            (current.clone(), None),
            (json!({"a": 2, "b": {"c": 1, "d": [1, 2]}, "e": {"f": 1}, "g": {}}), Some(json!({"a": 2}))),
            (
                json!({"a": 1, "b": {"c": 1, "d": [2]}, "g": {"h": "new"}}),
                Some(json!({"b": {"d": [2]}, "e": null, "g": {"h": "new"}})),
            ),
        ] {
            assert_eq!(difference(&current, &wanted), patch);
        }
    }

    #[test]
    fn only_lists_are_lost_when_two_write_at_once() {
        assert!(replaces_list(&json!({"spec": {"taints": []}})));
        assert!(!replaces_list(&json!({"metadata": {"labels": {"a": "b", "c": null}}})));
    }
}
