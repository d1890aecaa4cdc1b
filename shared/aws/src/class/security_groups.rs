//! Which security groups do the terms of a class select (aws 5.2)?

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, SecurityGroup};
use joiner_api::crd::ec2nodeclass::{SecurityGroupSelectorTerm, SecurityGroupStatus};
use joiner_ports::{ClassRefusal, CloudError};

use super::{Asked, selector};
use crate::ec2::failure::Ec2Failure;

/// Largest page that is asked for.
const GROUPS_PER_PAGE: i32 = 500;

/// Every group that any term selects, by id; machines get them all.
pub(super) async fn resolve(
    asked: &Asked<'_>,
    terms: &[SecurityGroupSelectorTerm],
) -> Result<Result<Vec<SecurityGroupStatus>, ClassRefusal>, CloudError> {
    let question = format!("{terms:?}");
    let known = asked.memory.security_groups.get(&question, asked.now);
    let found = match known {
        Some(found) => found,
        None => {
            let queries = queries(terms).into_iter().map(|filters| describe(asked, filters));
            let answers = futures::future::try_join_all(queries).await?;
            let by_id: BTreeMap<_, _> = answers.into_iter().flatten().map(|g| (g.id.clone(), g)).collect();
            let found: Vec<SecurityGroupStatus> = by_id.into_values().collect();
            asked.memory.security_groups.put(question, found.clone(), asked.now);
            found
        }
    };
    if found.is_empty() {
        return Ok(Err(ClassRefusal {
            condition: "SecurityGroupsReady",
            reason: "SecurityGroupsNotFound",
            message:
                "spec.securityGroupSelectorTerms select no security group; check ids, names and tags against \
                      the groups of the region"
                    .to_owned(),
        }));
    }
    Ok(Ok(found))
}

/// One query for all ids, one for all names, and one for the tags of each other term.
fn queries(terms: &[SecurityGroupSelectorTerm]) -> Vec<Vec<Filter>> {
    let ids: Vec<&str> = terms.iter().filter_map(|term| term.id.as_deref()).collect();
    let names: Vec<&str> =
        terms.iter().filter(|term| term.id.is_none()).filter_map(|term| term.name.as_deref()).collect();
    let by_id = (!ids.is_empty()).then(|| vec![selector::filter("group-id", ids)]);
    let by_name = (!names.is_empty()).then(|| vec![selector::filter("group-name", names)]);
    let tagged = terms.iter().filter(|term| term.id.is_none() && term.name.is_none());
    by_id.into_iter().chain(by_name).chain(tagged.map(|term| selector::tags(&term.tags))).collect()
}

async fn describe(asked: &Asked<'_>, filters: Vec<Filter>) -> Result<Vec<SecurityGroupStatus>, CloudError> {
    let pages = asked
        .clients
        .ec2()
        .describe_security_groups()
        .set_filters(Some(filters))
        .max_results(GROUPS_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let groups = pages.collect::<Result<Vec<SecurityGroup>, _>>().await.map_err(Ec2Failure::of)?;
    let status = |group: &SecurityGroup| {
        let id = group.group_id()?.to_owned();
        Some(SecurityGroupStatus { id, name: group.group_name().map(str::to_owned) })
    };
    Ok(groups.iter().filter_map(status).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_share_a_query_each_and_each_term_of_tags_has_its_own() {
        let of = |id: Option<&str>, name: Option<&str>, tag: Option<&str>| SecurityGroupSelectorTerm {
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
            tags: tag.map(|key| (key.to_owned(), "*".to_owned())).into_iter().collect(),
        };
        let terms = [
            of(None, Some("n1"), None),
            of(Some("sg-1"), None, None),
            of(None, None, Some("a")),
            of(None, Some("n*"), None),
            of(Some("sg-2"), None, None),
        ];
        let expected = [
            vec![selector::filter("group-id", ["sg-1", "sg-2"])],
            vec![selector::filter("group-name", ["n1", "n*"])],
            vec![selector::filter("tag-key", ["a"])],
        ];
        assert_eq!(queries(&terms), expected);
    }
}
