//! `zone=a|b`, `team!=x`, `team?`, `!team`, `cpu>4`: requirements as tests write and read them.

use std::sync::Arc;

use joiner_core::model::{Expression, NodeTerm, Operator, Requirement, keys};

/// Short names of label keys.
const SHORT: [(&str, &str); 13] = [
    ("zone", keys::ZONE),
    ("cap", keys::CAPACITY_TYPE),
    ("arch", keys::ARCH),
    ("os", keys::OS),
    ("type", keys::INSTANCE_TYPE),
    ("pool", keys::NODE_POOL),
    ("host", keys::HOSTNAME),
    ("res", keys::RESERVATION_ID),
    ("cpu", "karpenter.k8s.aws/instance-cpu"),
    ("size", "karpenter.k8s.aws/instance-size"),
    ("gpus", "karpenter.k8s.aws/instance-gpu-count"),
    ("nvme", "karpenter.k8s.aws/instance-local-nvme"),
    ("registered", keys::REGISTERED),
];

/// The label key that a short name stands for.
pub(crate) fn key(short: &str) -> &str {
    SHORT.iter().find(|(s, _)| *s == short).map_or(short, |(_, key)| key)
}

/// The short name of a label key.
pub(crate) fn short(key: &str) -> &str {
    SHORT.iter().find(|(_, k)| *k == key).map_or(key, |(s, _)| s)
}

/// One expression.
pub(crate) fn expression(text: &str) -> Expression {
    const SIGNS: [(&str, Operator); 6] = [
        ("!=", Operator::NotIn),
        (">=", Operator::Gte),
        ("<=", Operator::Lte),
        (">", Operator::Gt),
        ("<", Operator::Lt),
        ("=", Operator::In),
    ];
    let (name, operator, values) = if let Some(name) = text.strip_prefix('!') {
        (name, Operator::DoesNotExist, "")
    } else if let Some(name) = text.strip_suffix('?') {
        (name, Operator::Exists, "")
    } else {
        let sign = SIGNS.iter().find_map(|(sign, op)| Some((text.split_once(sign)?, *op)));
        let ((name, values), operator) = sign.unwrap_or_else(|| panic!("{text:?} is no expression"));
        (name, operator, values)
    };
    let values = values.split('|').filter(|v| !v.is_empty()).map(Arc::from).collect();
    Expression { key: key(name).into(), operator, values }
}

/// Expressions that hold together, separated by commas.
pub(crate) fn term(text: &str) -> NodeTerm {
    NodeTerm { expressions: text.split(',').map(expression).collect(), has_match_fields: false }
}

/// A requirement, with a flexibility floor behind `~`.
pub(crate) fn requirement(text: &str) -> Requirement {
    let (text, floor) = text.split_once('~').map_or((text, None), |(t, floor)| (t, Some(floor)));
    let Expression { key, operator, values } = expression(text);
    let read = Requirement::from_expression(&key, operator, &values).expect("readable");
    Requirement { min_values: floor.map(|f| f.parse().expect("a number")), ..read }
}

/// A requirement as tests read it.
pub(crate) fn show(requirement: &Requirement) -> String {
    let name = short(requirement.key.as_str());
    let values: Vec<&str> = requirement.allowed.values().iter().map(|v| &**v).collect();
    let text = match requirement.allowed.operator() {
        Operator::In => format!("{name}={}", values.join("|")),
        Operator::NotIn => format!("{name}!={}", values.join("|")),
        Operator::DoesNotExist => format!("!{name}"),
        Operator::Exists | Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => format!("{name}?"),
    };
    let floor = requirement.min_values.map(|floor| format!("~{floor}"));
    text + &floor.unwrap_or_default()
}
