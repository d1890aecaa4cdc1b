//! What exactly is EC2 asked for, and what does its answer mean (aws 6.4, 6.6)?

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_ec2::operation::create_fleet::CreateFleetOutput;
use aws_sdk_ec2::operation::create_fleet::builders::CreateFleetFluentBuilder;
use aws_sdk_ec2::types::{
    CreateFleetError, CreateFleetInstance, DefaultTargetCapacityType, FleetLaunchTemplateConfigRequest,
    FleetLaunchTemplateOverridesRequest, FleetLaunchTemplateSpecificationRequest,
    FleetOnDemandAllocationStrategy, FleetReservationType, FleetType, InstanceType as Ec2Type,
    OnDemandOptionsRequest, ReservedCapacityOptionsRequest, ResourceType, SpotAllocationStrategy,
    SpotOptionsRequest, TargetCapacitySpecificationRequest,
};
use joiner_core::model::{CapacityType, Labels, OfferingKey, Subnet, Unavailable};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::{InstanceId, LaunchError};

use super::failure;
use super::launched::Purchase;
use super::tags;
use super::template::Template;
use super::variant::{ReservationTarget, Variant, Way};

/// Marks a claim whose flexibility floors were lowered.
const RELAXED: &str = "karpenter.sh/nodeclaim-min-values-relaxed";
/// Marks a claim whose prices an overlay changed: EC2 must take ours.
const PRICE_OVERLAY: &str = "karpenter.sh/price-overlay-applied";

/// A template, with the ways to buy that go with it.
#[derive(Debug)]
pub(super) struct Order<'a> {
    /// What the template was made for.
    pub(super) variant: Variant,
    /// The template.
    pub(super) template: Template,
    /// Ways, each with its subnet.
    pub(super) ways: Vec<(Way<'a>, Arc<str>)>,
}

/// One fleet request.
#[derive(Debug)]
pub(super) struct Fleet<'a> {
    /// How it is paid for.
    pub(super) capacity_type: CapacityType,
    /// Templates and ways.
    pub(super) orders: Vec<Order<'a>>,
    /// Tags of the machine.
    pub(super) tags: Labels,
    /// Subnets of the class, for answers that name only the subnet.
    pub(super) subnets: &'a [Subnet],
}

impl Fleet<'_> {
    /// Fills in the request, but for the class's context.
    pub(super) fn fill(
        &self,
        call: CreateFleetFluentBuilder,
        draft: &ClaimDraft,
    ) -> CreateFleetFluentBuilder {
        let prioritized = draft.annotations.contains_key(PRICE_OVERLAY);
        let reservation = self.orders.iter().find_map(|order| order.variant.reservation.as_ref());
        let target = TargetCapacitySpecificationRequest::builder()
            .total_target_capacity(1)
            .default_target_capacity_type(self.market(reservation));
        let mut call = call
            .r#type(FleetType::Instant)
            .target_capacity_specification(target.build())
            .set_launch_template_configs(Some(self.orders.iter().map(config).collect()));
        for resource in [ResourceType::Instance, ResourceType::Volume, ResourceType::Fleet] {
            call = call.tag_specifications(tags::specification(resource, &self.tags));
        }
        match self.market(reservation) {
            DefaultTargetCapacityType::Spot => call.spot_options(spot_options(prioritized)),
            DefaultTargetCapacityType::OnDemand => call.on_demand_options(on_demand_options(prioritized)),
            DefaultTargetCapacityType::ReservedCapacity => call.reserved_capacity_options(
                ReservedCapacityOptionsRequest::builder()
                    .reservation_types(FleetReservationType::InterruptibleCapacityReservation)
                    .build(),
            ),
            _ => call,
        }
    }

    fn market(&self, reservation: Option<&ReservationTarget>) -> DefaultTargetCapacityType {
        match (self.capacity_type, reservation) {
            (CapacityType::Spot, _) => DefaultTargetCapacityType::Spot,
            (CapacityType::Reserved, Some(target)) if target.block => {
                DefaultTargetCapacityType::CapacityBlock
            }
            (CapacityType::Reserved, Some(target)) if target.interruptible => {
                DefaultTargetCapacityType::ReservedCapacity
            }
            (CapacityType::Reserved | CapacityType::OnDemand, _) => DefaultTargetCapacityType::OnDemand,
        }
    }

    /// What was bought, if the answer says all of it.
    pub(super) fn purchase(&self, bought: &CreateFleetInstance) -> Option<Purchase> {
        let answer = bought.launch_template_and_overrides();
        let overrides = answer.and_then(|answer| answer.overrides());
        let subnet = overrides.and_then(|o| o.subnet_id()).or(bought.subnet_id());
        let zone = overrides
            .and_then(|o| o.availability_zone())
            .or(bought.availability_zone())
            .or_else(|| self.zone_of(subnet?));
        let instance_type = bought.instance_type()?.as_str();
        let order = self.order_of(instance_type, zone?);
        let image = overrides.and_then(|o| o.image_id()).map(Arc::from);
        Some(Purchase {
            instance: InstanceId::new(bought.instance_ids().first()?).ok()?,
            instance_type: instance_type.into(),
            zone: zone?.into(),
            subnet: subnet.map(Into::into),
            capacity_type: self.capacity_type,
            image_id: image.or_else(|| order.map(|order| Arc::clone(&order.variant.image))),
            reservation_id: order
                .and_then(|order| order.variant.reservation.as_ref())
                .map(|target| Arc::clone(&target.id)),
        })
    }

    /// The order that a type in a zone belongs to. EC2 names templates by ids that nobody here knows; but of one
    /// type in one zone, a fleet lists one way.
    fn order_of(&self, instance_type: &str, zone: &str) -> Option<&Order<'_>> {
        let is_meant = |(way, _): &(Way<'_>, Arc<str>)| {
            *way.instance_type.name == *instance_type && *way.offering.zone == *zone
        };
        self.orders.iter().find(|order| order.ways.iter().any(is_meant))
    }

    fn zone_of(&self, subnet: &str) -> Option<&str> {
        self.subnets.iter().find(|known| *known.id == *subnet).map(|known| &*known.zone.name)
    }

    /// What an error says about an offering, and the subnet it names.
    fn refused<'e>(&'e self, error: &'e CreateFleetError) -> Option<(OfferingKey, Option<&'e str>)> {
        let overrides = error.launch_template_and_overrides()?.overrides()?;
        let subnet = overrides.subnet_id();
        let zone = overrides.availability_zone().or_else(|| self.zone_of(subnet?))?;
        let key = OfferingKey {
            instance_type: overrides.instance_type()?.as_str().into(),
            zone: zone.into(),
            capacity_type: self.capacity_type,
        };
        Some((key, subnet))
    }
}

