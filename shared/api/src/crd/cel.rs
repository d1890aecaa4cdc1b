//! CEL rules of the generated schemas, and the schema fragments that the derives cannot express.
//!
//! The same rules exist in Rust under `rules`; the texts shown by `kubectl apply` come from here.
//! Source: reference, sections 1.1, 2.1, 3.1, 4.1.

use schemars::Schema;
use serde_json::{Value, json};

use super::labels;
use super::patterns;

/// One CEL rule.
pub(super) fn rule(rule: &str, message: &str) -> Value {
    json!({"rule": rule, "message": message})
}

/// Appends rules to a schema node.
fn add_rules(schema: &mut Schema, rules: Vec<Value>) {
    let object = schema.ensure_object();
    let all = object.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(rules);
    }
}

fn add_rules_at(schema: &mut Schema, pointer: &str, rules: Vec<Value>) {
    if let Some(node) = schema.pointer_mut(pointer)
        && let Ok(node) = <&mut Schema>::try_from(node)
    {
        add_rules(node, rules);
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("[{}]", words.join(", "))
}

/// Rules about one label key; `key` is the CEL name it goes by.
fn label_key_rules(key: &str, karpenter_keys: &[&str], aws_keys: &[&str]) -> Vec<(String, &'static str)> {
    let domain = |domain: &str, allowed: &[&str]| {
        format!("{key} in {} || !{key}.find('^([^/]+)').endsWith('{domain}')", quoted(allowed))
    };
    vec![
        (domain(labels::KARPENTER_DOMAIN, karpenter_keys), "labels of the domain karpenter.sh are reserved"),
        (format!("{key} != '{}'", labels::HOSTNAME), "label kubernetes.io/hostname is reserved"),
        (
            domain(labels::AWS_DOMAIN, aws_keys),
            "this label of the domain karpenter.k8s.aws cannot be used here",
        ),
    ]
}

fn no_nodepool_rule(key: &str) -> (String, &'static str) {
    (format!("{key} != '{}'", labels::NODEPOOL), "label karpenter.sh/nodepool is set by the autoscaler")
}

/// Template labels of a NodePool: sizes, values and reserved keys.
pub(super) fn nodepool_labels(schema: &mut Schema) {
    let object = schema.ensure_object();
    object.insert("maxProperties".into(), json!(100));
    object.insert(
        "additionalProperties".into(),
        json!({"type": "string", "maxLength": 63, "pattern": patterns::LABEL_VALUE}),
    );
    object.insert("x-kubernetes-map-type".into(), json!("atomic"));
    let mut rules = label_key_rules("x", labels::NODEPOOL_LABEL_KEYS, labels::AWS_ADMITTED);
    rules.push(no_nodepool_rule("x"));
    add_rules(
        schema,
        rules.iter().map(|(text, message)| rule(&format!("self.all(x, {text})"), message)).collect(),
    );
}

/// Requirements of a NodePool: only `capacity-type` of the domain karpenter.sh.
pub(super) fn nodepool_requirements(schema: &mut Schema) {
    let mut keys = label_key_rules("self", labels::NODEPOOL_REQUIREMENT_KEYS, labels::AWS_ADMITTED);
    keys.push(no_nodepool_rule("self"));
    requirements(schema, &keys, &["In"]);
    min_values(schema);
}

/// Requirements of a NodeClaim: its NodePool may be among them.
pub(super) fn nodeclaim_requirements(schema: &mut Schema) {
    let keys = label_key_rules("self", labels::NODECLAIM_REQUIREMENT_KEYS, labels::AWS_ADMITTED);
    requirements(schema, &keys, &["In"]);
    min_values(schema);
}

/// Requirements of a NodeOverlay: `NotIn` needs values too, and fewer AWS keys are known.
pub(super) fn overlay_requirements(schema: &mut Schema) {
    let keys = label_key_rules("self", labels::NODECLAIM_REQUIREMENT_KEYS, labels::AWS_ADMITTED_IN_OVERLAYS);
    requirements(schema, &keys, &["In", "NotIn"]);
}

fn requirements(schema: &mut Schema, key_rules: &[(String, &'static str)], need_values: &[&str]) {
    let object = schema.ensure_object();
    object.insert("maxItems".into(), json!(100));
    object.insert("x-kubernetes-list-type".into(), json!("atomic"));
    let needy = quoted(need_values);
    add_rules(
        schema,
        vec![
            rule(
                &format!("self.all(x, !(x.operator in {needy}) || (has(x.values) && x.values.size() != 0))"),
                &format!("operator {} needs at least one value", need_values.join(" or ")),
            ),
            rule(
                "self.all(x, !(x.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || (has(x.values) && x.values.size() == 1 && int(x.values[0]) >= 0))",
                "operators Gt, Lt, Gte and Lte need exactly one non-negative integer",
            ),
        ],
    );
    let key_rules = key_rules.iter().map(|(text, message)| rule(text, message)).collect();
    add_rules_at(schema, "/items/properties/key", key_rules);
}

fn min_values(schema: &mut Schema) {
    add_rules(
        schema,
        vec![rule(
            "self.all(x, !(x.operator == 'In' && has(x.minValues)) || (has(x.values) && x.values.size() >= x.minValues))",
            "operator In with minValues needs at least that many values",
        )],
    );
}

/// NodeClassRef of a NodePool: other settings of the same kind may be named later, another kind may not.
pub(super) fn fixed_class_kind(schema: &mut Schema) {
    add_rules(
        schema,
        vec![
            rule("self.group == oldSelf.group", "nodeClassRef.group is immutable"),
            rule("self.kind == oldSelf.kind", "nodeClassRef.kind is immutable"),
        ],
    );
}

/// Conditions as a list keyed by type.
pub(super) fn keyed_conditions(schema: &mut Schema) {
    let object = schema.ensure_object();
    object.insert("x-kubernetes-list-type".into(), json!("map"));
    object.insert("x-kubernetes-list-map-keys".into(), json!(["type"]));
}

/// Conditions of a kind that always gives a reason and a message.
pub(super) fn full_conditions(schema: &mut Schema) {
    if let Some(item) = schema.pointer_mut("/items").and_then(Value::as_object_mut) {
        item.insert("required".into(), json!(["lastTransitionTime", "message", "reason", "status", "type"]));
    }
    if let Some(reason) = schema.pointer_mut("/items/properties/reason").and_then(Value::as_object_mut) {
        reason.insert("minLength".into(), json!(1));
        reason.insert("pattern".into(), json!(patterns::CONDITION_REASON));
        reason.remove("default");
    }
    if let Some(message) = schema.pointer_mut("/items/properties/message").and_then(Value::as_object_mut) {
        message.remove("default");
    }
}

/// Tags of a selector term: at most 20, none empty.
pub(super) fn selector_tags(schema: &mut Schema) {
    schema.ensure_object().insert("maxProperties".into(), json!(20));
    add_rules(
        schema,
        vec![rule("self.all(k, k != '' && self[k] != '')", "tag keys and values cannot be empty")],
    );
}

/// Values of a requirement, each a label value.
pub(super) fn label_values(schema: &mut Schema) {
    let object = schema.ensure_object();
    object
        .insert("items".into(), json!({"type": "string", "maxLength": 63, "pattern": patterns::LABEL_VALUE}));
    object.insert("x-kubernetes-list-type".into(), json!("atomic"));
}
