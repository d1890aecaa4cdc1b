//! What do the facts mean? Pure functions from what was found to verdicts with remedies.
//!
//! - `network`: subnets and the security group;
//! - `entrance`: roles, kinds and rights;
//! - `stack`: the table, queues, logs and images.

mod entrance;
mod network;
mod stack;

use super::check::{Check, Judgement};
use super::facts::Facts;

/// All checks, in the order they build on each other.
pub fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = cluster(facts);
    checks.extend(network::subnets(&facts.name, &facts.subnets));
    checks.push(network::security_group(facts));
    checks.extend(entrance::roles(facts));
    checks.push(entrance::kinds(&facts.missing_kinds));
    checks.push(entrance::rights(&facts.missing_rights));
    checks.extend(stack::audit_log(facts));
    checks.extend(stack::images(&facts.images));
    checks.push(stack::table(&facts.table.0, &facts.table.1));
    checks.extend(facts.queues.iter().map(stack::queue));
    checks
}

/// It could not be looked at.
fn unknown(name: impl Into<String>, why: &str) -> Check {
    Check::new(name, Judgement::Unknown, why, "")
}

fn cluster(facts: &Facts) -> Vec<Check> {
    let name = &facts.name;
    let found = match &facts.cluster {
        Err(why) => return vec![unknown("cluster", why)],
        Ok(Err(why)) => {
            let remedy = "correct --cluster, --region or the credentials; a cluster in creation becomes active by itself";
            return vec![Check::new("cluster", Judgement::Failure, why, remedy)];
        }
        Ok(Ok(found)) => found,
    };
    let tag = match &found.discovery {
        Some(value) if value == name => Check::ok("cluster tag", format!("karpenter.sh/discovery={name}")),
        other => Check::new(
            "cluster tag",
            Judgement::Warning,
            network::tag_found(other.as_deref()),
            format!("nothing of ours needs it, tutorials expect it: karpenter.sh/discovery={name}, or --fix"),
        ),
    };
    vec![Check::ok("cluster", format!("{name}, Kubernetes {}", found.version)), tag]
}

#[cfg(test)]
mod tests;
