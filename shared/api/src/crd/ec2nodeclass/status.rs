//! What is known about an EC2NodeClass: the subnets, groups, images and reservations that its terms select.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::InstanceMatchCriteria;
use crate::crd::cel;
use crate::crd::parts::{RequirementOperator, StatusCondition};
use crate::crd::patterns;

/// What is known about an EC2NodeClass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ec2NodeClassStatus {
    /// Subnets that the terms select.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<SubnetStatus>,
    /// Security groups that the terms select.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<SecurityGroupStatus>,
    /// Capacity reservations that the terms select.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_reservations: Vec<CapacityReservationStatus>,
    /// Images that the terms select.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amis: Vec<AmiStatus>,
    /// Instance profile in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_profile: Option<String>,
    /// Conditions of the class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = cel::full_conditions)]
    pub conditions: Vec<StatusCondition>,
}

/// A selected subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubnetStatus {
    /// Id of the subnet.
    pub id: String,
    /// Zone of the subnet.
    pub zone: String,
    /// Id of the zone, the same in all accounts.
    #[serde(default, rename = "zoneID", skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
}

/// A selected security group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityGroupStatus {
    /// Id of the group.
    pub id: String,
    /// Name of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A selected image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmiStatus {
    /// Id of the image.
    pub id: String,
    /// Whether its owner deprecated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
    /// Name of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Conditions on labels that an instance type must meet to run the image.
    pub requirements: Vec<AmiRequirement>,
}

/// A condition on a label of an instance type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmiRequirement {
    /// Label key.
    pub key: String,
    /// How the label is compared with the values.
    pub operator: RequirementOperator,
    /// Values to compare with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub values: Vec<String>,
}

/// How a capacity reservation is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityReservationType {
    /// On-demand capacity reservation.
    #[default]
    Default,
    /// Capacity block with a fixed end.
    CapacityBlock,
}

/// Whether a capacity reservation can still be launched into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CapacityReservationState {
    /// It can.
    #[default]
    Active,
    /// It is about to end: nodes on it are being replaced.
    Expiring,
}

/// A selected capacity reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityReservationStatus {
    /// Zone of the reserved capacity.
    pub availability_zone: String,
    /// When the reservation ends. Absent lasts until it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub end_time: Option<Timestamp>,
    /// Id of the reservation.
    #[schemars(extend("pattern" = patterns::CAPACITY_RESERVATION_ID))]
    pub id: String,
    /// Which instances may use the reservation.
    pub instance_match_criteria: InstanceMatchCriteria,
    /// Instance type that is reserved.
    pub instance_type: String,
    /// Whether EC2 may take the capacity back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// Account that owns the reservation.
    #[serde(rename = "ownerID")]
    #[schemars(extend("pattern" = patterns::ACCOUNT_ID))]
    pub owner_id: String,
    /// How the reservation is paid for.
    #[serde(default)]
    pub reservation_type: CapacityReservationType,
    /// Whether the reservation can still be launched into.
    #[serde(default)]
    pub state: CapacityReservationState,
}
