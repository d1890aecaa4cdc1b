//! The catalog from the outside: reading, deriving, reporting, and the recorded outcomes.

mod derivation;
mod golden_types;
mod offerings;
mod reading;
mod reporting;
mod support;
