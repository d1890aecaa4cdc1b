//! Shapes that several kinds share: requirements, taints, references and status conditions.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{cel, patterns};

/// How a requirement compares a label with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum RequirementOperator {
    /// The label has one of the values.
    In,
    /// The label has none of the values, or is absent.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer above the value.
    Gt,
    /// The label is an integer below the value.
    Lt,
    /// The label is an integer at or above the value.
    Gte,
    /// The label is an integer at or below the value.
    Lte,
}

impl RequirementOperator {
    /// Whether it compares integers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Gt | Self::Lt | Self::Gte | Self::Lte)
    }
}

/// A condition on a label that a node must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequirementSpec {
    /// Label key.
    #[schemars(length(max = 316), extend("pattern" = patterns::QUALIFIED_NAME))]
    pub key: String,
    /// How the label is compared with the values.
    pub operator: RequirementOperator,
    /// Values to compare with. In needs at least one; Gt, Lt, Gte and Lte need exactly one integer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = cel::label_values)]
    pub values: Vec<String>,
    /// Number of different values of this label that must remain to choose from when a node is launched. Alpha.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 50))]
    pub min_values: Option<i32>,
}

/// A condition on a label, without a floor of flexibility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverlayRequirement {
    /// Label key.
    #[schemars(length(max = 316), extend("pattern" = patterns::QUALIFIED_NAME))]
    pub key: String,
    /// How the label is compared with the values.
    pub operator: RequirementOperator,
    /// Values to compare with. In and NotIn need at least one; Gt, Lt, Gte and Lte need exactly one integer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = cel::label_values)]
    pub values: Vec<String>,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// Not scheduled onto the node.
    NoSchedule,
    /// Scheduled elsewhere if possible.
    PreferNoSchedule,
    /// Not scheduled onto the node, and evicted from it.
    NoExecute,
}

/// A taint that nodes get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaintSpec {
    /// Taint key.
    #[schemars(length(min = 1), extend("pattern" = patterns::QUALIFIED_NAME))]
    pub key: String,
    /// Taint value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::QUALIFIED_NAME))]
    pub value: Option<String>,
    /// What happens to pods that do not tolerate the taint.
    pub effect: TaintEffect,
    /// When the taint was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub time_added: Option<Timestamp>,
}

/// Names the object that holds the cloud settings of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeClassReference {
    /// API group of the object, without version.
    #[schemars(length(min = 1), extend("pattern" = patterns::API_GROUP))]
    pub group: String,
    /// Kind of the object.
    #[schemars(length(min = 1))]
    pub kind: String,
    /// Name of the object.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// Truth of a status condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody knows yet.
    Unknown,
}

impl ConditionStatus {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// One aspect of an object's state, as last observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusCondition {
    /// When the status last changed from one value to another.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last_transition_time: Timestamp,
    /// What happened, for people.
    #[serde(default)]
    #[schemars(length(max = 32768))]
    pub message: String,
    /// Generation of the object that the condition was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub observed_generation: Option<i64>,
    /// Why it has this status, as one CamelCase word.
    #[serde(default)]
    #[schemars(length(max = 1024), extend("pattern" = patterns::CONDITION_REASON_OR_EMPTY))]
    pub reason: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// What the condition is about.
    #[serde(rename = "type")]
    #[schemars(length(max = 316), extend("pattern" = patterns::CONDITION_TYPE))]
    pub type_: String,
}
