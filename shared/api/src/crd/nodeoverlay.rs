//! NodeOverlay `karpenter.sh/v1alpha1`: other prices or more resources for some instance types.
//!
//! Source: reference, section 4.1.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cel::{self, rule};
use super::parts::{OverlayRequirement, StatusCondition};
use super::patterns;
use super::quantity::ResourceAmounts;

/// Resources that an overlay cannot change, because the instance type decides them.
pub const FIXED_RESOURCES: [&str; 4] = ["cpu", "memory", "ephemeral-storage", "pods"];

/// Changes the price of matching instance types, or adds resources to them.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "karpenter.sh",
    version = "v1alpha1",
    kind = "NodeOverlay",
    plural = "nodeoverlays",
    singular = "nodeoverlay",
    shortname = "overlays",
    category = "karpenter",
    status = "NodeOverlayStatus",
    derive = "PartialEq",
    doc = "Changes the price of matching instance types, or adds resources to them.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Weight", type_ = "integer", json_path = ".spec.weight", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule("!has(self.price) || !has(self.priceAdjustment)", "price and priceAdjustment exclude each other")]))]
pub struct NodeOverlaySpec {
    /// Instance types and offerings that the overlay applies to.
    #[schemars(transform = cel::overlay_requirements)]
    pub requirements: Vec<OverlayRequirement>,
    /// Price in USD per hour, instead of the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::PRICE))]
    pub price: Option<String>,
    /// Amount in USD per hour, or percentage, that the price changes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::PRICE_ADJUSTMENT))]
    pub price_adjustment: Option<String>,
    /// Resources that the instance types have in addition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-kubernetes-validations" = capacity_rules()))]
    pub capacity: ResourceAmounts,
    /// Overlays with a higher weight win. Absent counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 10000))]
    pub weight: Option<i32>,
}

fn capacity_rules() -> Value {
    let fixed =
        |resource: &str| rule(&format!("!('{resource}' in self)"), &format!("{resource} cannot be changed"));
    json!(FIXED_RESOURCES.map(fixed))
}

/// What is known about an overlay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeOverlayStatus {
    /// Conditions of the overlay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = cel::keyed_conditions, transform = cel::full_conditions)]
    pub conditions: Vec<StatusCondition>,
}
