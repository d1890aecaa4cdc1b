//! The cloud, catalog, store and queue ports over AWS.
//!
//! Nothing here decides. Each module speaks to one service, sorts its errors by the caller's next move, and names
//! the IAM actions it needs as `ACTIONS`. Modules in reading order:
//!
//! - [`config`], [`client`]: how AWS is reached, and with which clients.

pub mod client;
pub mod config;

pub use client::{Clients, ClusterFacts, ServiceNetwork};
pub use config::{AwsSettings, ClusterRole, Credentials};
