//! EC2NodeClass `karpenter.k8s.aws/v1`: the EC2 settings of nodes.
//!
//! Source: reference, sections 3.1 and 3.7.

#![expect(clippy::duplicated_attributes, reason = "each printer column has its own type and priority")]

pub mod kubelet;
pub(super) mod selectors;
mod settings;
mod status;

pub use kubelet::{KubeletSettings, NumberOrExpression};
pub use selectors::{
    AmiSelectorTerm, CapacityReservationSelectorTerm, InstanceMatchCriteria, PlacementGroupSelector,
    SecurityGroupSelectorTerm, SubnetSelectorTerm,
};
pub use settings::{
    BlockDevice, BlockDeviceMapping, ConnectionTracking, CpuOptions, HttpTokens, InstanceStorePolicy,
    InterfaceType, MetadataOptions, NetworkInterfaceSpec, Switch, VolumeType,
};
pub use status::{
    AmiRequirement, AmiStatus, CapacityReservationState, CapacityReservationStatus, CapacityReservationType,
    Ec2NodeClassStatus, SecurityGroupStatus, SubnetStatus,
};

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::cel::rule;

/// Operating system family of an image: decides user data, defaults and image lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum AmiFamily {
    /// Amazon Linux 2.
    AL2,
    /// Amazon Linux 2023.
    AL2023,
    /// Bottlerocket.
    Bottlerocket,
    /// Images that bootstrap themselves.
    Custom,
    /// Windows Server 2019.
    Windows2019,
    /// Windows Server 2022.
    Windows2022,
    /// Windows Server 2025.
    Windows2025,
}

impl AmiFamily {
    /// The families that an alias can name, each with its name in aliases.
    pub const ALIASES: [(&'static str, Self); 6] = [
        ("al2", Self::AL2),
        ("al2023", Self::AL2023),
        ("bottlerocket", Self::Bottlerocket),
        ("windows2019", Self::Windows2019),
        ("windows2022", Self::Windows2022),
        ("windows2025", Self::Windows2025),
    ];

    /// The family that an alias such as `al2023@latest` names.
    pub fn of_alias(alias: &str) -> Option<Self> {
        let (family, _) = alias.split_once('@')?;
        Self::ALIASES.iter().find(|(name, _)| *name == family).map(|(_, family)| *family)
    }

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AL2 => "AL2",
            Self::AL2023 => "AL2023",
            Self::Bottlerocket => "Bottlerocket",
            Self::Custom => "Custom",
            Self::Windows2019 => "Windows2019",
            Self::Windows2022 => "Windows2022",
            Self::Windows2025 => "Windows2025",
        }
    }

    /// Whether nodes run Windows.
    pub fn is_windows(self) -> bool {
        matches!(self, Self::Windows2019 | Self::Windows2022 | Self::Windows2025)
    }
}

/// Keys that tags cannot have, because the autoscaler sets them.
pub const RESERVED_TAGS: [&str; 4] = [
    "eks:eks-cluster-name",
    "karpenter.sh/nodepool",
    "karpenter.sh/nodeclaim",
    "karpenter.k8s.aws/ec2nodeclass",
];

/// Start of further keys that tags cannot have.
pub const RESERVED_TAG_PREFIX: &str = "kubernetes.io/cluster";

/// EC2 settings of nodes.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "karpenter.k8s.aws",
    version = "v1",
    kind = "EC2NodeClass",
    plural = "ec2nodeclasses",
    singular = "ec2nodeclass",
    shortname = "ec2nc",
    shortname = "ec2ncs",
    category = "karpenter",
    status = "Ec2NodeClassStatus",
    derive = "PartialEq",
    doc = "EC2 settings of nodes.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Role", type_ = "string", json_path = ".spec.role", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = spec_rules()))]
