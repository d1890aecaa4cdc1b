//! Mending what is one safe call: tags that are added, and an access entry that is created. Nothing is taken away or
//! changed.

use joiner_aws::checkup::{CheckupError, entrance, network};

use super::facts::{Facts, RoleFact, SubnetFact};
use super::gather::Practice;
use crate::reach::told;

/// What a repair is made to.
#[derive(Debug, PartialEq, Eq)]
enum Repair {
    /// Tags the cluster.
    TagCluster,
    /// Tags these for discovery.
    Tag(Vec<String>),
    /// Lets nodes with the role join.
    Admit(String),
}

/// Mends what can be; says each thing that was done, and each that failed.
pub(super) async fn repair(practice: &Practice, facts: &Facts) -> Vec<String> {
    let mut said = Vec::new();
    for repair in repairs(facts) {
        let done = carry_out(practice, &repair).await;
        said.push(match (done, describe(&repair)) {
            (Ok(()), what) => what,
            (Err(error), what) => format!("failed: {what}: {}", told(&error)),
        });
    }
    said
}

fn describe(repair: &Repair) -> String {
    match repair {
        Repair::TagCluster => "tagged the cluster for discovery".to_owned(),
        Repair::Tag(ids) => format!("tagged {} for discovery", ids.join(", ")),
        Repair::Admit(role) => format!("created the access entry of {role}"),
    }
}

async fn carry_out(practice: &Practice, repair: &Repair) -> Result<(), CheckupError> {
    // Without a cluster nothing was found that could be mended.
    let Ok(facts) = &practice.facts else { return Ok(()) };
    let clients = &practice.clients;
    match repair {
        Repair::TagCluster => network::tag_cluster(clients, facts).await,
        Repair::Tag(ids) => network::tag(clients, ids, facts.name.as_str()).await,
        Repair::Admit(role) => entrance::admit_nodes(clients, facts, role).await,
    }
}

/// What can be mended. A tag that names another cluster is left alone: both would lose their nodes' network.
fn repairs(facts: &Facts) -> Vec<Repair> {
    let Ok(Ok(cluster)) = &facts.cluster else { return Vec::new() };
    let mut repairs = Vec::new();
    if cluster.discovery.is_none() {
        repairs.push(Repair::TagCluster);
    }
    let mut ids = facts.subnets.as_deref().map(|all| private_ones(&facts.name, all)).unwrap_or_default();
    if facts.security_group == Ok(None) {
        ids.extend(cluster.security_group.clone());
    }
    if !ids.is_empty() {
        repairs.push(Repair::Tag(ids));
    }
    if cluster.authentication_mode.as_deref() != Some("CONFIG_MAP") {
        let roles = facts.roles.as_deref().unwrap_or_default();
        repairs.extend(roles.iter().filter_map(to_admit).map(Repair::Admit));
    }
    repairs
}

/// The private subnets of the cluster, when none is tagged; which of several are meant is not for us to say.
fn private_ones(cluster: &str, all: &[SubnetFact]) -> Vec<String> {
    if all.iter().any(|subnet| subnet.discovery.as_deref() == Some(cluster)) {
        return Vec::new();
    }
    let meant = |subnet: &&SubnetFact| subnet.is_clusters && !subnet.is_public && subnet.discovery.is_none();
    all.iter().filter(meant).map(|subnet| subnet.id.clone()).collect()
}

fn to_admit(role: &RoleFact) -> Option<String> {
    match (&role.arn, &role.entry) {
        (Ok(Some(arn)), Ok(None)) => Some(arn.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::facts::ClusterFact;

    fn bare() -> Facts {
        let subnet = |id: &str, is_public, is_clusters| SubnetFact {
            id: id.to_owned(),
            zone: "a".to_owned(),
            discovery: None,
            free_addresses: 9,
            is_public,
            gives_public_addresses: false,
            is_clusters,
        };
        Facts {
            name: "prod".to_owned(),
            cluster: Ok(Ok(ClusterFact {
                version: "1.34".to_owned(),
                discovery: None,
                security_group: Some("sg-1".to_owned()),
                authentication_mode: Some("API".to_owned()),
                has_audit_log: false,
            })),
            subnets: Ok(vec![
                subnet("s-1", false, true),
                subnet("s-2", true, true),
                subnet("s-3", false, false),
            ]),
            security_group: Ok(None),
            roles: Ok(vec![RoleFact {
                name: "n".to_owned(),
                arn: Ok(Some("arn:n".to_owned())),
                entry: Ok(None),
            }]),
            missing_kinds: Ok(Vec::new()),
            missing_rights: Ok(Vec::new()),
            images: Ok(Vec::new()),
            table: ("joiner".to_owned(), Ok(None)),
            queues: Vec::new(),
        }
    }

    #[test]
    fn what_is_missing_is_added() {
        let tagged = Repair::Tag(vec!["s-1".to_owned(), "sg-1".to_owned()]);
        assert_eq!(repairs(&bare()), [Repair::TagCluster, tagged, Repair::Admit("arn:n".to_owned())]);
    }

    #[test]
    fn what_says_something_else_is_left_alone() {
        let mut facts = bare();
        facts.cluster.as_mut().unwrap().as_mut().unwrap().discovery = Some("other".to_owned());
        facts.subnets.as_mut().unwrap()[2].discovery = Some("prod".to_owned());
        facts.security_group = Ok(Some("other".to_owned()));
        facts.roles.as_mut().unwrap()[0].entry = Ok(Some("STANDARD".to_owned()));
        assert_eq!(repairs(&facts), []);
    }
}