fn config(order: &Order<'_>) -> FleetLaunchTemplateConfigRequest {
    let template = FleetLaunchTemplateSpecificationRequest::builder()
        .launch_template_name(&order.template.name)
        .version("$Latest");
    let overrides = order.ways.iter().map(|(way, subnet)| {
        FleetLaunchTemplateOverridesRequest::builder()
            .instance_type(Ec2Type::from(&*way.instance_type.name))
            .subnet_id(&**subnet)
            .availability_zone(&*way.offering.zone)
            .image_id(&*order.variant.image)
            .priority(way.offering.price.usd_per_hour())
            .build()
    });
    FleetLaunchTemplateConfigRequest::builder()
        .launch_template_specification(template.build())
        .set_overrides(Some(overrides.collect()))
        .build()
}

fn spot_options(prioritized: bool) -> SpotOptionsRequest {
    SpotOptionsRequest::builder()
        .allocation_strategy(if prioritized {
            SpotAllocationStrategy::CapacityOptimizedPrioritized
        } else {
            SpotAllocationStrategy::PriceCapacityOptimized
        })
        .build()
}

fn on_demand_options(prioritized: bool) -> OnDemandOptionsRequest {
    OnDemandOptionsRequest::builder()
        .allocation_strategy(if prioritized {
            FleetOnDemandAllocationStrategy::Prioritized
        } else {
            FleetOnDemandAllocationStrategy::LowestPrice
        })
        .build()
}

/// The context that a class passes on to EC2, unless floors were lowered for the claim.
pub(super) fn context(written: Option<&str>, draft: &ClaimDraft) -> Option<String> {
    let relaxed = draft.annotations.get(RELAXED).is_some_and(|value| &**value == "true");
    written.filter(|_| !relaxed).map(str::to_owned)
}

/// An answer without an instance, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shortage {
    /// What cannot be had.
    pub(super) refused: BTreeSet<Unavailable>,
    /// Subnets without free addresses, with their zones.
    pub(super) full_subnets: BTreeSet<(Arc<str>, Arc<str>)>,
}

/// Reads why there is no instance.
///
/// # Errors
/// `Rejected`, when something else than capacity stands in the way. EC2 repeats this answer to the same token,
/// so what passes by itself (rates, faults, a template deleted meanwhile) counts as no capacity of nothing in
/// particular: a new claim, with a new token, gets a new answer.
// behaviour: launch/shortages-name-what-was-refused
pub(super) fn shortage(fleet: &Fleet<'_>, answer: &CreateFleetOutput) -> Result<Shortage, LaunchError> {
    let mut shortage = Shortage::default();
    let mut texts: BTreeSet<String> = BTreeSet::new();
    let mut only_shortages = !answer.errors().is_empty();
    for error in answer.errors() {
        let code = error.error_code().unwrap_or_default();
        texts.insert(format!("{code}: {}", error.error_message().unwrap_or_default()));
        if failure::forbids_spot(code) {
            shortage.refused.insert(Unavailable::CapacityType(CapacityType::Spot));
        } else if failure::is_shortage(code) {
            let Some((key, subnet)) = fleet.refused(error) else { continue };
            if let (failure::FULL_SUBNET, Some(subnet)) = (code, subnet) {
                shortage.full_subnets.insert((subnet.into(), Arc::clone(&key.zone)));
            }
            shortage.refused.insert(Unavailable::Offering(key));
        } else if !failure::passes(code) {
            only_shortages = false;
        }
    }
    if only_shortages {
        return Ok(shortage);
    }
    let message = match texts.is_empty() {
        true => "EC2 launched nothing and did not say why".to_owned(),
        false => texts.into_iter().collect::<Vec<_>>().join("; "),
    };
    Err(LaunchError::Rejected { reason: failure::reason(&message).to_owned(), message })
}
