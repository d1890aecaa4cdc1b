//! What does EKS know of a cluster, and how do we show the cluster who we are?
//!
//! - [`facts`]; what DescribeCluster says.
//! - [`token`]: a signed request that the API server passes on to find out who calls.

pub mod facts;
pub mod token;

pub use facts::describe;
pub use token::{ClusterToken, ClusterTokens, TokenError};

/// IAM actions on the cluster. A token needs none: everybody may ask who they are.
pub const ACTIONS: &[&str] = &["eks:DescribeCluster"];
