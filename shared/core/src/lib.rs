//! The pure decision core: what to launch, what to remove, and why not.
//!
//! Values in, decisions and reasons out. Nothing here reads a clock, a file or a socket, draws chance,
//! or waits: time and names are arguments. Modules in reading order:
//!
//! - [`model`]: the nouns (pods, nodes, pools, instance types) and the algebra of requirements.
//! - [`scheduling`]: provisioning, from a snapshot to a plan. [`batch`] says when, [`in_flight`] what to assume of
//!   machines that have not answered yet.
//! - [`machine`], [`condition`], [`eviction`]: one machine, what is written of it, what may leave it.
//! - [`lifecycle`], [`termination`]: the next step of a claim, from launch to usable and from deletion to gone.
//! - [`interruption`]: what EC2 announces about a machine. [`readiness`]: what pools and classes say of themselves.
//! - [`drift`], [`consistency`]: whether a machine matches its pool and class, and its node what was launched.
//! - [`disruption`]: which nodes may be taken away, and what keeps the others.

pub mod batch;
pub mod condition;
pub mod consistency;
pub mod disruption;
pub mod drift;
pub mod eviction;
pub mod in_flight;
pub mod interruption;
pub mod lifecycle;
pub mod machine;
pub mod model;
pub mod readiness;
pub mod scheduling;
pub mod termination;

#[cfg(test)]
mod samples;
