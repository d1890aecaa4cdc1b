//! Provisioning: which pending pods fit on what is there, and which machines do the others need?
//!
//! Reading order: [`plan`] (the answer), [`reason`] (every "no"), then the working forms: interned values and
//! sets, bit rows.

pub mod plan;
pub mod reason;

mod bits;
mod sets;
mod values;
