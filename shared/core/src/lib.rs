//! The pure decision core: what to launch, what to remove, and why not.
//!
//! Values in, decisions and reasons out. Nothing here reads a clock, a file or a socket, draws chance,
//! or waits: time and names are arguments. Modules in reading order:
//!
//! - [`model`]: the nouns (pods, nodes, pools, instance types) and the algebra of requirements.
//! - [`scheduling`]: provisioning, from a snapshot to a plan.

pub mod model;
pub mod scheduling;
