//! What every function shares: configuration, ports, logs, metrics, and the loop that serves events.
//!
//! Modules in reading order:
//!
//! - [`config`]: how the deployment is set up.

pub mod config;

pub use config::{ClusterConfig, Config, SettingProblems};
