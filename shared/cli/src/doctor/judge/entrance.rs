//! May nodes join, does the API server know our kinds, and may the functions do their work?

use super::unknown;
use crate::doctor::check::{Check, Judgement};
use crate::doctor::facts::{Facts, Looked, RoleFact};

/// Type of the access entry of Linux nodes.
const NODE_ENTRY: &str = "EC2_LINUX";
/// Most rights that are named.
const MOST_NAMED: usize = 3;

/// A check for each role, and one for its entry.
pub(super) fn roles(facts: &Facts) -> Vec<Check> {
    let roles = match &facts.roles {
        Err(why) => return vec![unknown("node role", why)],
        Ok(roles) => roles,
    };
    if roles.is_empty() {
        let remedy = "apply an EC2NodeClass with spec.role, or name the role with --node-role";
        return vec![Check::new("node role", Judgement::Warning, "no EC2NodeClass names one", remedy)];
    }
    let mode = match &facts.cluster {
        Ok(Ok(cluster)) => cluster.authentication_mode.as_deref(),
        _ => None,
    };
    roles.iter().flat_map(|role| of_role(role, mode)).collect()
}

fn of_role(role: &RoleFact, mode: Option<&str>) -> Vec<Check> {
    let name = format!("node role {}", role.name);
    let arn = match &role.arn {
        Err(why) => return vec![unknown(name, why)],
        Ok(None) => {
            let remedy = "create it with the policies of EKS nodes, or correct spec.role of the EC2NodeClass";
            return vec![Check::new(name, Judgement::Failure, "there is no such role", remedy)];
        }
        Ok(Some(arn)) => arn,
    };
    let subject = format!("access of {}", role.name);
    let entry = match (mode, &role.entry) {
        (Some("CONFIG_MAP"), _) => Check::new(
            subject,
            Judgement::Warning,
            "the cluster has no access entries",
            format!(
                "see that the config map aws-auth has {arn}, or set the authentication mode to API_AND_CONFIG_MAP"
            ),
        ),
        (_, Err(why)) => unknown(subject, why),
        (_, Ok(Some(kind))) if kind == NODE_ENTRY => Check::ok(subject, format!("access entry {kind}")),
        (_, Ok(Some(kind))) => Check::new(
            subject,
            Judgement::Failure,
            format!("access entry {kind}"),
            format!("delete it and create one of type {NODE_ENTRY}: others do not let nodes join"),
        ),
        (_, Ok(None)) => Check::new(
            subject,
            Judgement::Failure,
            "no access entry",
            format!("nodes cannot join: create one of type {NODE_ENTRY} for {arn}, or --fix"),
        ),
    };
    vec![Check::ok(name, arn), entry]
}

/// Whether the CRDs are there.
pub(super) fn kinds(looked: &Looked<Vec<String>>) -> Check {
    match looked {
        Err(why) => unknown("CRDs", why),
        Ok(missing) if missing.is_empty() => Check::ok("CRDs", "all are served"),
        Ok(missing) => Check::new(
            "CRDs",
            Judgement::Failure,
            format!("not served: {}", missing.join(", ")),
            "joiner crds | kubectl apply --server-side -f -",
        ),
    }
}

/// Whether the functions' group may do what they do.
pub(super) fn rights(looked: &Looked<Vec<String>>) -> Check {
    let missing = match looked {
        Err(why) => return unknown("rights of the functions", why),
        Ok(missing) => missing,
    };
    if missing.is_empty() {
        return Check::ok("rights of the functions", "all are granted to the group joiner-writer");
    }
    let mut found = missing.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("; ");
    if missing.len() > MOST_NAMED {
        found = format!("{found}; and {} more", missing.len() - MOST_NAMED);
    }
    let remedy = "kubectl apply -k infra/kubernetes";
    Check::new("rights of the functions", Judgement::Failure, format!("not granted: {found}"), remedy)
}
