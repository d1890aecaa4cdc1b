//! Which subnets does the cluster's VPC have, which of them lead to the internet, and what is tagged for discovery?

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, RouteTable, Subnet, Tag};

use super::{CheckupError, DISCOVERY_TAG};
use crate::{Clients, ClusterFacts};

/// A subnet of the cluster's VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpcSubnet {
    /// Its id.
    pub id: String,
    /// Its zone.
    pub zone: String,
    /// Value of its discovery tag.
    pub discovery: Option<String>,
    /// Addresses left.
    pub free_addresses: u32,
    /// Whether its routes lead to an internet gateway.
    pub is_public: bool,
    /// Whether machines in it get a public address.
    pub gives_public_addresses: bool,
    /// Whether EKS was given it for the cluster.
    pub is_clusters: bool,
}

/// The subnets of the cluster's VPC, by id.
///
/// # Errors
/// A question that came to nothing.
pub async fn subnets(clients: &Clients, facts: &ClusterFacts) -> Result<Vec<VpcSubnet>, CheckupError> {
    let Some(vpc) = facts.vpc.as_deref() else { return Ok(Vec::new()) };
    let (subnets, tables, own) = futures::try_join!(
        subnets_of(clients, vpc),
        route_tables(clients, vpc),
        subnets_of_cluster(clients, facts)
    )?;
    let public = public_subnets(&tables, subnets.iter().filter_map(Subnet::subnet_id));
    let mut found: Vec<VpcSubnet> = subnets.iter().map(|subnet| read(subnet, &public, &own)).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// Value of the discovery tag of a security group.
///
/// # Errors
/// The question came to nothing.
pub async fn security_group_tag(clients: &Clients, id: &str) -> Result<Option<String>, CheckupError> {
    let answer = clients.ec2().describe_security_groups().group_ids(id).send().await;
    let answer = answer.map_err(|error| CheckupError::of("ec2:DescribeSecurityGroups", error))?;
    Ok(answer.security_groups().first().and_then(|group| discovery(group.tags())))
}

/// Tags subnets and security groups for discovery; doing it again is harmless.
///
/// # Errors
/// None or some were tagged.
pub async fn tag(clients: &Clients, ids: &[String], cluster: &str) -> Result<(), CheckupError> {
    let tag = Tag::builder().key(DISCOVERY_TAG).value(cluster).build();
    let call = clients.ec2().create_tags().set_resources(Some(ids.to_vec())).tags(tag);
    call.send().await.map(drop).map_err(|error| CheckupError::of("ec2:CreateTags", error))
}

/// Tags the cluster itself; doing it again is harmless.
///
/// # Errors
/// It was not tagged.
pub async fn tag_cluster(clients: &Clients, facts: &ClusterFacts) -> Result<(), CheckupError> {
    let call =
        clients.eks().tag_resource().resource_arn(&*facts.arn).tags(DISCOVERY_TAG, facts.name.as_str());
    call.send().await.map(drop).map_err(|error| CheckupError::of("eks:TagResource", error))
}

fn of_vpc(vpc: &str) -> Filter {
    Filter::builder().name("vpc-id").values(vpc).build()
}

async fn subnets_of(clients: &Clients, vpc: &str) -> Result<Vec<Subnet>, CheckupError> {
    let pages = clients.ec2().describe_subnets().filters(of_vpc(vpc)).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.map_err(|error| CheckupError::of("ec2:DescribeSubnets", error))
}

async fn route_tables(clients: &Clients, vpc: &str) -> Result<Vec<RouteTable>, CheckupError> {
    let pages = clients.ec2().describe_route_tables().filters(of_vpc(vpc)).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.map_err(|error| CheckupError::of("ec2:DescribeRouteTables", error))
}

async fn subnets_of_cluster(
    clients: &Clients,
    facts: &ClusterFacts,
) -> Result<BTreeSet<String>, CheckupError> {
    let answer = clients.eks().describe_cluster().name(facts.name.as_str()).send().await;
    let answer = answer.map_err(|error| CheckupError::of("eks:DescribeCluster", error))?;
    let vpc = answer.cluster.and_then(|cluster| cluster.resources_vpc_config);
    Ok(vpc.and_then(|vpc| vpc.subnet_ids).unwrap_or_default().into_iter().collect())
}

fn discovery(tags: &[Tag]) -> Option<String> {
    tags.iter().find(|tag| tag.key() == Some(DISCOVERY_TAG)).and_then(|tag| tag.value().map(str::to_owned))
}

fn read(subnet: &Subnet, public: &BTreeSet<String>, own: &BTreeSet<String>) -> VpcSubnet {
    let id = subnet.subnet_id().unwrap_or_default();
    VpcSubnet {
        id: id.to_owned(),
        zone: subnet.availability_zone().unwrap_or_default().to_owned(),
        discovery: discovery(subnet.tags()),
        free_addresses: subnet.available_ip_address_count().and_then(|n| n.try_into().ok()).unwrap_or(0),
        is_public: public.contains(id),
        gives_public_addresses: subnet.map_public_ip_on_launch() == Some(true),
        is_clusters: own.contains(id),
    }
}

/// Subnets whose routes lead to an internet gateway: by their own table, else by the main one.
fn public_subnets<'a>(tables: &[RouteTable], ids: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let leads_out = |table: &RouteTable| {
        table.routes().iter().any(|route| route.gateway_id().is_some_and(|id| id.starts_with("igw-")))
    };
    let (mut by_subnet, mut main) = (BTreeMap::new(), false);
    for table in tables {
        for association in table.associations() {
            if let Some(subnet) = association.subnet_id() {
                by_subnet.insert(subnet, leads_out(table));
            }
            main |= association.main() == Some(true) && leads_out(table);
        }
    }
    ids.filter(|id| by_subnet.get(id).copied().unwrap_or(main)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route, RouteTableAssociation};

    use super::*;

    fn table(gateway: &str, association: RouteTableAssociation) -> RouteTable {
        let route = Route::builder().destination_cidr_block("0.0.0.0/0").gateway_id(gateway).build();
        RouteTable::builder().routes(route).associations(association).build()
    }

    #[test]
    fn a_subnet_is_public_by_its_own_table_and_else_by_the_main_one() {
        let main = RouteTableAssociation::builder().main(true).build();
        let own = RouteTableAssociation::builder().subnet_id("subnet-own").build();
        let ids = ["subnet-own", "subnet-other"];
        let public = |tables: &[RouteTable]| public_subnets(tables, ids.into_iter());
        let tables = [table("igw-1", main.clone()), table("local", own.clone())];
        assert_eq!(public(&tables), BTreeSet::from(["subnet-other".to_owned()]));
        let tables = [table("local", main), table("igw-1", own)];
        assert_eq!(public(&tables), BTreeSet::from(["subnet-own".to_owned()]));
    }
}
