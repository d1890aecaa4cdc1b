//! The cluster ports over the Kubernetes API: reads that stay warm between invocations, writes with
//! preconditions, and a watch that says what someone should look at. Nothing here decides about nodes.
//!
//! Modules in reading order:
//!
//! - [`connect`], [`token`]: how the API server is reached, and as whom;
//! - `wire`, `failure`: one request and its answer, sorted by what the caller does next;
//! - `resource`, `kinds`: what the kinds are called, and how each is read;
//! - `read`: lists, shelves that follow by watch, the snapshot and the machine;
//! - `write`: claims, nodes, pools, classes, pods and events;
//! - [`watch`]: the relay's source of messages;
//! - [`access`]: which rights all of it needs.

pub mod access;
pub mod connect;
pub mod token;
pub mod watch;

mod cluster;
mod failure;
mod kinds;
mod read;
mod resource;
mod wire;
mod write;

pub use access::AccessRule;
pub use cluster::KubeCluster;
pub use connect::{ConnectError, KubeEndpoint};
pub use token::{BearerToken, TokenSource};
pub use watch::{Checkpoint, Noticed, WatchSource};
