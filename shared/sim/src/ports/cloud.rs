//! Buying, and what can be bought.

use std::sync::Arc;

use joiner_core::model::{
    CapacityType, InstanceType, Labels, NodeClass, OfferingKey, Price, Requirements, Unavailable, keys,
};
use joiner_ports::{
    ClaimName, ClassResolution, Cloud, CloudError, Instance, InstanceId, InstanceState, InstanceTypeError,
    InstanceTypeSource, LaunchError, LaunchRequest, LaunchToken, Launched, Termination,
};

use super::{Route, SimPorts};
use crate::ec2::{self, Boot, CLAIM_TAG, FleetRequest, TOKEN_TAG};

/// Most types one fleet request lists, as the reference's provider does.
const MOST_TYPES: usize = 60;

impl InstanceTypeSource for SimPorts {
    async fn of(
        &self,
        class: &NodeClass,
        unavailable: &[Unavailable],
    ) -> Result<Arc<Vec<InstanceType>>, InstanceTypeError> {
        // Cached in the process: no way to travel, but a place to be overtaken at.
        self.call(Route::Store, "instance types", |world| {
            let types = world.ec2.types.get(&class.name).cloned().unwrap_or_default();
            if unavailable.is_empty() {
                return Ok(types);
            }
            let mut types = (*types).clone();
            for instance_type in &mut types {
                let name = Arc::clone(&instance_type.name);
                for offering in &mut instance_type.offerings {
                    let refused = unavailable.iter().any(|mark| match mark {
                        Unavailable::Offering(key) => {
                            key.instance_type == name
                                && key.zone == offering.zone
                                && key.capacity_type == offering.capacity_type
                        }
                        Unavailable::CapacityType(capacity_type) => *capacity_type == offering.capacity_type,
                        Unavailable::FullZone(zone) | Unavailable::ShiftedZone(zone) => {
                            *zone == offering.zone
                        }
                    });
                    offering.available &= !refused;
                }
            }
            Ok(Arc::new(types))
        })
        .await
    }
}

