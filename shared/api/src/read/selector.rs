//! Selectors and affinity: node terms, pod terms, expressions.

use std::sync::Arc;

use joiner_core::model::{
    Expression, LabelSelector, Labels, NodeTerm, Operator, PodSpec, PodTerm, PreferredNodeTerm,
    PreferredPodTerm,
};

use super::problem::{Problem, each};
use super::shared::Shared;
use super::wire::{
    AffinityWire, ExpressionWire, NodeTermWire, PodAffinityWire, PodTermWire, SelectorWire, Text,
};

/// Operators of label selectors; node affinity has the numeric ones as well.
const LABEL_OPERATORS: [Operator; 4] =
    [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist];

/// Fills in node affinity, pod affinity and anti-affinity. `labels` are the pod's own.
pub(super) fn affinity(
    wire: &AffinityWire,
    labels: &Labels,
    shared: &mut Shared,
    spec: &mut PodSpec,
) -> Result<(), Problem> {
    if let Some(node) = &wire.node_affinity {
        let required =
            node.required.as_ref().and_then(|r| r.node_selector_terms.as_deref()).unwrap_or_default();
        let path = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
        spec.required_node_terms = node_terms(required, shared).map_err(|p| p.under(path))?;
        let preferred = node.preferred.as_deref().unwrap_or_default();
        spec.preferred_node_terms = each(preferred, |wire| {
            let term = node_term(&wire.preference, shared).map_err(|p| p.under("preference"))?;
            Ok(PreferredNodeTerm { weight: wire.weight.unwrap_or(1), term })
        })
        .map_err(|p| p.under("nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"))?;
    }
    if let Some(wire) = &wire.pod_affinity {
        let both = pod_affinity(wire, labels, shared).map_err(|p| p.under("podAffinity"))?;
        (spec.required_affinity, spec.preferred_affinity) = both;
    }
    if let Some(wire) = &wire.pod_anti_affinity {
        let both = pod_affinity(wire, labels, shared).map_err(|p| p.under("podAntiAffinity"))?;
        (spec.required_anti_affinity, spec.preferred_anti_affinity) = both;
    }
    Ok(())
}

/// Alternatives of nodes.
pub(super) fn node_terms(terms: &[NodeTermWire], shared: &mut Shared) -> Result<Vec<NodeTerm>, Problem> {
    each(terms, |term| node_term(term, shared))
}

fn node_term(wire: &NodeTermWire, shared: &mut Shared) -> Result<NodeTerm, Problem> {
    let expressions = wire.match_expressions.as_deref().unwrap_or_default();
    Ok(NodeTerm {
        expressions: each(expressions, |e| expression(e, shared)).map_err(|p| p.under("matchExpressions"))?,
        has_match_fields: wire.match_fields.as_ref().is_some_and(|fields| !fields.is_empty()),
    })
}

fn expression(wire: &ExpressionWire, shared: &mut Shared) -> Result<Expression, Problem> {
    let key = wire.key.as_deref().filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Problem::missing("key", "name a label"))?;
    let operator = wire.operator.as_deref().unwrap_or_default();
    let operator = Operator::parse(operator).ok_or_else(|| {
        let remedy = "write In, NotIn, Exists, DoesNotExist, Gt or Lt";
        Problem::new("operator", format!("{operator:?} is not an operator"), remedy)
    })?;
    let values = wire.values.as_deref().unwrap_or_default();
    Ok(Expression {
        key: shared.text(key),
        operator,
        values: values.iter().map(|value| shared.text(value)).collect(),
    })
}

/// A label selector; one that is absent selects nothing, an empty one everything.
pub(super) fn label_selector(
    wire: Option<&SelectorWire>,
    shared: &mut Shared,
) -> Result<Option<LabelSelector>, Problem> {
    let Some(wire) = wire else { return Ok(None) };
    let expressions = wire.match_expressions.as_deref().unwrap_or_default();
    let match_expressions = each(expressions, |wire| {
        let expression = expression(wire, shared)?;
        if LABEL_OPERATORS.contains(&expression.operator) {
            return Ok(expression);
        }
        let problem = format!("{} does not compare labels of pods", expression.operator.as_str());
        Err(Problem::new("operator", problem, "write In, NotIn, Exists or DoesNotExist"))
    })
    .map_err(|p| p.under("matchExpressions"))?;
    let match_labels = wire.match_labels.as_ref().map(|pairs| shared.pairs(pairs)).unwrap_or_default();
    Ok(Some(LabelSelector { match_labels, match_expressions }))
}

type PodTerms = (Vec<PodTerm>, Vec<PreferredPodTerm>);

fn pod_affinity(wire: &PodAffinityWire, labels: &Labels, shared: &mut Shared) -> Result<PodTerms, Problem> {
    let required = wire.required.as_deref().unwrap_or_default();
    let required = each(required, |term| pod_term(term, labels, shared))
        .map_err(|p| p.under("requiredDuringSchedulingIgnoredDuringExecution"))?;
    let preferred = wire.preferred.as_deref().unwrap_or_default();
    let preferred = each(preferred, |wire| {
        let term =
            pod_term(&wire.pod_affinity_term, labels, shared).map_err(|p| p.under("podAffinityTerm"))?;
        Ok(PreferredPodTerm { weight: wire.weight.unwrap_or(1), term })
    })
    .map_err(|p| p.under("preferredDuringSchedulingIgnoredDuringExecution"))?;
    Ok((required, preferred))
}

fn pod_term(wire: &PodTermWire, labels: &Labels, shared: &mut Shared) -> Result<PodTerm, Problem> {
    let key = wire.topology_key.as_deref().filter(|key| !key.is_empty());
    let key =
        key.ok_or_else(|| Problem::missing("topologyKey", "name the node label that makes a domain"))?;
    let mut selector =
        label_selector(wire.label_selector.as_ref(), shared).map_err(|p| p.under("labelSelector"))?;
    if let Some(selector) = &mut selector {
        let same = wire.match_label_keys.as_deref().unwrap_or_default();
        let other = wire.mismatch_label_keys.as_deref().unwrap_or_default();
        add_own_labels(selector, labels, same, Operator::In);
        add_own_labels(selector, labels, other, Operator::NotIn);
    }
    let namespaces = wire.namespaces.as_deref().unwrap_or_default();
    Ok(PodTerm {
        topology_key: shared.text(key),
        selector,
        namespaces: namespaces.iter().map(|namespace| shared.text(namespace)).collect(),
        namespace_selector: label_selector(wire.namespace_selector.as_ref(), shared)
            .map_err(|p| p.under("namespaceSelector"))?,
    })
}

/// The API server turns `matchLabelKeys` into expressions on the pod's own values when the pod is stored.
fn add_own_labels(selector: &mut LabelSelector, labels: &Labels, keys: &[Text], operator: Operator) {
    for key in keys {
        let Some((key, value)) = labels.get_key_value(&**key) else { continue };
        let expression = Expression { key: key.clone(), operator, values: vec![Arc::clone(value)] };
        if !selector.match_expressions.contains(&expression) {
            selector.match_expressions.push(expression);
        }
    }
}
