//! Kubernetes shapes: what users and the API server write, read into values and checked.
//!
//! This crate knows the wire: custom resources, manifests, defaults, validation. It never talks to a cluster and
//! never decides anything about nodes; that is the core's work, and the core knows nothing of this crate.

pub mod crd;
pub mod read;
