//! What does a class lead to in the account? A subnet in each of its zones, one security group, and the newest image
//! for each architecture.

use std::sync::Arc;

use joiner_api::crd::ec2nodeclass::{AmiRequirement, AmiStatus, SecurityGroupStatus, SubnetStatus};
use joiner_api::crd::{Ec2NodeClassStatus, RequirementOperator};
use joiner_core::model::{InstanceType, NodeClass, Requirements, keys};

use super::Ec2;

/// What an instance of a class is started with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Its image.
    pub image_id: Option<Arc<str>>,
    /// Its subnet.
    pub subnet_id: Option<Arc<str>>,
    /// Its security groups.
    pub security_group_ids: Vec<Arc<str>>,
}

impl Ec2 {
    /// The status that a class resolves to, but for its conditions.
    pub(crate) fn resolve(&self, class: &NodeClass) -> Ec2NodeClassStatus {
        let zones = self.zones.get(&class.name).map_or(&class.zones[..], Vec::as_slice);
        let subnet = |zone: &joiner_core::model::Zone| SubnetStatus {
            id: format!("subnet-{}-{}", class.name, zone.name),
            zone: zone.name.to_string(),
            zone_id: zone.id.as_deref().map(str::to_owned),
        };
        let image = |arch: &str| AmiStatus {
            id: format!("ami-{}-{arch}", self.image_release),
            name: Some(format!("node-{arch}-v{}", self.image_release)),
            requirements: vec![AmiRequirement {
                key: keys::ARCH.to_owned(),
                operator: RequirementOperator::In,
                values: vec![arch.to_owned()],
            }],
            ..AmiStatus::default()
        };
        let group = format!("sg-{}", class.name);
        Ec2NodeClassStatus {
            subnets: zones.iter().map(subnet).collect(),
            security_groups: vec![SecurityGroupStatus { id: group.clone(), name: Some(group) }],
            amis: ["amd64", "arm64"].map(image).into(),
            instance_profile: Some(format!("demo_{}", class.name)),
            ..Ec2NodeClassStatus::default()
        }
    }
}

/// What a class, as it is resolved, starts a type in a zone with.
pub(crate) fn placement(class: &NodeClass, found: Option<&InstanceType>, zone: &str) -> Placement {
    let resolved = &class.resolved;
    let runs = |image: &&joiner_core::model::Image| {
        let wanted: Requirements = image.requirements.iter().cloned().collect();
        found.is_some_and(|found| found.requirements.conflict_with(&wanted).is_none())
    };
    Placement {
        image_id: resolved.images.iter().find(runs).map(|image| Arc::clone(&image.id)),
        subnet_id: resolved
            .subnets
            .iter()
            .find(|subnet| *subnet.zone.name == *zone)
            .map(|subnet| Arc::clone(&subnet.id)),
        security_group_ids: resolved.security_groups.iter().map(|group| Arc::clone(&group.id)).collect(),
    }
}
