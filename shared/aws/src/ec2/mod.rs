//! Machines of EC2: launching, listing, tagging and ending them for one cluster.
//!
//! Nothing here decides what to launch; it carries out one claim at a time, in a form that may be repeated. Modules
//! in reading order:
//!
//! - `launch`: one claim, one instance;
//! - `class`, `choice`, `variant`: what the claim and its class allow to be bought;
//! - `subnets`, `tags`, `user_data`, `template`: what the machine will be like;
//! - `fleet`, `launched`: the call that buys, and what is told of its answer;
//! - `instances`: what is there, and how it ends;
//! - `trial`: a launch that EC2 only checks, for the validation of classes;
//! - `failure`: what EC2 means by an error.

mod choice;
mod class;
pub(crate) mod failure;
mod fleet;
mod instances;
mod launch;
mod launched;
#[cfg(test)]
mod samples;
mod subnets;
mod tags;
mod template;
pub(crate) mod trial;
mod user_data;
mod variant;

use std::sync::Arc;

use joiner_core::model::{Labels, NodeClass};
use joiner_ports::{
    ClassResolution, Cloud, CloudError, Instance, InstanceId, LaunchError, LaunchRequest, Launched,
    Termination,
};

use crate::class::ClassMemory;
use crate::expiring::read_clock;
use crate::{Clients, ClusterFacts};
use instances::Lately;
use subnets::SubnetBook;
use template::Shelf;

pub(crate) use tags::CLUSTER_TAG;

/// The resource of network cards for EFA.
const EFA_RESOURCE: &str = "vpc.amazonaws.com/efa";
/// The resource by which a claim asks for enclaves; no type has it.
const ENCLAVE_REQUEST: &str = "eks.amazonaws.com/nitro-sandbox";

/// IAM actions of launching a claim. Running instances is what a fleet does on our behalf.
pub const ACTIONS: &[&str] = &[
    "ec2:CreateFleet",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateTags",
    "ec2:DeleteLaunchTemplate",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeSubnets",
    "ec2:RunInstances",
    "ec2:TerminateInstances",
    "iam:PassRole",
];

/// The EC2 of one cluster. Made once per process and cluster: it remembers templates it has seen, free addresses,
/// what it launched and ended lately, and answers about classes. All of that may be forgotten; it only saves calls.
#[derive(Debug)]
pub struct Ec2Cloud {
    clients: Arc<Clients>,
    facts: Arc<ClusterFacts>,
    shelf: Shelf,
    subnets: SubnetBook,
    lately: Lately,
    classes: ClassMemory,
}

impl Ec2Cloud {
    /// The EC2 of a cluster; nothing is called yet.
    pub fn new(clients: Arc<Clients>, facts: Arc<ClusterFacts>) -> Self {
        Ec2Cloud {
            clients,
            facts,
            shelf: Shelf::default(),
            subnets: SubnetBook::default(),
            lately: Lately::default(),
            classes: ClassMemory::new(),
        }
    }

    fn client(&self) -> &aws_sdk_ec2::Client {
        self.clients.ec2()
    }
}

impl Cloud for Ec2Cloud {
    async fn launch(&self, request: LaunchRequest<'_>) -> Result<Launched, LaunchError> {
        launch::launch(self, request, read_clock()).await
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<Termination, CloudError> {
        Ok(instances::terminate(self.client(), &self.lately, instance, read_clock()).await?)
    }

    async fn exists(&self, instance: &InstanceId) -> Result<bool, CloudError> {
        Ok(instances::exists(self.client(), &self.lately, instance, read_clock()).await?)
    }

    async fn tag(&self, instance: &InstanceId, tags: &Labels) -> Result<(), CloudError> {
        Ok(instances::tag(self.client(), instance, tags).await?)
    }

    async fn resolve_class(&self, class: &NodeClass) -> Result<ClassResolution, CloudError> {
        crate::class::resolve(&self.clients, &self.facts, &self.classes, class).await
    }

    async fn release_class(&self, class: &NodeClass) -> Result<(), CloudError> {
        self.shelf.clear(self.client(), &self.facts.name, &class.name).await?;
        crate::class::release(&self.clients, &self.facts, &self.classes, class).await
    }

    async fn instances(&self) -> Result<Vec<Instance>, CloudError> {
        Ok(instances::list(self.client(), &self.facts.name).await?)
    }
}
