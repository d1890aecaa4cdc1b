//! Would a launch from a class be carried out? The same template and the same fleet request as for a claim, but
//! the request is only checked by EC2 (aws 8.2).

use std::sync::Arc;

use aws_sdk_ec2::Client;
use joiner_core::model::{
    CapacityType, InstanceType, Labels, NodeClass, NodeClassRef, Offering, Overhead, Price, Requirements,
    Resources, keys,
};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::LaunchError;

use super::choice::HostTenancy;
use super::class::LaunchClass;
use super::failure::Ec2Failure;
use super::fleet::{self, Fleet, Order};
use super::tags;
use super::template::{Blueprint, Shelf};
use super::variant::{Variant, Way};
use crate::ClusterFacts;

/// Pods of the machine; the number changes only what the kubelet would be told.
const PODS: i64 = 110;

/// A machine that is asked for but not wanted.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    /// The cluster.
    pub(crate) facts: &'a ClusterFacts,
    /// The class, with what its selectors lead to.
    pub(crate) class: &'a NodeClass,
    /// The image.
    pub(crate) image: Arc<str>,
    /// The type.
    pub(crate) instance_type: &'static str,
}

/// What a trial ran into.
#[derive(Debug)]
pub(crate) enum TrialFailure {
    /// No template can be made of the class.
    Unusable(LaunchError),
    /// EC2 did not take the template.
    Template(Ec2Failure),
    /// EC2 would not carry out the fleet request; or, as a refusal of its own kind, it would.
    Fleet(Ec2Failure),
}

impl Trial<'_> {
    /// Makes the template, which stays as those of launches do, and tries the fleet request.
    pub(crate) async fn run(&self, client: &Client) -> Result<(), TrialFailure> {
        let class = LaunchClass::of(self.class).map_err(TrialFailure::Unusable)?;
        let draft = self.draft();
        let shared = tags::shared(self.facts, &class, &self.class.name);
        let blueprint = Blueprint {
            facts: self.facts,
            class: &class,
            draft: &draft,
            capacity_type: CapacityType::OnDemand,
            tenancy: HostTenancy::Shared,
            tags: &shared,
        };
        let variant = Variant { image: Arc::clone(&self.image), efa: 0, pods: PODS, reservation: None };
        let template = blueprint.template(&variant).map_err(TrialFailure::Unusable)?;
        Shelf::default().ensure(client, &template).await.map_err(TrialFailure::Template)?;
        let instance_type = self.instance_type();
        let offerings = self.offerings();
        let ways = offerings
            .iter()
            .map(|(offering, subnet)| (Way { instance_type: &instance_type, offering }, Arc::clone(subnet)));
        let request = Fleet {
            capacity_type: CapacityType::OnDemand,
            orders: vec![Order { variant, template, ways: ways.collect() }],
            tags: shared,
            subnets: &self.class.resolved.subnets,
        };
        let call = request.fill(client.create_fleet(), &draft).dry_run(true);
        let call = call.set_context(fleet::context(class.spec.context.as_deref(), &draft));
        let answer = call.send().await;
        answer.map(drop).map_err(|error| TrialFailure::Fleet(Ec2Failure::of(error)))
    }

    /// A claim that asks for nothing. There is no pool yet: the class stands in for one.
    fn draft(&self) -> ClaimDraft {
        ClaimDraft {
            labels: Labels::from([(keys::NODE_POOL.into(), Arc::clone(&self.class.name))]),
            annotations: Labels::new(),
            requirements: Vec::new(),
            requests: Resources::new(),
            taints: Vec::new(),
            startup_taints: Vec::new(),
            node_class: NodeClassRef {
                group: "karpenter.k8s.aws".into(),
                kind: "EC2NodeClass".into(),
                name: Arc::clone(&self.class.name),
            },
            expire_after_secs: None,
            termination_grace_secs: None,
        }
    }

    fn instance_type(&self) -> InstanceType {
        InstanceType {
            name: self.instance_type.into(),
            requirements: Requirements::new(),
            offerings: Vec::new(),
            capacity: Resources::new(),
            overhead: Overhead::default(),
        }
    }

    /// The first subnet of each zone, as launches choose them.
    fn offerings(&self) -> Vec<(Offering, Arc<str>)> {
        let mut offerings: Vec<(Offering, Arc<str>)> = Vec::new();
        for subnet in &self.class.resolved.subnets {
            if offerings.iter().all(|(offering, _)| offering.zone != subnet.zone.name) {
                let offering = Offering {
                    requirements: Arc::new(Requirements::new()),
                    capacity_type: CapacityType::OnDemand,
                    zone: Arc::clone(&subnet.zone.name),
                    price: Price::default(),
                    available: true,
                    reservation: None,
                };
                offerings.push((offering, Arc::clone(&subnet.id)));
            }
        }
        offerings
    }
}
