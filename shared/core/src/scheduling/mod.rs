//! Provisioning: which pending pods fit on what is there, and which machines do the others need?
//!
//! Reading order: [`plan`] (the answer), [`reason`] (every "no").

pub mod plan;
pub mod reason;