impl Cloud for SimPorts {
    async fn launch(&self, request: LaunchRequest<'_>) -> Result<Launched, LaunchError> {
        self.call(Route::Cloud, "launch", |world| {
            let fleet = fleet_request(&request);
            if fleet.overrides.is_empty() {
                return Err(LaunchError::Rejected {
                    reason: "NoMatchingOffering".to_owned(),
                    message: "nothing that can be bought meets the claim's requirements".to_owned(),
                });
            }
            let answer = world.create_fleet(&fleet);
            let launched = answer.instance.and_then(|id| world.ec2.instances.get(&id));
            match launched {
                Some(instance) => launched_from(instance, &request),
                None => {
                    let refused: Vec<_> = answer.refused.into_iter().map(Unavailable::Offering).collect();
                    let detail = format!("no capacity in {} offerings", refused.len());
                    world.record(crate::log::EntryKind::LaunchRefused, request.claim.as_str(), detail);
                    Err(LaunchError::NoCapacity(refused))
                }
            }
        })
        .await
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<Termination, CloudError> {
        self.call(Route::Cloud, "terminate", |world| {
            world.check_termination(instance.as_str());
            let asked = world.terminate_instance(instance.as_str());
            Ok(if asked { Termination::Asked } else { Termination::Gone })
        })
        .await
    }

    async fn exists(&self, instance: &InstanceId) -> Result<bool, CloudError> {
        self.call(Route::Cloud, "exists", |world| {
            let known = world.ec2.instances.get(instance.as_str());
            Ok(known.is_some_and(|instance| instance.state != ec2::Ec2State::Terminated))
        })
        .await
    }

    async fn tag(&self, instance: &InstanceId, tags: &Labels) -> Result<(), CloudError> {
        self.call(Route::Cloud, "tag", |world| {
            if let Some(instance) = world.ec2.instances.get_mut(instance.as_str()) {
                instance.tags.extend(tags.clone());
            }
            Ok(())
        })
        .await
    }

    async fn resolve_class(&self, class: &NodeClass) -> Result<ClassResolution, CloudError> {
        self.call(Route::Cloud, "resolve class", |world| {
            let status = serde_json::to_string(&world.ec2.resolve(class));
            let status = status.map_err(|error| CloudError::Rejected(error.to_string()))?;
            Ok(ClassResolution { status: status.into(), refusals: Vec::new() })
        })
        .await
    }

    async fn release_class(&self, _: &NodeClass) -> Result<(), CloudError> {
        self.call(Route::Cloud, "release class", |_| Ok(())).await
    }

    async fn instances(&self) -> Result<Vec<Instance>, CloudError> {
        self.call(Route::Cloud, "instances", |world| Ok(world.ec2.live().filter_map(listed).collect())).await
    }
}

/// What the request may buy: of the capacity type that is paid least for in general, the cheapest types.
fn fleet_request(request: &LaunchRequest<'_>) -> FleetRequest {
    let draft = request.draft;
    let wanted: Requirements = draft.requirements.iter().cloned().collect();
    let mut choices: Vec<(CapacityType, Price, OfferingKey)> = request
        .instance_types
        .iter()
        .filter(|found| found.requirements.conflict_with(&wanted).is_none())
        .filter(|found| draft.requests.shortfall_in(&found.allocatable()).is_none())
        .flat_map(|found| found.offerings.iter().map(move |offering| (found, offering)))
        .filter(|(_, offering)| offering.available && wanted.is_compatible(&offering.requirements, true))
        .map(|(found, offering)| {
            let key = OfferingKey {
                instance_type: Arc::clone(&found.name),
                zone: Arc::clone(&offering.zone),
                capacity_type: offering.capacity_type,
            };
            (offering.capacity_type, offering.price, key)
        })
        .collect();
    choices.sort();
    let first = choices.first().map(|(capacity_type, ..)| *capacity_type);
    choices.retain(|(capacity_type, ..)| Some(*capacity_type) == first);
    let mut types: Vec<Arc<str>> = Vec::new();
    let mut overrides = Vec::new();
    for (_, _, key) in choices {
        if !types.contains(&key.instance_type) {
            types.push(Arc::clone(&key.instance_type));
        }
        if types.len() <= MOST_TYPES {
            overrides.push(key);
        }
    }
    let pool = draft.labels.get(keys::NODE_POOL).cloned();
    let mut tags = request.class.tags.clone();
    tags.insert(CLAIM_TAG.into(), request.claim.to_arc());
    tags.insert(TOKEN_TAG.into(), request.token.to_arc());
    tags.extend(pool.map(|pool| (keys::NODE_POOL.into(), pool)));
    FleetRequest {
        token: request.token.to_arc(),
        node_class: Arc::clone(&request.class.name),
        overrides,
        tags,
        boot: Boot {
            labels: draft.labels.clone(),
            taints: draft.taints.iter().chain(&draft.startup_taints).cloned().collect(),
            startup_taints: draft.startup_taints.clone(),
        },
    }
}

fn launched_from(instance: &ec2::Ec2Instance, request: &LaunchRequest<'_>) -> Result<Launched, LaunchError> {
    let key = &instance.offering;
    let found = request.instance_types.iter().find(|found| found.name == key.instance_type);
    let rejected = |message: String| LaunchError::Rejected { reason: "LaunchFailed".to_owned(), message };
    Ok(Launched {
        instance: InstanceId::new(&instance.id).map_err(|error| rejected(error.to_string()))?,
        provider_id: instance.provider_id(),
        instance_type: Arc::clone(&key.instance_type),
        zone: Arc::clone(&key.zone),
        capacity_type: key.capacity_type,
        image_id: instance.placement.image_id.clone(),
        capacity: instance.capacity.clone(),
        allocatable: instance.allocatable.clone(),
        labels: found.map(|found| ec2::resolved_labels(found, key)).unwrap_or_default(),
        annotations: Labels::new(),
    })
}

fn listed(instance: &ec2::Ec2Instance) -> Option<Instance> {
    let tag = |key: &str| instance.tags.get(key);
    Some(Instance {
        id: InstanceId::new(&instance.id).ok()?,
        provider_id: instance.provider_id(),
        state: match instance.state {
            ec2::Ec2State::Pending => InstanceState::Pending,
            ec2::Ec2State::Running => InstanceState::Running,
            ec2::Ec2State::ShuttingDown => InstanceState::ShuttingDown,
            ec2::Ec2State::Terminated => return None,
        },
        launched_at: instance.launched_at,
        node_pool: tag(keys::NODE_POOL).cloned(),
        claim: tag(CLAIM_TAG).and_then(|claim| ClaimName::new(claim).ok()),
        token: tag(TOKEN_TAG).and_then(|token| LaunchToken::new(token).ok()),
        image_id: instance.placement.image_id.clone(),
        subnet_id: instance.placement.subnet_id.clone(),
        security_group_ids: instance.placement.security_group_ids.clone(),
        capacity_reservation_id: None,
        tags: instance.tags.clone(),
    })
}
