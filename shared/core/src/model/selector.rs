//! Label selectors: which pods or namespaces does a constraint speak of?

use std::sync::Arc;

use super::{Labels, Operator};

/// One expression of a selector or of a node affinity term, as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expression {
    /// Label key, as written.
    pub key: Arc<str>,
    /// Operator.
    pub operator: Operator,
    /// Values, as written.
    pub values: Vec<Arc<str>>,
}

impl Expression {
    /// Whether labels satisfy it, by the rules of label selectors. Numeric operators compare integers.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let listed = |value: &Arc<str>| self.values.contains(value);
        let compare = |holds: fn(i64, i64) -> bool| {
            let bound = self.values.first().and_then(|v| v.parse().ok());
            let own = value.and_then(|v| v.parse().ok());
            matches!((own, bound), (Some(own), Some(bound)) if holds(own, bound))
        };
        match self.operator {
            Operator::In => value.is_some_and(listed),
            Operator::NotIn => !value.is_some_and(listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => compare(|own, bound| own > bound),
            Operator::Lt => compare(|own, bound| own < bound),
            Operator::Gte => compare(|own, bound| own >= bound),
            Operator::Lte => compare(|own, bound| own <= bound),
        }
    }
}

/// A label selector; an empty one selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LabelSelector {
    /// Labels that must be there.
    pub match_labels: Labels,
    /// Expressions that must hold.
    pub match_expressions: Vec<Expression>,
}

impl LabelSelector {
    /// Whether labels satisfy all of it.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|e| e.matches(labels))
    }
}
