//! What does a user's account hold before Joiner comes? A network, a role for nodes and an EKS cluster, tagged as the
//! workshop of the field tags them.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use aws_sdk_eks::types::VpcConfigRequest;
use joiner_aws::Clients;

use crate::control_plane::KUBERNETES_VERSION;
use crate::setup_error::SetupError;

/// Zones of the network, one subnet each.
pub const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];
/// The tag by which a class finds subnets and security groups.
pub const DISCOVERY: &str = "karpenter.sh/discovery";

const NODE_TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "ec2.amazonaws.com"}}]}"#;

/// What was made for one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landscape {
    /// The VPC.
    pub vpc: String,
    /// One private subnet per zone.
    pub subnets: Vec<String>,
    /// Security group of nodes.
    pub security_group: String,
    /// Role of nodes.
    pub node_role: String,
}

/// Makes the landscape of a cluster; `number` sets its networks apart from those of others.
///
/// # Errors
/// A call is refused.
pub async fn settle(clients: &Clients, cluster: &str, number: u8) -> Result<Landscape, SetupError> {
    let ec2 = clients.ec2();
    let fault = |doing: &'static str| move |e: &dyn std::error::Error| SetupError::because(doing, e);
    let vpc = ec2.create_vpc().cidr_block(format!("10.{number}.0.0/16")).send().await;
    let vpc = vpc.map_err(|e| fault("making a VPC")(&e))?;
    let vpc = vpc.vpc().and_then(|vpc| vpc.vpc_id()).unwrap_or_default().to_owned();
    let mut subnets = Vec::new();
    for (at, zone) in ZONES.iter().enumerate() {
        let made = ec2
            .create_subnet()
            .vpc_id(&vpc)
            .availability_zone(*zone)
            .cidr_block(format!("10.{number}.{}.0/20", at * 16))
            .tag_specifications(discoverable(ResourceType::Subnet, cluster))
            .send()
            .await;
        let made = made.map_err(|e| fault("making a subnet")(&e))?;
        subnets.push(made.subnet().and_then(|subnet| subnet.subnet_id()).unwrap_or_default().to_owned());
    }
    let group = ec2
        .create_security_group()
        .group_name(format!("{cluster}-nodes"))
        .description("Nodes")
        .vpc_id(&vpc)
        .tag_specifications(discoverable(ResourceType::SecurityGroup, cluster))
        .send()
        .await;
    let group = group.map_err(|e| fault("making a security group")(&e))?;
    let security_group = group.group_id().unwrap_or_default().to_owned();
    let node_role = node_role(clients, cluster).await?;
    let landscape = Landscape { vpc, subnets, security_group, node_role };
    eks(clients, cluster, &landscape).await?;
    Ok(landscape)
}

/// The role that the examples name.
async fn node_role(clients: &Clients, cluster: &str) -> Result<String, SetupError> {
    let name = format!("karpenterNodeRole-{cluster}");
    let role =
        clients.iam().create_role().role_name(&name).assume_role_policy_document(NODE_TRUST).send().await;
    role.map_err(|e| SetupError::because("making the role of nodes", &e))?;
    Ok(name)
}

async fn eks(clients: &Clients, cluster: &str, landscape: &Landscape) -> Result<(), SetupError> {
    let network = VpcConfigRequest::builder()
        .set_subnet_ids(Some(landscape.subnets.clone()))
        .security_group_ids(&landscape.security_group)
        .endpoint_private_access(true)
        .build();
    let made = clients
        .eks()
        .create_cluster()
        .name(cluster)
        .version(KUBERNETES_VERSION)
        .role_arn("arn:aws:iam::123456789012:role/eks")
        .resources_vpc_config(network)
        .tags(DISCOVERY, cluster)
        .send()
        .await;
    made.map_err(|e| SetupError::because(format!("making the cluster {cluster}"), &e))?;
    Ok(())
}

fn discoverable(kind: ResourceType, cluster: &str) -> TagSpecification {
    let tag = Tag::builder().key(DISCOVERY).value(cluster).build();
    TagSpecification::builder().resource_type(kind).tags(tag).build()
}

/// An instance as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Machine {
    /// Its id.
    pub id: String,
    /// `pending`, `running`, `shutting-down` or `terminated`.
    pub state: String,
    /// Its type.
    pub instance_type: String,
    /// Its pool, by tag.
    pub pool: String,
    /// Its claim, by tag.
    pub claim: String,
    /// Its token, by tag.
    pub token: String,
}

impl Machine {
    /// Whether it costs money.
    pub fn is_alive(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "running" | "stopping" | "stopped")
    }
}

/// Every instance of a cluster by its tags, gone ones included for as long as EC2 shows them.
///
/// # Errors
/// EC2 does not answer.
pub async fn machines(clients: &Clients, cluster: &str) -> Result<Vec<Machine>, SetupError> {
    let of_cluster = Filter::builder().name("tag:eks:eks-cluster-name").values(cluster).build();
    let mut pages = clients.ec2().describe_instances().filters(of_cluster).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(reservation) = pages.next().await {
        let reservation = reservation.map_err(|e| SetupError::because("reading instances", &e))?;
        for instance in reservation.instances() {
            let tag = |key: &str| {
                let tag = instance.tags().iter().find(|tag| tag.key() == Some(key));
                tag.and_then(|tag| tag.value()).unwrap_or_default().to_owned()
            };
            let state = instance.state().and_then(|state| state.name()).map(|name| name.as_str());
            found.push(Machine {
                id: instance.instance_id().unwrap_or_default().to_owned(),
                state: state.unwrap_or_default().to_owned(),
                instance_type: instance.instance_type().map_or("", |kind| kind.as_str()).to_owned(),
                pool: tag("karpenter.sh/nodepool"),
                claim: tag("karpenter.sh/nodeclaim"),
                token: tag("joiner/launch-token"),
            });
        }
    }
    found.sort();
    Ok(found)
}
