//! What does a launch template hold, and what is it called (aws 5.3)?
//!
//! A template is named after its content: the same machine is always launched from the same template, whoever
//! makes it, and a change of anything makes another one.

mod devices;
mod network;
mod shelf;

use aws_sdk_ec2::types::{
    CapacityReservationPreference, CapacityReservationTarget,
    LaunchTemplateCapacityReservationSpecificationRequest, LaunchTemplateCpuOptionsRequest,
    LaunchTemplateEnclaveOptionsRequest, LaunchTemplateHttpTokensState,
    LaunchTemplateIamInstanceProfileSpecificationRequest, LaunchTemplateInstanceMarketOptionsRequest,
    LaunchTemplateInstanceMetadataEndpointState, LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateInstanceMetadataProtocolIpv6, LaunchTemplateInstanceMetadataTagsState,
    LaunchTemplatePlacementRequest, LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest,
    MarketType, NestedVirtualizationSpecification, RequestLaunchTemplateData, ResourceType, Tenancy,
};
use joiner_api::crd::ec2nodeclass::{HttpTokens, Switch};
use joiner_core::model::{CapacityType, Labels, Requirements, ResourceName};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::LaunchError;

pub(super) use shelf::Shelf;

use super::ENCLAVE_REQUEST;
use super::choice::HostTenancy;
use super::class::LaunchClass;
use super::tags;
use super::user_data::Bootstrap;
use super::variant::{ReservationTarget, Variant};
use crate::ClusterFacts;

/// The label whose requirement names a partition of a placement group.
const PARTITION: &str = "karpenter.k8s.aws/placement-group-partition";
/// Regions that do not know the IPv6 switch of the metadata service.
const WITHOUT_METADATA_IPV6: [&str; 3] = ["us-iso-", "us-isob-", "us-isof-"];
/// Characters of the part of a name that stands for the content; five bits each.
const DIGEST_CHARS: u32 = 20;

/// A template as it should be.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// Its name.
    pub(super) name: String,
    /// Its content.
    data: RequestLaunchTemplateData,
    /// Tags of itself.
    tags: Labels,
}

/// What all templates of one launch have in common.
#[derive(Debug)]
pub(super) struct Blueprint<'a> {
    /// The cluster.
    pub(super) facts: &'a ClusterFacts,
    /// The class.
    pub(super) class: &'a LaunchClass<'a>,
    /// What the machine must be.
    pub(super) draft: &'a ClaimDraft,
    /// How it will be paid for.
    pub(super) capacity_type: CapacityType,
    /// Where it will run.
    pub(super) tenancy: HostTenancy,
    /// Tags that all machines of the class and the pool share.
    pub(super) tags: &'a Labels,
}

impl Blueprint<'_> {
    /// The template of a variant.
    ///
    /// # Errors
    /// What [`Bootstrap::render`] gives.
    // behaviour: launch/templates-are-named-after-their-content
    pub(super) fn template(&self, variant: &Variant) -> Result<Template, LaunchError> {
        let class = self.class;
        let images = &class.known.resolved.images;
        let mut bootstrap = Bootstrap::new(self.facts, class, self.draft, self.capacity_type);
        bootstrap.pods = variant.pods;
        bootstrap.image_name = images.iter().find(|i| i.id == variant.image).map_or("", |image| &*image.name);
        let asks_enclave = !self.draft.requests.amount(&ResourceName::from(ENCLAVE_REQUEST)).is_zero();
        let profile =
            LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name(class.instance_profile);
        let monitoring = LaunchTemplatesMonitoringRequest::builder()
            .enabled(class.spec.detailed_monitoring.unwrap_or(false));
        let enclave = LaunchTemplateEnclaveOptionsRequest::builder().enabled(asks_enclave);
        let data = RequestLaunchTemplateData::builder()
            .image_id(&*variant.image)
            .set_user_data(bootstrap.render()?)
            .set_block_device_mappings(devices::mappings(class))
            .iam_instance_profile(profile.build())
            .monitoring(monitoring.build())
            .metadata_options(metadata(class, &self.facts.region))
            .set_network_interfaces(Some(network::interfaces(class, variant.efa, bootstrap.is_ipv6())))
            .set_tag_specifications(Some(self.tag_specifications()))
            .placement(self.placement())
            .enclave_options(enclave.build())
            .set_cpu_options(cpu(class))
            .capacity_reservation_specification(reservation(variant.reservation.as_ref()))
            .set_instance_market_options(variant.reservation.as_ref().and_then(market))
            .build();
        let user_data = data.user_data().unwrap_or_default();
        // The text form hides user data, so it is taken in by itself.
        let digest = digest(&[&format!("{data:?}"), user_data, &format!("{:?}", self.tags)]);
        let name = format!("joiner/{}/{digest}", self.facts.name);
        Ok(Template { name, data, tags: self.tags.clone() })
    }

    /// Tags of what comes into being with the machine, but is not named in the fleet request.
    fn tag_specifications(&self) -> Vec<LaunchTemplateTagSpecificationRequest> {
        let spot = (self.capacity_type == CapacityType::Spot).then_some(ResourceType::SpotInstancesRequest);
        let specification = |resource| {
            LaunchTemplateTagSpecificationRequest::builder()
                .resource_type(resource)
                .set_tags(Some(tags::wire(self.tags)))
                .build()
        };
        [Some(ResourceType::NetworkInterface), spot].into_iter().flatten().map(specification).collect()
    }

    fn placement(&self) -> LaunchTemplatePlacementRequest {
        let tenancy = match self.tenancy {
            HostTenancy::Shared => Tenancy::Default,
            HostTenancy::Dedicated => Tenancy::Dedicated,
        };
        let group = self.class.spec.placement_group_selector.as_ref();
        let wanted: Requirements = self.draft.requirements.iter().cloned().collect();
        let partition = group.and(wanted.get(PARTITION)).and_then(|requirement| {
            requirement.allowed.values().first().and_then(|value| value.parse().ok())
        });
        LaunchTemplatePlacementRequest::builder()
            .tenancy(tenancy)
            .set_group_id(group.and_then(|group| group.id.clone()))
            .set_group_name(group.and_then(|group| group.name.clone()))
            .set_partition_number(partition)
            .build()
    }
}

