//! Selector terms of an EC2NodeClass: which subnets, security groups, images and reservations it uses.
//!
//! Terms of a list are alternatives; the fields of one term must all match.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::AmiFamily;
use crate::crd::cel::{self, rule};
use crate::crd::patterns;

/// Most terms in one list.
const MOST_TERMS: usize = 30;

/// Selects subnets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubnetSelectorTerm {
    /// Tags that the subnet has. The value * stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = cel::selector_tags)]
    pub tags: BTreeMap<String, String>,
    /// Id of the subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::SUBNET_ID))]
    pub id: Option<String>,
}

/// Selects security groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityGroupSelectorTerm {
    /// Tags that the group has. The value * stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = cel::selector_tags)]
    pub tags: BTreeMap<String, String>,
    /// Id of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::SECURITY_GROUP_ID))]
    pub id: Option<String>,
    /// Name of the group (not its Name tag); * stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Selects images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AmiSelectorTerm {
    /// Family and version of an EKS optimised image, such as al2023@latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 30), extend("pattern" = patterns::AMI_ALIAS, "x-kubernetes-validations" = alias_rules()))]
    pub alias: Option<String>,
    /// Tags that the image has. The value * stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = cel::selector_tags)]
    pub tags: BTreeMap<String, String>,
    /// Id of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::AMI_ID))]
    pub id: Option<String>,
    /// Name of the image (not its Name tag); * stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Owner of the image: an account id, self or amazon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Name or ARN of an SSM parameter that holds the id of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssm_parameter: Option<String>,
}

/// Which instances may use a capacity reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InstanceMatchCriteria {
    /// Every instance that fits.
    Open,
    /// Only instances that name the reservation.
    Targeted,
}

/// Selects capacity reservations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityReservationSelectorTerm {
    /// Tags that the reservation has. The value * stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = cel::selector_tags)]
    pub tags: BTreeMap<String, String>,
    /// Id of the reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::CAPACITY_RESERVATION_ID))]
    pub id: Option<String>,
    /// Account that owns the reservation.
    #[serde(default, rename = "ownerID", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::ACCOUNT_ID))]
    pub owner_id: Option<String>,
    /// Which instances may use the reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_match_criteria: Option<InstanceMatchCriteria>,
}

/// Names a placement group, by name or by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-validations" = [rule("has(self.name) != has(self.id)", "exactly one of name and id is needed")]))]
pub struct PlacementGroupSelector {
    /// Name of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub name: Option<String>,
    /// Id of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = patterns::PLACEMENT_GROUP_ID))]
    pub id: Option<String>,
}

fn alias_rules() -> Value {
    let families: Vec<String> = AmiFamily::ALIASES.iter().map(|(name, _)| format!("'{name}'")).collect();
    json!([
        rule(
            &format!("self.find('^[^@]+') in [{}]", families.join(", ")),
            "the family of an alias is one of al2, al2023, bottlerocket, windows2019, windows2022, windows2025"
        ),
        rule(
            "!self.startsWith('windows') || self.endsWith('@latest')",
            "Windows aliases only have the version latest"
        ),
    ])
}

/// A list of terms, each with at least one of `needed`, and with nothing of `others` next to a field of `exclusive`.
fn terms(schema: &mut Schema, at_least: usize, needed: &[&str], exclusive: &[(&str, &[&str])]) {
    let object = schema.ensure_object();
    if at_least > 0 {
        object.insert("minItems".into(), json!(at_least));
    }
    object.insert("maxItems".into(), json!(MOST_TERMS));
    let any = |fields: &[&str]| {
        let fields: Vec<String> = fields.iter().map(|field| format!("has(x.{field})")).collect();
        fields.join(" || ")
    };
    let mut rules = vec![rule(
        &format!("self.all(x, {})", any(needed)),
        &format!("each term needs at least one of {}", needed.join(", ")),
    )];
    for (field, others) in exclusive {
        rules.push(rule(
            &format!("self.all(x, !has(x.{field}) || !({}))", any(others)),
            &format!("{field} cannot be combined with {} in one term", others.join(", ")),
        ));
    }
    object.insert("x-kubernetes-validations".into(), json!(rules));
}

/// Fields of which a subnet term needs at least one.
pub(crate) const SUBNET_NEEDED: &[&str] = &["tags", "id"];
/// Fields of a subnet term that exclude others.
pub(crate) const SUBNET_EXCLUSIVE: &[(&str, &[&str])] = &[("id", &["tags"])];
/// Fields of which a security group term needs at least one.
pub(crate) const SECURITY_GROUP_NEEDED: &[&str] = &["tags", "id", "name"];
/// Fields of a security group term that exclude others.
pub(crate) const SECURITY_GROUP_EXCLUSIVE: &[(&str, &[&str])] =
    &[("id", &["tags", "name"]), ("name", &["tags", "id"])];
/// Fields of which a capacity reservation term needs at least one.
pub(crate) const RESERVATION_NEEDED: &[&str] = &["tags", "id", "instanceMatchCriteria"];
/// Fields of a capacity reservation term that exclude others.
pub(crate) const RESERVATION_EXCLUSIVE: &[(&str, &[&str])] =
    &[("id", &["tags", "ownerID", "instanceMatchCriteria"])];
/// Fields of which an image term needs at least one.
pub(crate) const AMI_NEEDED: &[&str] = &["tags", "id", "name", "alias", "ssmParameter"];
/// Fields of an image term that exclude others.
pub(crate) const AMI_EXCLUSIVE: &[(&str, &[&str])] =
    &[("id", &["alias", "tags", "name", "owner"]), ("alias", &["id", "tags", "name", "owner"])];

pub(super) fn subnet_terms(schema: &mut Schema) {
    terms(schema, 1, SUBNET_NEEDED, SUBNET_EXCLUSIVE);
}

pub(super) fn security_group_terms(schema: &mut Schema) {
    terms(schema, 1, SECURITY_GROUP_NEEDED, SECURITY_GROUP_EXCLUSIVE);
}

pub(super) fn capacity_reservation_terms(schema: &mut Schema) {
    terms(schema, 0, RESERVATION_NEEDED, RESERVATION_EXCLUSIVE);
}

pub(super) fn ami_terms(schema: &mut Schema) {
    terms(schema, 1, AMI_NEEDED, AMI_EXCLUSIVE);
    let alone = rule(
        "!self.exists(x, has(x.alias)) || self.size() == 1",
        "a term with an alias must be the only term",
    );
    if let Some(rules) = schema.pointer_mut("/x-kubernetes-validations").and_then(Value::as_array_mut) {
        rules.push(alone);
    }
}
