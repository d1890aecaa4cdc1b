//! What the provisioning pass promises, held by scripts of a few lines, an auditor and random worlds.

#[path = "../support/mod.rs"]
mod support;

mod affinity;
mod basics;
mod claims;
mod daemons;
mod deleting;
mod existing;
mod explain;
mod host_spread;
mod limits;
mod market;
mod min_values;
mod pools;
mod preferences;
mod properties;
mod requirements;
mod spread;
mod volumes;
