//! Which subnets do the terms of a class select (aws 5.1)?

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, Subnet};
use joiner_api::crd::ec2nodeclass::{SubnetSelectorTerm, SubnetStatus};
use joiner_ports::{ClassRefusal, CloudError};

use super::{Asked, selector};
use crate::ec2::failure::Ec2Failure;

/// Largest page that is asked for.
const SUBNETS_PER_PAGE: i32 = 500;

/// A subnet, and how many addresses it has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundSubnet {
    free_addresses: i32,
    status: SubnetStatus,
}

/// The subnets that any term selects: those with most free addresses first, then by id.
pub(super) async fn resolve(
    asked: &Asked<'_>,
    terms: &[SubnetSelectorTerm],
) -> Result<Result<Vec<SubnetStatus>, ClassRefusal>, CloudError> {
    let question = format!("{terms:?}");
    let known = asked.memory.subnets.get(&question, asked.now);
    let found = match known {
        Some(found) => found,
        None => {
            let queries = queries(terms).into_iter().map(|filters| describe(asked, filters));
            let found = in_order(futures::future::try_join_all(queries).await?.into_iter().flatten());
            asked.memory.subnets.put(question, found.clone(), asked.now);
            found
        }
    };
    if found.is_empty() {
        return Ok(Err(ClassRefusal {
            condition: "SubnetsReady",
            reason: "SubnetsNotFound",
            message:
                "spec.subnetSelectorTerms select no subnet; check ids and tags against the subnets of the \
                      region"
                    .to_owned(),
        }));
    }
    Ok(Ok(found.into_iter().map(|subnet| subnet.status).collect()))
}

/// One query for all ids, and one for the tags of each other term.
fn queries(terms: &[SubnetSelectorTerm]) -> Vec<Vec<Filter>> {
    let ids: Vec<&str> = terms.iter().filter_map(|term| term.id.as_deref()).collect();
    let by_id = (!ids.is_empty()).then(|| vec![selector::filter("subnet-id", ids)]);
    let by_tags = terms.iter().filter(|term| term.id.is_none()).map(|term| selector::tags(&term.tags));
    by_id.into_iter().chain(by_tags).collect()
}

async fn describe(asked: &Asked<'_>, filters: Vec<Filter>) -> Result<Vec<FoundSubnet>, CloudError> {
    let pages = asked
        .clients
        .ec2()
        .describe_subnets()
        .set_filters(Some(filters))
        .max_results(SUBNETS_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let subnets = pages.collect::<Result<Vec<Subnet>, _>>().await.map_err(Ec2Failure::of)?;
    Ok(subnets.iter().filter_map(found).collect())
}

fn found(subnet: &Subnet) -> Option<FoundSubnet> {
    let status = SubnetStatus {
        id: subnet.subnet_id()?.to_owned(),
        zone: subnet.availability_zone()?.to_owned(),
        zone_id: subnet.availability_zone_id().map(str::to_owned),
    };
    Some(FoundSubnet { free_addresses: subnet.available_ip_address_count().unwrap_or(0), status })
}

/// Each once. The order is that in which launches prefer them.
fn in_order(found: impl Iterator<Item = FoundSubnet>) -> Vec<FoundSubnet> {
    let by_id: BTreeMap<String, FoundSubnet> =
        found.map(|subnet| (subnet.status.id.clone(), subnet)).collect();
    let mut subnets: Vec<FoundSubnet> = by_id.into_values().collect();
    // behaviour: class/the-emptiest-subnet-comes-first
    subnets.sort_by_key(|subnet| std::cmp::Reverse(subnet.free_addresses));
    subnets
}

#[cfg(test)]
mod tests {
    use super::*;

    // behaviour: class/the-emptiest-subnet-comes-first
    #[test]
    fn subnets_are_ordered_by_free_addresses_then_id_and_listed_once() {
        let subnet = |id: &str, free_addresses| FoundSubnet {
            free_addresses,
            status: SubnetStatus { id: id.to_owned(), ..SubnetStatus::default() },
        };
        let found = [subnet("c", 5), subnet("b", 9), subnet("a", 5), subnet("b", 9)];
        let ids: Vec<String> = in_order(found.into_iter()).into_iter().map(|s| s.status.id).collect();
        assert_eq!(ids, ["b", "a", "c"]);
    }

    #[test]
    fn ids_share_a_query_and_each_term_of_tags_has_its_own() {
        let id = |id: &str| SubnetSelectorTerm { id: Some(id.to_owned()), ..SubnetSelectorTerm::default() };
        let tag = |key: &str| SubnetSelectorTerm {
            tags: [(key.to_owned(), "x".to_owned())].into(),
            ..SubnetSelectorTerm::default()
        };
        let expected = [
            vec![selector::filter("subnet-id", ["subnet-1", "subnet-2"])],
            vec![selector::filter("tag:a", ["x"])],
            vec![selector::filter("tag:b", ["x"])],
        ];
        assert_eq!(queries(&[id("subnet-1"), tag("a"), id("subnet-2"), tag("b")]), expected);
    }
}
