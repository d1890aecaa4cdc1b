//! The cloud, catalog, store and queue ports over AWS.
//!
//! Nothing here decides. Each module speaks to one service, sorts its errors by the caller's next move, and names
//! the IAM actions it needs as `ACTIONS`. Modules in reading order:
//!
//! - [`config`], [`client`]: how AWS is reached, and with which clients.
//! - [`store`]: what outlives an invocation;
//! - [`queue`], [`bus`]: messages to later invocations, and hints from outside;
//! - [`events`]: what EC2 announces;
//! - [`eks`]: what is known of a cluster, and who we are to it;
//! - [`catalog`]: which instance types can be bought;
//! - [`class`]: what a class leads to;
//! - [`ec2`]: machines: launching, listing, tagging and ending them;
//! - [`checkup`]: whether all that is needed is there;
//! - [`actions`]: what a function is allowed to do.

pub mod actions;
pub mod bus;
pub mod catalog;
pub mod checkup;
pub mod class;
pub mod client;
pub mod config;
pub mod ec2;
pub mod eks;
pub mod events;
mod expiring;
pub mod queue;
pub mod store;

pub use bus::EventBus;
pub use catalog::{CatalogRefresh, CatalogSettings, CatalogShelf, Ec2Catalog};
pub use class::ClassMemory;
pub use client::{Clients, ClusterFacts, ServiceNetwork};
pub use config::{AwsAccess, ClusterRole, Credentials};
pub use ec2::Ec2Cloud;
pub use eks::{ClusterToken, ClusterTokens, TokenError};
pub use queue::{QueueUrls, SqsQueue};
pub use store::DynamoStore;
