//! What every object says about itself.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Amount, Pairs, Text};

/// Object metadata.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Meta<'a> {
    #[serde(borrow)]
    pub(in crate::read) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) namespace: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) uid: Option<Text<'a>>,
    /// Left as text, because most pods share theirs with others and need not be read again.
    #[serde(borrow)]
    pub(in crate::read) labels: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::read) annotations: Option<Pairs<'a>>,
    #[serde(borrow)]
    pub(in crate::read) owner_references: Option<Vec<OwnerReference<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) finalizers: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub(in crate::read) creation_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) deletion_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) resource_version: Option<Text<'a>>,
}

impl Meta<'_> {
    /// The version of the object; 0 where it does not say.
    pub(in crate::read) fn version(&self) -> u64 {
        self.resource_version.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// An owner.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct OwnerReference<'a> {
    #[serde(borrow)]
    pub(in crate::read) api_version: Text<'a>,
    #[serde(borrow)]
    pub(in crate::read) kind: Text<'a>,
    #[serde(borrow)]
    pub(in crate::read) name: Text<'a>,
    #[serde(borrow)]
    pub(in crate::read) uid: Option<Text<'a>>,
    pub(in crate::read) controller: Option<bool>,
}

/// An object of which only the metadata matters, or is to be trusted.
#[derive(Debug, Default, Deserialize)]
pub(in crate::read) struct MetaOnly<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) metadata: Meta<'a>,
}

/// A status condition.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ConditionWire<'a> {
    #[serde(borrow, rename = "type")]
    pub(in crate::read) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) reason: Option<Text<'a>>,
    #[serde(borrow, rename = "lastTransitionTime")]
    pub(in crate::read) last_transition_time: Option<Text<'a>>,
}

/// A label selector.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct SelectorWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) match_labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    pub(in crate::read) match_expressions: Option<Vec<ExpressionWire<'a>>>,
}

/// An expression of a selector or of node affinity.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct ExpressionWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) key: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) operator: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) values: Option<Vec<Text<'a>>>,
}

/// A taint of a node.
#[derive(Debug, Deserialize)]
pub(in crate::read) struct TaintWire<'a> {
    #[serde(borrow)]
    pub(in crate::read) key: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) value: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in crate::read) effect: Option<Text<'a>>,
}

/// An int-or-string.
pub(in crate::read) type IntOrString<'a> = Amount<'a>;