pub struct Ec2NodeClassSpec {
    /// Subnets that nodes are launched into. A subnet is used when any term selects it.
    #[schemars(transform = selectors::subnet_terms)]
    pub subnet_selector_terms: Vec<SubnetSelectorTerm>,
    /// Security groups of the nodes. A group is used when any term selects it.
    #[schemars(transform = selectors::security_group_terms)]
    pub security_group_selector_terms: Vec<SecurityGroupSelectorTerm>,
    /// Capacity reservations that nodes may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = selectors::capacity_reservation_terms)]
    pub capacity_reservation_selector_terms: Option<Vec<CapacityReservationSelectorTerm>>,
    /// Placement group that nodes are launched into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement_group_selector: Option<PlacementGroupSelector>,
    /// Whether nodes get a public address. Absent leaves it to the subnet.
    #[serde(default, rename = "associatePublicIPAddress", skip_serializing_if = "Option::is_none")]
    pub associate_public_ip_address: Option<bool>,
    /// Number of address prefixes on the primary network interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub ip_prefix_count: Option<i32>,
    /// Images of the nodes. An image is used when any term selects it.
    #[schemars(transform = selectors::ami_terms)]
    pub ami_selector_terms: Vec<AmiSelectorTerm>,
    /// Operating system family of the images. Follows from the alias when one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ami_family: Option<AmiFamily>,
    /// User data of the nodes, merged with what the family needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<String>,
    /// IAM role of the nodes; an instance profile is made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub role: Option<String>,
    /// Instance profile of the nodes, instead of a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub instance_profile: Option<String>,
    /// Tags of the instances and of what is made for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-kubernetes-validations" = tag_rules()))]
    pub tags: BTreeMap<String, String>,
    /// Settings of the kubelet, as in kubelet.config.k8s.io/v1beta1. AL2023 takes all of them, other families a few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = open_map)]
    pub kubelet: Option<Map<String, Value>>,
    /// Block devices of the nodes. Absent uses those of the family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 50, "x-kubernetes-validations" = [rule(
        "self.filter(x, has(x.rootVolume) && x.rootVolume).size() <= 1",
        "only one block device can be the root volume"
    )]))]
    pub block_device_mappings: Vec<BlockDeviceMapping>,
    /// What happens to the instance store volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_store_policy: Option<InstanceStorePolicy>,
    /// Network interfaces of the nodes. Absent uses those the instance type offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = settings::network_interfaces)]
    pub network_interfaces: Vec<NetworkInterfaceSpec>,
    /// Whether CloudWatch gets metrics every minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detailed_monitoring: Option<bool>,
    /// Instance metadata service of the nodes.
    #[serde(default)]
    pub metadata_options: MetadataOptions,
    /// Time after which idle connections are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_tracking: Option<ConnectionTracking>,
    /// Context passed on to EC2 with each launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Processor options of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_options: Option<CpuOptions>,
}

impl Ec2NodeClassSpec {
    /// The family that counts: the one written, else the one of the alias, else `Custom`.
    pub fn resolved_ami_family(&self) -> AmiFamily {
        let of_alias =
            || self.ami_selector_terms.iter().find_map(|term| AmiFamily::of_alias(term.alias.as_deref()?));
        self.ami_family.or_else(of_alias).unwrap_or(AmiFamily::Custom)
    }

    /// The kubelet settings, read into types. An error means that validation would refuse them.
    pub fn kubelet_settings(&self) -> Result<Option<KubeletSettings>, serde_json::Error> {
        let map = self.kubelet.clone().map(Value::Object);
        map.map(serde_json::from_value).transpose()
    }
}

fn spec_rules() -> Value {
    let mut rules = vec![
        rule(
            "has(self.role) != has(self.instanceProfile)",
            "exactly one of role and instanceProfile is needed",
        ),
        rule(
            "has(self.amiFamily) || self.amiSelectorTerms.exists(x, has(x.alias))",
            "amiFamily is needed when no term has an alias",
        ),
    ];
    for (alias, family) in AmiFamily::ALIASES {
        let family = family.as_str();
        rules.push(rule(
            &format!(
                "!has(self.amiFamily) || self.amiFamily in ['{family}', 'Custom'] || \
                 !self.amiSelectorTerms.exists(x, has(x.alias) && x.alias.find('^[^@]+') == '{alias}')"
            ),
            &format!("with an alias of the family {alias}, amiFamily must be {family} or Custom"),
        ));
    }
    json!(rules)
}

fn tag_rules() -> Value {
    let mut rules = vec![
        rule("self.all(k, k != '')", "tag keys cannot be empty"),
        rule(
            &format!("self.all(k, !k.startsWith('{RESERVED_TAG_PREFIX}'))"),
            "tag keys cannot start with kubernetes.io/cluster",
        ),
    ];
    rules.extend(
        RESERVED_TAGS.map(|key| rule(&format!("!('{key}' in self)"), &format!("tag {key} is reserved"))),
    );
    json!(rules)
}

fn open_map(schema: &mut Schema) {
    let object = schema.ensure_object();
    object.remove("additionalProperties");
    object.insert("type".into(), json!("object"));
    object.insert("x-kubernetes-preserve-unknown-fields".into(), json!(true));
}
