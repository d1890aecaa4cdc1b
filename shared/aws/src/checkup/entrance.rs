//! Is there the role of nodes, and may who has it join the cluster?

use super::CheckupError;
use crate::{Clients, ClusterFacts};

/// Type of the access entry of Linux nodes.
pub const NODE_ENTRY: &str = "EC2_LINUX";

/// ARN of a role; none if there is no such role.
///
/// # Errors
/// The question came to nothing.
pub async fn role(clients: &Clients, name: &str) -> Result<Option<String>, CheckupError> {
    match clients.iam().get_role().role_name(name).send().await {
        Ok(answer) => Ok(answer.role.map(|role| role.arn)),
        Err(error) => CheckupError::of("iam:GetRole", error).or_absent(&["NoSuchEntity"]),
    }
}

/// Type of the access entry of a role, such as `EC2_LINUX`; none if it has none.
///
/// # Errors
/// The question came to nothing.
pub async fn entry(
    clients: &Clients,
    facts: &ClusterFacts,
    role_arn: &str,
) -> Result<Option<String>, CheckupError> {
    let call = clients.eks().describe_access_entry().cluster_name(facts.name.as_str());
    match call.principal_arn(role_arn).send().await {
        Ok(answer) => Ok(answer.access_entry.and_then(|entry| entry.r#type)),
        Err(error) => {
            CheckupError::of("eks:DescribeAccessEntry", error).or_absent(&["ResourceNotFoundException"])
        }
    }
}

/// Lets nodes with a role join the cluster.
///
/// # Errors
/// It was not done; above all when the role has an entry already.
pub async fn admit_nodes(
    clients: &Clients,
    facts: &ClusterFacts,
    role_arn: &str,
) -> Result<(), CheckupError> {
    let call = clients.eks().create_access_entry().cluster_name(facts.name.as_str());
    let answer = call.principal_arn(role_arn).r#type(NODE_ENTRY).send().await;
    answer.map(drop).map_err(|error| CheckupError::of("eks:CreateAccessEntry", error))
}
