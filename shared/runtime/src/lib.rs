//! What every function shares: configuration, ports, logs, metrics, and the loop that serves events.
//!
//! Nothing here decides about machines; it carries events to the use cases and what they did to where people look.
//! Modules in reading order:
//!
//! - [`config`]: how the deployment is set up;
//! - `serve`: from start to answer; `deadline`: how much time is left;
//! - [`record`], `batch`: what a queue asks for, and each of it answered alone;
//! - [`relay`]: cluster events into messages;
//! - `deployment`, `kube_access`, `ports`, `outlet`: the way to each cluster, and how messages leave;
//! - [`local`]: all of it in one process;
//! - `observe`, `fact_lines`, [`logs`], [`metrics`]: what was done, for people and alarms.

pub mod config;
pub mod local;
pub mod logs;
pub mod metrics;
pub mod record;
pub mod relay;

mod batch;
mod deadline;
mod deployment;
mod fact_lines;
mod kube_access;
mod observe;
mod outlet;
mod ports;
mod serve;

pub use config::{ClusterConfig, Config, SettingProblems};
pub use joiner_ports::Duty;
pub use kube_access::connect;
pub use serve::run;
