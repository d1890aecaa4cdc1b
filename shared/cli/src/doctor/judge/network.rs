//! Can machines be put into subnets, and are these the ones that are meant?

use super::unknown;
use crate::doctor::check::{Check, Judgement};
use crate::doctor::facts::{Facts, Looked, SubnetFact};

/// With fewer addresses than this a few nodes with their pods are the end.
const FEW_ADDRESSES: u32 = 64;

/// A tag that is not as it should be, in words.
pub(super) fn tag_found(value: Option<&str>) -> String {
    match value {
        Some(value) => format!("karpenter.sh/discovery={value}"),
        None => "no tag karpenter.sh/discovery".to_owned(),
    }
}

/// One check for the tags of all, and one for each that is tagged.
pub(super) fn subnets(cluster: &str, looked: &Looked<Vec<SubnetFact>>) -> Vec<Check> {
    let all = match looked {
        Ok(all) => all,
        Err(why) => return vec![unknown("subnets", why)],
    };
    let tagged: Vec<&SubnetFact> =
        all.iter().filter(|subnet| subnet.discovery.as_deref() == Some(cluster)).collect();
    if tagged.is_empty() {
        let found =
            format!("none of the {} subnets of the VPC has karpenter.sh/discovery={cluster}", all.len());
        let remedy = "tag the subnets that nodes shall be in, or --fix for the private ones of the cluster; classes that \
                      select by id or other tags need no tag";
        return vec![Check::new("subnets", Judgement::Failure, found, remedy)];
    }
    let public = tagged.iter().filter(|subnet| subnet.is_public).count();
    let found = format!("{} tagged, {public} of them public", tagged.len());
    let mixed = if public > 0 && public < tagged.len() {
        let remedy = "nodes land in both: take the tag off the public ones";
        Check::new("subnets", Judgement::Warning, found, remedy)
    } else {
        Check::ok("subnets", found)
    };
    std::iter::once(mixed).chain(tagged.into_iter().map(subnet)).collect()
}

fn subnet(subnet: &SubnetFact) -> Check {
    let name = format!("subnet {}", subnet.id);
    let side = if subnet.is_public { "public" } else { "private" };
    let found = format!("{side}, {}, {} free addresses", subnet.zone, subnet.free_addresses);
    if subnet.free_addresses == 0 {
        return Check::new(
            name,
            Judgement::Failure,
            found,
            "free addresses, or tag another subnet of the zone",
        );
    }
    if subnet.free_addresses < FEW_ADDRESSES {
        return Check::new(
            name,
            Judgement::Warning,
            found,
            "tag another subnet of the zone before it is full",
        );
    }
    if subnet.is_public && !subnet.gives_public_addresses {
        let remedy = "nodes in it reach nothing outside the VPC: set associatePublicIPAddress in the EC2NodeClass, let the \
                      subnet give public addresses, or use private ones";
        return Check::new(name, Judgement::Warning, format!("{found}, gives no public address"), remedy);
    }
    Check::ok(name, found)
}

/// The security group that EKS made for the cluster.
pub(super) fn security_group(facts: &Facts) -> Check {
    let name = &facts.name;
    let id = match &facts.cluster {
        Ok(Ok(cluster)) => cluster.security_group.as_deref().unwrap_or("none"),
        _ => "of the cluster",
    };
    let subject = format!("security group {id}");
    match &facts.security_group {
        Err(why) => unknown(subject, why),
        Ok(Some(value)) if value == name => Check::ok(subject, tag_found(Some(value))),
        Ok(other) => Check::new(
            subject,
            Judgement::Failure,
            tag_found(other.as_deref()),
            format!(
                "tag it karpenter.sh/discovery={name}, or --fix; classes that select groups by id or other tags need no tag"
            ),
        ),
    }
}