/// How the metadata service answers; it never tells tags.
fn metadata(class: &LaunchClass<'_>, region: &str) -> LaunchTemplateInstanceMetadataOptionsRequest {
    let options = &class.spec.metadata_options;
    let ipv6 = match options.http_protocol_ipv6 {
        Switch::Enabled => LaunchTemplateInstanceMetadataProtocolIpv6::Enabled,
        Switch::Disabled => LaunchTemplateInstanceMetadataProtocolIpv6::Disabled,
    };
    let knows_ipv6 = !WITHOUT_METADATA_IPV6.iter().any(|start| region.starts_with(start));
    LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_endpoint(match options.http_endpoint {
            Switch::Enabled => LaunchTemplateInstanceMetadataEndpointState::Enabled,
            Switch::Disabled => LaunchTemplateInstanceMetadataEndpointState::Disabled,
        })
        .set_http_protocol_ipv6(knows_ipv6.then_some(ipv6))
        .http_put_response_hop_limit(i32::try_from(options.http_put_response_hop_limit).unwrap_or(1))
        .http_tokens(match options.http_tokens {
            HttpTokens::Required => LaunchTemplateHttpTokensState::Required,
            HttpTokens::Optional => LaunchTemplateHttpTokensState::Optional,
        })
        .instance_metadata_tags(LaunchTemplateInstanceMetadataTagsState::Disabled)
        .build()
}

fn cpu(class: &LaunchClass<'_>) -> Option<LaunchTemplateCpuOptionsRequest> {
    let nested = class.spec.cpu_options.as_ref()?.nested_virtualization?;
    let nested = match nested {
        Switch::Enabled => NestedVirtualizationSpecification::Enabled,
        Switch::Disabled => NestedVirtualizationSpecification::Disabled,
    };
    Some(LaunchTemplateCpuOptionsRequest::builder().nested_virtualization(nested).build())
}

/// Into the one reservation that was chosen, or into none: what is left of others is not for this machine.
fn reservation(target: Option<&ReservationTarget>) -> LaunchTemplateCapacityReservationSpecificationRequest {
    let builder = LaunchTemplateCapacityReservationSpecificationRequest::builder();
    match target {
        Some(target) => builder
            .capacity_reservation_preference(CapacityReservationPreference::CapacityReservationsOnly)
            .capacity_reservation_target(
                CapacityReservationTarget::builder().capacity_reservation_id(&*target.id).build(),
            )
            .build(),
        None => builder.capacity_reservation_preference(CapacityReservationPreference::None).build(),
    }
}

fn market(target: &ReservationTarget) -> Option<LaunchTemplateInstanceMarketOptionsRequest> {
    let market = match (target.block, target.interruptible) {
        (true, _) => MarketType::CapacityBlock,
        (false, true) => MarketType::InterruptibleCapacityReservation,
        (false, false) => return None,
    };
    Some(LaunchTemplateInstanceMarketOptionsRequest::builder().market_type(market).build())
}

/// 128 bits of FNV-1a over texts, the upper hundred as letters and digits.
fn digest(parts: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = parts.iter().flat_map(|part| part.bytes().chain(std::iter::once(0xff)));
    let hash = bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let stirred = hash ^ (hash >> 64);
    (0..DIGEST_CHARS).map(|at| char::from(ALPHABET[(stirred >> (5 * at)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests;
