//! Which pending pods are simulated at all, and what is wrong with the others (scheduling 1.1 to 1.4)?

use super::reason::Ignored;
use super::volumes::Storage;
use crate::model::{Expression, LabelKey, Operator, Pod, Requirement, keys};

/// What is wrong with a pending pod, or `None` when it can be simulated. All faults are listed, not the first.
// behaviour: scheduling/pod-validation
pub(crate) fn validate(pod: &Pod, storage: &Storage) -> Option<Ignored> {
    let mut why = pod.defects.clone();
    let by_own_wish = excludes_our_nodes(pod);
    if by_own_wish {
        why.push(format!("it asks to stay off nodes with the label {}", keys::NODE_POOL));
    }
    for (key, value) in &pod.spec.node_selector {
        check_key(&format!("spec.nodeSelector[{key}]"), key, &mut why);
        check_value(&format!("spec.nodeSelector[{key}]"), value, &mut why);
        check_known(key, std::slice::from_ref(value), &mut why);
    }
    for (at, term) in pod.spec.required_node_terms.iter().enumerate() {
        let path = format!("required node affinity term {at}");
        if term.has_match_fields {
            why.push(format!("{path}: matchFields cannot be served by new nodes; use matchExpressions"));
        }
        term.expressions.iter().for_each(|e| check_expression(&path, e, &mut why));
    }
    if let Err(fault) = storage.validate(pod) {
        why.push(fault);
    }
    (!why.is_empty()).then(|| Ignored { pod: pod.key.clone(), why, by_own_wish })
}

/// Whether selector and the active affinity terms together ask for the pool label to be absent.
fn excludes_our_nodes(pod: &Pod) -> bool {
    let selected = pod
        .spec
        .node_selector
        .get(keys::NODE_POOL)
        .map(|value| Requirement::new(keys::NODE_POOL, crate::model::Allowed::one(value)));
    let preferred = super::relax::heaviest(&pod.spec.preferred_node_terms, |t| t.weight)
        .map(|at| &pod.spec.preferred_node_terms[at].term);
    let terms = pod.spec.required_node_terms.first().into_iter().chain(preferred);
    let asked = terms
        .flat_map(|t| &t.expressions)
        .filter(|e| &*e.key == keys::NODE_POOL)
        .filter_map(|e| Requirement::from_expression(&e.key, e.operator, &e.values).ok())
        .chain(selected)
        .map(|r| r.allowed)
        .reduce(|a, b| a.narrow(&b));
    asked.is_some_and(|allowed| allowed.is_none())
}

fn check_expression(path: &str, expression: &Expression, why: &mut Vec<String>) {
    let Expression { key, operator, values } = expression;
    check_key(path, key, why);
    values.iter().for_each(|value| check_value(path, value, why));
    match operator {
        Operator::In if values.is_empty() => {
            why.push(format!("{path}: {key} In needs at least one value"));
        }
        Operator::In => check_known(key, values, why),
        Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
            if let Err(fault) = Requirement::from_expression(key, *operator, values) {
                why.push(format!("{path}: {key}: {fault}"));
            }
        }
        Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {}
    }
}

fn check_key(path: &str, key: &str, why: &mut Vec<String>) {
    if !is_qualified_name(key) {
        why.push(format!("{path}: {key:?} is not a label key"));
    } else if LabelKey::new(key).is_restricted() {
        why.push(format!("{path}: label {key} is restricted; nodes cannot be launched for it"));
    }
}

fn check_value(path: &str, value: &str, why: &mut Vec<String>) {
    if !is_label_value(value) {
        why.push(format!("{path}: {value:?} is not a label value"));
    }
}

/// Keys with a closed set of values: at least one of the values must be known.
fn check_known<S: AsRef<str>>(key: &str, values: &[S], why: &mut Vec<String>) {
    let known: &[&str] = match LabelKey::new(key).as_str() {
        keys::CAPACITY_TYPE => &["on-demand", "spot", "reserved"],
        keys::INSTANCE_TENANCY => &["default", "dedicated"],
        _ => return,
    };
    if !values.iter().any(|value| known.contains(&value.as_ref())) {
        let given: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        why.push(format!("{key} must be one of {known:?}, got {given:?}"));
    }
}

/// A label value: empty, or at most 63 letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
pub(crate) fn is_label_value(value: &str) -> bool {
    value.is_empty() || (value.len() <= 63 && is_name(value))
}

fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let bytes = text.as_bytes();
    let outer = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    outer(bytes.first()) && outer(bytes.last()) && bytes.iter().all(|b| inner(*b))
}

/// A label key: a name, optionally behind a DNS domain and a slash.
pub(crate) fn is_qualified_name(key: &str) -> bool {
    let (domain, name) = match key.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, key),
    };
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let domain_fits = domain.is_none_or(|d| d.len() <= 253 && d.split('.').all(label));
    domain_fits && name.len() <= 63 && is_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_keys_and_values_follow_the_api_servers_grammar() {
        for (key, valid) in [
            ("team", true),
            ("example.com/team", true),
            ("a/b/c", false),
            ("/team", false),
            ("example.com/", false),
            ("-team", false),
            ("Example.com/team", false),
            ("", false),
        ] {
            assert_eq!(is_qualified_name(key), valid, "{key}");
        }
        for (value, valid) in [("", true), ("a", true), ("a.b_c-1", true), ("-a", false), ("a b", false)] {
            assert_eq!(is_label_value(value), valid, "{value:?}");
        }
        assert!(!is_label_value(&"a".repeat(64)));
    }
}
