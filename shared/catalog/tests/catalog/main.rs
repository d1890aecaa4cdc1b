//! The catalog from the outside: reading, deriving, reporting, and the recorded outcomes.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test, in its helpers too")]

mod derivation;
mod golden_types;
mod offerings;
mod reading;
mod reporting;
mod support;
