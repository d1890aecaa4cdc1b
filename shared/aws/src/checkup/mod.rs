//! Is there all that a deployment needs? Questions of the check-up and the few repairs it makes; nothing here judges.
//!
//! - [`network`]: subnets and the cluster's security group, and their discovery tags;
//! - [`entrance`]: the role of nodes and its way into the cluster;
//! - [`stack`]: the table and the queues.

pub mod entrance;
pub mod network;
pub mod stack;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use joiner_ports::BoxError;

use crate::ec2::failure::Ec2Failure;

/// What the check-up asks, as whoever calls it; no function needs these.
pub const ACTIONS: &[&str] = &[
    "dynamodb:DescribeTable",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "eks:DescribeAccessEntry",
    "eks:DescribeCluster",
    "iam:GetRole",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "ssm:GetParameter",
];
/// What its repairs ask besides.
pub const REPAIR_ACTIONS: &[&str] =
    &["ec2:CreateTags", "eks:CreateAccessEntry", "eks:TagResource", "iam:PassRole"];

/// The tag that subnets and security groups are found by; its value is the name of the cluster.
pub const DISCOVERY_TAG: &str = "karpenter.sh/discovery";

/// A question or a repair that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CheckupError {
    /// AWS says no.
    #[error("AWS refuses {action}: {code}: {message}")]
    Refused {
        /// The IAM action.
        action: &'static str,
        /// Machine-readable.
        code: String,
        /// For people.
        message: String,
    },
    /// There was no answer.
    #[error("AWS does not answer {action}")]
    Unanswered {
        /// The IAM action.
        action: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
}

impl CheckupError {
    fn of<E, R>(action: &'static str, error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match Ec2Failure::of(error) {
            Ec2Failure::Refused { code, message } => CheckupError::Refused { action, code, message },
            Ec2Failure::Throttled => CheckupError::Unanswered { action, source: "too many requests".into() },
            Ec2Failure::Unanswered(source) => CheckupError::Unanswered { action, source },
        }
    }

    /// Nothing instead of a refusal that says there is no such thing.
    fn or_absent<T>(self, codes: &[&str]) -> Result<Option<T>, Self> {
        match self {
            CheckupError::Refused { code, .. } if codes.contains(&code.as_str()) => Ok(None),
            other => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_that_says_so_means_absence() {
        let refused = |code: &str| CheckupError::Refused {
            action: "iam:GetRole",
            code: code.to_owned(),
            message: "no".to_owned(),
        };
        assert!(matches!(refused("NoSuchEntity").or_absent::<()>(&["NoSuchEntity"]), Ok(None)));
        let denied = refused("AccessDenied").or_absent::<()>(&["NoSuchEntity"]).unwrap_err();
        assert_eq!(denied.to_string(), "AWS refuses iam:GetRole: AccessDenied: no");
    }
}
